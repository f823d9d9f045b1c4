"""Reads and writes contents in bulk, and makes a tree out of another one and a few edits. No files, no refs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from boocoder.errors import GitError
from boocoder.git.command import OUTPUT_MAX_BYTES
from boocoder.git.diff.tree_diff import NO_MODE
from boocoder.git.refs import check_id
from boocoder.git.shadow.objects import ShadowGit
from boocoder.git.shadow.private_index import temporary_index


@dataclass(frozen=True, slots=True)
class TreeEdit:
    """What a path of a tree shall be.

    Args:
        path: its bytes, relative to the root.
        mode: as git writes it; "000000" takes the path away.
        id: of its content; of no meaning where it is taken away.
    """

    path: bytes
    mode: str
    id: str


async def read_blobs(shadow: ShadowGit, ids: Iterable[str], *, max_bytes: int = OUTPUT_MAX_BYTES) -> dict[str, bytes]:
    """The contents of blobs.

    Args:
        ids: full ids.
        max_bytes: of all contents together.

    Raises:
        GitError: `object_missing`, or `git_output_too_large`.
    """
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    stdin = "".join(f"{one}\n" for one in wanted).encode()
    answer = await shadow("cat-file", "--batch", "--buffer", stdin=stdin, max_bytes=max_bytes)
    found: dict[str, bytes] = {}
    at = 0
    for one in wanted:
        end = answer.index(b"\n", at)
        about = answer[at:end].split(b" ")
        if about[1:2] != [b"blob"]:
            raise GitError("object_missing", f"The content {one} is not in the repository: {answer[at:end]!r}.")
        size = int(about[2])
        found[one] = answer[end + 1 : end + 1 + size]
        at = end + size + 2
    return found


async def write_blobs(shadow: ShadowGit, contents: Sequence[bytes]) -> list[str]:
    """Write contents and return their ids, in the same order.

    Raises:
        GitError: git failed.
    """
    match contents:
        case []:
            return []
        case [content]:
            written = await shadow("hash-object", "-w", "--no-filters", "--stdin", stdin=content)
        case _:
            written = await shadow("fast-import", "--quiet", "--done", stdin=_import_stream(contents))
    return [check_id(one) for one in written.decode("ascii").split()]


def _import_stream(contents: Sequence[bytes]) -> bytes:
    blobs = [b"blob\nmark :%d\ndata %d\n%s\n" % (mark, len(one), one) for mark, one in enumerate(contents, 1)]
    asked = [b"get-mark :%d\n" % mark for mark in range(1, len(contents) + 1)]
    return b"".join((*blobs, *asked, b"done\n"))


async def build_tree(shadow: ShadowGit, base_tree: str, edits: Sequence[TreeEdit]) -> str:
    """The id of a tree that is `base_tree` but for the edits.

    Args:
        base_tree: id of a tree.
        edits: one a path, in any order. A file may take the place of a directory, or the other way round, if edits
            take away what stood there.

    Raises:
        GitError: a file and a directory would have the same path, or git failed.
    """
    if not edits:
        return base_tree
    gone = b"".join(b"0 %s\t%s\0" % (b"0" * len(base_tree), edit.path) for edit in edits if edit.mode == NO_MODE)
    put = b"".join(
        b"%s %s 0\t%s\0" % (edit.mode.encode(), edit.id.encode(), edit.path) for edit in edits if edit.mode != NO_MODE
    )
    with temporary_index(shadow.git_dir) as index:
        await shadow("read-tree", check_id(base_tree), index=index)
        await shadow("update-index", "-z", "--add", "--index-info", index=index, stdin=gone + put)
        return (await shadow("write-tree", index=index)).decode().strip()
