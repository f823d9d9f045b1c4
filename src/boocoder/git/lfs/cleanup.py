"""Gives disk space back that contents of Git LFS take which no snapshot, change or worktree names any more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from boocoder.git.lfs.pointer import POINTER_MAX_BYTES, parse_pointer
from boocoder.git.lfs.store import content_path
from boocoder.git.refs import list_refs, read_ref
from boocoder.git.shadow.objects import PACK_TIMEOUT_S, ShadowGit, read_blobs

UNUSED_S = 24 * 3600.0  # a snapshot that is being taken has its contents before its ref; none takes that long
_BLOBS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class ContentCleanup:
    """What a cleanup deleted.

    Args:
        files: how many contents.
        size_bytes: of all of them; a content that the user's store has, too, gives no space back.
    """

    files: int = 0
    size_bytes: int = 0


async def clean_contents(shadow: ShadowGit, trees: Iterable[str], *, unused_s: float = UNUSED_S) -> ContentCleanup:
    """Delete contents that neither a ref of the shadow repository nor one of the trees names.

    Args:
        trees: that rows of the database name, all of them here.
        unused_s: how long a content has to be there before it is deleted.

    Raises:
        GitError: git failed, or an object of a tree is missing; nothing was deleted.
    """
    if shadow.contents is None or not shadow.contents.is_used:
        return ContentCleanup()
    root, before = shadow.contents.root, time.time() - unused_s
    unused = {path.name for path in await asyncio.to_thread(list, _contents_before(root, before))}
    kept = [name for ref in list_refs(shadow.git_dir) if (name := read_ref(shadow.git_dir, ref)) is not None]
    if unused:
        unused -= await _named(shadow, [*dict.fromkeys((*kept, *trees))])
    return await asyncio.to_thread(_delete, root, unused, before)


def _contents_before(root: Path, before: float) -> Iterator[Path]:
    """The contents that were last linked, written or reused before a time."""
    for path in root.glob("objects/??/??/*"):
        with suppress(FileNotFoundError):
            if path.lstat().st_ctime < before:
                yield path


async def _named(shadow: ShadowGit, trees: Sequence[str]) -> set[str]:
    """The contents to which a file of the trees is a pointer."""
    listed = await shadow(
        "rev-list", "--objects", "--no-object-names", f"--filter=blob:limit={POINTER_MAX_BYTES}",
        "--no-walk=unsorted", "--stdin",
        stdin="".join(f"{one}\n" for one in trees).encode(), timeout_s=PACK_TIMEOUT_S,
    )  # fmt: skip
    check = ("cat-file", "--batch-check=%(objecttype) %(objectname) %(objectsize)", "--buffer")
    found = [line.split(b" ") for line in (await shadow(*check, stdin=listed, timeout_s=PACK_TIMEOUT_S)).splitlines()]
    small = [one[1].decode() for one in found if one[0] == b"blob" and int(one[2]) < POINTER_MAX_BYTES]
    named: set[str] = set()
    for start in range(0, len(small), _BLOBS_AT_ONCE):
        contents = (await read_blobs(shadow, small[start : start + _BLOBS_AT_ONCE])).values()
        named |= {pointer.oid for content in contents if (pointer := parse_pointer(content)) is not None}
    return named


def _delete(root: Path, oids: Iterable[str], before: float) -> ContentCleanup:
    files = size = 0
    for oid in oids:
        path = content_path(root, oid)
        with suppress(FileNotFoundError):
            found = path.lstat()
            if found.st_ctime < before:  # not reused in the meantime
                path.unlink()
                files, size = files + 1, size + found.st_size
    return ContentCleanup(files, size)
