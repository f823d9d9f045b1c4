"""Removes worktrees, also those that earlier versions linked to the user's repository.

In the user's git directory it deletes `worktrees/<name>` and nothing else.
"""

from __future__ import annotations

import asyncio
import fcntl
import glob
import os
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from boocoder.errors import GitError
from boocoder.model.ids import new_id
from boocoder.net.backoff import jittered

LOCK_WAIT_S = 60.0  # a hundred others, each holding it for milliseconds, and one on a slow disk
LOCK_POLL_S = 0.01  # shorter than one removal


@asynccontextmanager
async def common_dir_lock(common_dir: Path) -> AsyncIterator[None]:
    """Hold the one lock of a repository's worktree list, among all boocoder processes.

    The directory itself is locked, so that no file is left in it.

    Raises:
        GitError: `worktree_lock_timeout`, after LOCK_WAIT_S.
    """
    fd = os.open(common_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        await _lock(fd, common_dir)
        yield
    finally:
        os.close(fd)


async def _lock(fd: int, common_dir: Path) -> None:
    deadline = time.monotonic() + LOCK_WAIT_S
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise GitError(
                    "worktree_lock_timeout",
                    f"The lock of {common_dir} was held by another process for {LOCK_WAIT_S:g} s.",
                    "End other boocoder processes that work on this repository.",
                ) from None
            await asyncio.sleep(jittered(LOCK_POLL_S, spread=0.5))
        else:
            return


async def remove_linked(common_dir: Path, path: Path, *, files: bool = True) -> None:
    """Remove a worktree's files, and its admin directory if it is a linked one of the user's, as far as they exist.

    Args:
        files: else the admin directory alone.
    """
    if files:
        trash = path.with_name(f".{path.name}-{new_id().hex}")
        if path.is_symlink():
            path.unlink()
        with suppress(FileNotFoundError):
            path.rename(trash)
    if common_dir.is_dir() and (common_dir / "worktrees").is_dir():
        async with common_dir_lock(common_dir):
            _forget(common_dir, path)
    if files:
        for left in path.parent.glob(f".{glob.escape(path.name)}-*"):  # of this and of a removal that was killed
            await asyncio.to_thread(remove_files, left)


def remove_files(path: Path) -> None:
    """Delete a tree, also where the agent took write permission from directories. Harmless if there is none."""
    if path.is_symlink():
        path.unlink()
    shutil.rmtree(path, ignore_errors=True)
    if path.exists():
        for folder, _, _ in os.walk(path):
            Path(folder).chmod(0o700)
        shutil.rmtree(path, ignore_errors=True)


def _forget(common_dir: Path, path: Path) -> None:
    """Delete the admin directory of a worktree, whole or half made, and nothing that an agent could redirect us to."""
    parent = common_dir / "worktrees"
    for admin in _entries(parent):
        gitdir_text = _gitdir_of(admin)
        half_made = gitdir_text is None and _numbered(admin.name, path.name)
        if gitdir_text == path / ".git" or half_made:
            shutil.rmtree(admin, ignore_errors=True)
    with suppress(OSError):  # others are left in it, or it is gone
        parent.rmdir()


def admin_of(common_dir: Path, path: Path) -> Path | None:
    """The admin directory of a worktree, however an agent changed the `.git` in it."""
    return next((admin for admin in _entries(common_dir / "worktrees") if _gitdir_of(admin) == path / ".git"), None)


def _entries(parent: Path) -> list[Path]:
    if parent.is_symlink():
        return []
    try:
        with os.scandir(parent) as entries:
            return [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def _gitdir_of(admin: Path) -> Path | None:
    try:
        gitdir_text = (admin / "gitdir").read_bytes().decode("utf-8", "surrogateescape").strip()
    except OSError:
        return None
    return admin / gitdir_text if gitdir_text else None


def _numbered(name: str, wanted: str) -> bool:
    """Whether git may have named the admin directory so: the worktree's name, with a number if that was taken."""
    return name == wanted or (name.startswith(wanted) and name[len(wanted) :].isdigit())
