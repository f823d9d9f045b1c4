"""Reads what of the user's repository an agent could change beside its files: references, stash, settings, hooks."""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from boocoder.git.project import Checkout, user_git
from boocoder.git.user.commit import contains

_WATCHED_REFS = ("refs/heads", "refs/tags", "refs/notes", "refs/stash")  # a fetch in the background moves refs/remotes
_WATCHED_FILES = ("config", "config.worktree", "info/attributes", "info/exclude")
REFERENCE_FILES_MAX = 2_000  # more are read by git, which takes as long
FileSignatures = dict[str, tuple[int, int, int, int]]
"""Path -> inode, times of content and inode (ns), size in bytes."""
FILE_MAX_BYTES = 1024 * 1024  # a configuration has a few kB


class ReferenceWatch:
    """Reads the state of one repository again and again; git starts only where a file of its references has changed."""

    def __init__(self) -> None:
        self._files: FileSignatures | None = None
        self._references: Mapping[str, str] = {}

    async def state(self, checkout: Checkout, *, timeout_s: float) -> Mapping[str, str]:
        """Name of a reference, file or hook -> a text that differs when it differs.

        Args:
            timeout_s: of git.

        Raises:
            GitError: git failed.
        """
        files = await asyncio.to_thread(_reference_files, checkout.common_dir)  # before git reads them
        if files is None or files != self._files:
            self._references = await _references(checkout, timeout_s)
            self._files = files
        return {**self._references, **_files(checkout)}


async def _references(checkout: Checkout, timeout_s: float) -> Mapping[str, str]:
    printed = await user_git(checkout)(
        "for-each-ref", "--format=%(refname)%00%(objectname)", *_WATCHED_REFS, timeout_s=timeout_s
    )
    lines = printed.decode("utf-8", "replace").splitlines()
    return {name: id_ for name, _, id_ in (line.partition("\0") for line in lines)}


def _reference_files(common_dir: Path) -> FileSignatures | None:
    """The files that hold the watched references; None where they are no such files, or too many to look at.

    git replaces such a file by another one, so that a new content is a new inode or another time.
    """
    if os.path.lexists(common_dir / "reftable"):
        return None
    found: FileSignatures = {}
    waiting = [common_dir / "packed-refs", *(common_dir / name for name in _WATCHED_REFS)]
    while waiting:
        path = waiting.pop()
        try:
            seen = path.lstat()
            if stat.S_ISDIR(seen.st_mode):
                waiting.extend(path.iterdir())
            elif stat.S_ISREG(seen.st_mode):
                found[str(path)] = (seen.st_ino, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_size)
            else:
                return None
        except FileNotFoundError:
            continue
        except OSError:
            return None
        if len(found) + len(waiting) > REFERENCE_FILES_MAX:
            return None
    return found


def _files(checkout: Checkout) -> dict[str, str]:
    state = {name: _digest(checkout.common_dir / name) for name in _WATCHED_FILES}
    state["HEAD"] = _digest(checkout.git_dir / "HEAD")
    with suppress(OSError):
        for hook in sorted((checkout.common_dir / "hooks").iterdir()):
            state[f"hooks/{hook.name}"] = _digest(hook)
    return state


def _digest(path: Path) -> str:
    try:
        found = path.stat()
        if not path.is_file() or found.st_size > FILE_MAX_BYTES:
            return f"{found.st_size} {found.st_mtime_ns}"
        return f"{found.st_mode:o} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    except OSError:
        return ""


async def state_changes(checkout: Checkout, before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """What differs between two states, in words for a sentence; not a branch that only gained commits.

    Raises:
        GitError: git failed.
    """
    found: list[str] = []
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name, ""), after.get(name, "")
        if old != new and not (name.startswith("refs/heads/") and await _grew(checkout, old, new)):
            found.append(_described(name, old, new))
    return found


async def _grew(checkout: Checkout, old: str, new: str) -> bool:
    return bool(old and new) and await contains(checkout, old, new)


def _described(name: str, old: str, new: str) -> str:
    for prefix, kind in (("refs/heads/", "branch "), ("refs/tags/", "tag "), ("refs/notes/", "notes ")):
        if name.startswith(prefix):
            return f"{kind}{name.removeprefix(prefix)} ({'moved' if old and new else 'new' if new else 'deleted'})"
    return "the stash" if name == "refs/stash" else f".git/{name}"
