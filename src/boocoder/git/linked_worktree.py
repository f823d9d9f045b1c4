"""Adds and removes linked worktrees of the user's repository.

In the user's git directory it writes `worktrees/<name>` and nothing else: no ref, no branch, no configuration.
"""

from __future__ import annotations

import asyncio
import fcntl
import glob
import os
import random
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from boocoder.errors import Conflict, GitError
from boocoder.git.command import Git
from boocoder.git.project import WORKTREE_MARK, Checkout
from boocoder.model.ids import new_id

LOCK_WAIT_S = 60.0  # a hundred others, each holding it for milliseconds, and one on a slow disk
LOCK_POLL_S = 0.01  # shorter than one `git worktree add`
ADD_TRIES = 4  # the user's own git takes no lock of ours: one add in a hundred meets it
RETRY_PAUSE_S = 0.05  # doubled with every try; jitter up to as much again


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
            await asyncio.sleep(LOCK_POLL_S * (0.5 + random.random()))
        else:
            return


async def add_linked(git: Git, checkout: Checkout, path: Path, commit: str) -> Path:
    """Add a linked worktree without files at `path`.

    Args:
        git: runs in the user's repository.
        path: does not exist, or is an empty directory.
        commit: full id of the commit that its HEAD is detached at.

    Returns:
        Its admin directory.

    Raises:
        Conflict: `worktree_path_taken`.
        GitError: git refused every time.
    """
    if os.path.lexists(path) and not _is_empty_directory(path):
        raise Conflict("worktree_path_taken", f"There is something at {path} already.")
    path.parent.mkdir(parents=True, exist_ok=True)
    for number in range(1, ADD_TRIES + 1):
        try:
            async with common_dir_lock(checkout.common_dir):
                return await _add(git, checkout, path, commit)
        except GitError as error:
            if number == ADD_TRIES or error.code == "worktree_lock_timeout":
                raise
        await asyncio.sleep(RETRY_PAUSE_S * 2**number * (1 + random.random()))
    raise AssertionError("unreachable")


async def _add(git: Git, checkout: Checkout, path: Path, commit: str) -> Path:
    whole = False
    try:
        await git("worktree", "add", "--quiet", "--detach", "--no-checkout", "--", str(path), commit)
        admin = admin_of(checkout.common_dir, path)
        if admin is None:
            raise GitError("worktree_lost", f"git added the worktree {path}, and it was gone at once.")
        (admin / WORKTREE_MARK).write_bytes(b"made by boocoder for a session\n")
        whole = True
        return admin
    finally:
        if not whole:
            _forget(checkout.common_dir, path)
            shutil.rmtree(path, ignore_errors=True)


async def remove_linked(common_dir: Path, path: Path) -> None:
    """Remove a worktree's files and its admin directory, as far as they still exist."""
    trash = path.with_name(f".{path.name}-{new_id().hex}")
    if path.is_symlink():
        path.unlink()
    with suppress(FileNotFoundError):
        path.rename(trash)
    if common_dir.is_dir():
        async with common_dir_lock(common_dir):
            _forget(common_dir, path)
    for left in path.parent.glob(f".{glob.escape(path.name)}-*"):  # of this and of a removal that was killed
        await asyncio.to_thread(_delete, left)


def _delete(path: Path) -> None:
    """Delete a tree, also where the agent took write permission from directories."""
    shutil.rmtree(path, ignore_errors=True)
    if path.exists():
        for folder, _, _ in os.walk(path):
            Path(folder).chmod(0o700)
        shutil.rmtree(path, ignore_errors=True)


def _forget(common_dir: Path, path: Path) -> None:
    """Delete the admin directory of a worktree, whole or half made, and nothing that an agent could redirect us to."""
    parent = common_dir / "worktrees"
    for admin in _entries(parent):
        told = _gitdir_of(admin)
        half_made = told is None and _numbered(admin.name, path.name)
        if told == path / ".git" or half_made:
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
        told = (admin / "gitdir").read_bytes().decode("utf-8", "surrogateescape").strip()
    except OSError:
        return None
    return admin / told if told else None


def _numbered(name: str, wanted: str) -> bool:
    """Whether git may have named the admin directory so: the worktree's name, with a number if that was taken."""
    return name == wanted or (name.startswith(wanted) and name[len(wanted) :].isdigit())


def _is_empty_directory(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and not any(path.iterdir())
