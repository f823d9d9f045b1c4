"""Locks the user's index, reads what is staged, and writes the entries of a new commit.

The lock is git's own `index.lock`. Its content names the apply that took it, so a leftover of a crash is recognised.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from boocoder.errors import Conflict, GitError
from boocoder.git.diff.merge import ConflictKind
from boocoder.git.diff.merge import MergeConflict as FileConflict
from boocoder.git.diff.tree_diff import NO_MODE, ChangedFile
from boocoder.git.project import Checkout, user_git
from boocoder.git.shadow.objects import ShadowGit
from boocoder.model.ids import new_id
from boocoder.net.backoff import jittered

LOCK_WAIT_S = 10.0  # a commit of a large repository; a rebase holds it from step to step only
LOCK_POLL_S = 0.05
MARK = b"boocoder "  # our lock begins so, an index does not


@dataclass(frozen=True, slots=True)
class StagedEntry:
    """A path whose entry in the index is not what HEAD has; `mode` is NO_MODE where it was removed."""

    path: bytes
    mode: str
    id: str
    unmerged: bool


@asynccontextmanager
async def index_lock(checkout: Checkout, name: str, wait_s: float = LOCK_WAIT_S) -> AsyncIterator[None]:
    """Hold the index against every other git command.

    Args:
        name: whose lock it is; one of the same name that a death left is taken over.
        wait_s: how long another git may hold it.

    Raises:
        Conflict: index_locked.
    """
    path = checkout.git_dir / "index.lock"
    drop_dead_lock(checkout, name)
    deadline = time.monotonic() + wait_s
    while not _take(path, name):
        if time.monotonic() > deadline:
            raise Conflict(
                "index_locked",
                f"Another git command holds {path}; nothing was touched.",
                "Wait for it to end. If none runs, one died: delete that file, then try again.",
            )
        await asyncio.sleep(jittered(LOCK_POLL_S, spread=0.5))
    try:
        yield
    finally:
        drop_dead_lock(checkout, name)


def _take(path: Path, name: str) -> bool:
    """Make the lock, with its mark in it from the first moment on."""
    mine = path.with_name(f"boocoder-{name}.mark")
    mine.write_bytes(MARK + name.encode() + b"\n")
    try:
        os.link(mine, path)
    except FileExistsError:
        return False
    finally:
        mine.unlink(missing_ok=True)
    return True


def drop_dead_lock(checkout: Checkout, name: str) -> None:
    """Release the lock of this name, also one that a crashed process left."""
    path = checkout.git_dir / "index.lock"
    with suppress(FileNotFoundError):
        if path.stat().st_size < 200 and path.read_bytes() == MARK + name.encode() + b"\n":
            path.unlink()
    for left in checkout.git_dir.glob(f"boocoder-{name}*"):
        left.unlink(missing_ok=True)


async def staged_entries(checkout: Checkout, tree: str) -> list[StagedEntry]:
    """What the user's index holds otherwise than a tree."""
    listed = await user_git(checkout)(
        "diff-index", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev", "--ignore-submodules=none", tree
    )
    fields = listed.split(b"\0")
    found: list[StagedEntry] = []
    for about, path in zip(fields[::2], fields[1::2], strict=False):
        _, mode, _, name, status = about.decode().split(" ")
        found.append(StagedEntry(path, mode, name, status.startswith("U")))
    return found


def staged_conflicts(staged: Sequence[StagedEntry], files: Sequence[ChangedFile]) -> list[FileConflict]:
    """What the user has staged where a commit changes something; the same content staged is none."""
    wanted = {file.path: file for file in files}
    above = {parent for file in files if file.new_mode != NO_MODE for parent in _parents(file.path)}
    found: list[FileConflict] = []
    for one in staged:
        file = wanted.get(one.path)
        same = file is not None and (one.mode, one.id) == (file.new_mode, file.new_id) and not one.unmerged
        below = any(parent in wanted and wanted[parent].new_mode != NO_MODE for parent in _parents(one.path))
        blocked = one.mode != NO_MODE and (below or one.path in above)
        if (file is not None and not same) or blocked:
            found.append(FileConflict(one.path, ConflictKind.STAGED, "has staged edits of yours"))
    return found


def _parents(path: bytes) -> list[bytes]:
    parts = path.split(b"/")
    return [b"/".join(parts[:count]) for count in range(1, len(parts))]


async def prepare_index(shadow: ShadowGit, checkout: Checkout, files: Sequence[ChangedFile], name: str) -> Path:
    """Make the index as it is after a commit of `files`, beside the user's; call it with the lock held.

    All other entries stay as they are. The shadow repository writes it: with the user's configuration git would run
    a filter on files whose times are as new as the index.

    Raises:
        GitError: the index cannot be read.
    """
    fresh = checkout.git_dir / f"boocoder-{name}-{new_id().hex}.index"  # a dead one's git may still write its own
    with suppress(FileNotFoundError):
        shutil.copy2(checkout.git_dir / "index", fresh)
    entries = b"".join(
        b"%s %s\t%s\0" % (b"0" if file.new_mode == NO_MODE else file.new_mode.encode(), file.new_id.encode(), file.path)
        for file in sorted(files, key=lambda one: one.new_mode != NO_MODE)  # what goes makes room for what comes
    )
    with _shared_indexes(shadow, checkout):
        args = ("update-index", "--add", "--replace", "-z", "--index-info")
        await shadow(*args, work_tree=checkout.root, index=fresh, stdin=entries)
    return fresh


@contextmanager
def _shared_indexes(shadow: ShadowGit, checkout: Checkout) -> Iterator[None]:
    """Let the shadow repository read both parts of a split index (git-update-index, SPLIT INDEX)."""
    copied = [shadow.git_dir / shared.name for shared in checkout.git_dir.glob("sharedindex.*")]
    try:
        for target in copied:
            shutil.copy2(checkout.git_dir / target.name, target)
        yield
    finally:
        for target in copied:
            target.unlink(missing_ok=True)


async def place_index(shadow: ShadowGit, checkout: Checkout, fresh: Path) -> None:
    """Put a prepared index in place of the user's at once, with what is known of the files on disk."""
    with suppress(GitError):  # it only saves the next `git status` some work
        await shadow.result("update-index", "-q", "--refresh", work_tree=checkout.root, index=fresh)
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    fresh.replace(checkout.git_dir / "index")
