"""Reads what a session has checked out from git's own files, without starting git."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

_MAX_BYTES = 4096  # a reference's name is a path at most
_ID = re.compile(rb"([0-9a-f]{40}(?:[0-9a-f]{24})?)\s*")
_BRANCH = re.compile(rb"ref: (refs/heads/[^\0\n]+?)\s*")


def read_head(git_dir: Path) -> str | None:
    """The id that HEAD, or the branch it names, holds in a repository; it need not be there as a commit.

    Returns:
        None where only git can tell: a packed or unborn branch, a symbolic link, another kind of reference store.
    """
    if os.path.lexists(git_dir / "commondir"):
        return None
    held = _read(git_dir / "HEAD")
    branch = _BRANCH.fullmatch(held)
    if branch is not None:
        parts = os.fsdecode(branch[1]).split("/")
        held = b"" if ".." in parts else _read(git_dir.joinpath(*parts))
    found = _ID.fullmatch(held)
    return found[1].decode() if found is not None else None


def _read(path: Path) -> bytes:
    """The content of a small file that an agent may have put there; nothing where it is none."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return b""
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or found.st_size > _MAX_BYTES:
            return b""
        return os.read(handle, _MAX_BYTES)
    except OSError:
        return b""
    finally:
        os.close(handle)
