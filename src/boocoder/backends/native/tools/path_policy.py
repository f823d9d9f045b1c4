"""Resolves a path given by the model, following links, and classifies it: inside or outside the worktree, secret."""

from __future__ import annotations

import fnmatch
import os
from dataclasses import dataclass
from pathlib import Path

_SECRET = (".env", ".env.*", "*.env", ".envrc", "*.pem", "*.key", "*.p12", "*.pfx", "id_rsa", "id_ecdsa", "id_ed25519")
SECRET_NAMES = (
    *_SECRET,
    ".netrc",
    ".pgpass",
    ".pypirc",
    ".npmrc",
    ".git-credentials",
    "credentials.json",
    "*.keystore",
)
"""Patterns of names, in lower case, of files that usually hold keys or passwords."""
# By O_PATH a folder on the way need not be readable, as /home may not be; macOS has no such flag.
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_HARMLESS = ("*.example", "*.sample", "*.template", "*.dist")  # .env.example is documentation


@dataclass(frozen=True, slots=True)
class ResolvedPath:
    """A resolved path.

    Args:
        path: absolute, with links resolved.
        shown: for display: relative inside the worktree, absolute outside.
        inside: whether it is in the worktree.
        secret: whether such files usually hold keys or passwords.
        git: whether it is git's own data.
    """

    path: Path
    shown: str
    inside: bool
    secret: bool
    git: bool


def resolve_path(worktree: Path, given: str) -> ResolvedPath | str:
    """Resolve `given`, or return a sentence that says why it cannot be resolved.

    Args:
        worktree: absolute.
        given: the model's path, relative to the worktree or absolute.
    """
    text = given.strip().strip("`\"'").removeprefix("file://") or "."
    if text.startswith("~"):
        try:
            text = str(Path(text).expanduser())
        except RuntimeError:
            return f"{given!r} is not a path."
    try:
        root = worktree.resolve()
        asked = Path(text)
        if asked.is_absolute() and not _beneath(asked, worktree, root):
            meant = root / text.lstrip("/")  # many models write /src/a.py for src/a.py
            if not asked.exists() and (meant.exists() or (meant.parent.is_dir() and not asked.parent.is_dir())):
                asked = meant
        path = (root / asked).resolve()
        path.exists()  # names a path that no file can have
    except (OSError, ValueError, RuntimeError) as error:
        return f"{given!r} cannot be used as a path: {_reason(error)}."
    inside = path == root or path.is_relative_to(root)
    parts = path.relative_to(root).parts if inside else path.parts
    shown = str(path.relative_to(root)) if inside else str(path)
    return ResolvedPath(path, shown, inside, is_secret(path.name), ".git" in parts)


def is_secret(name: str) -> bool:
    """Whether files with this name usually contain keys or passwords."""
    low = name.lower()
    return any(fnmatch.fnmatchcase(low, pattern) for pattern in SECRET_NAMES) and not any(
        fnmatch.fnmatchcase(low, pattern) for pattern in _HARMLESS
    )


def _beneath(path: Path, *roots: Path) -> bool:
    return any(path == root or path.is_relative_to(root) for root in roots)


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__


def open_resolved(path: Path, flags: int) -> int:
    """Open a file without following any link, and return its descriptor.

    A path was judged by where its links lead; a command of the agent may put another link in its place at any moment.

    Args:
        path: absolute, with links resolved.
        flags: of `os.open`.

    Raises:
        OSError: as `os.open`; ELOOP or ENOTDIR where a link has appeared.
    """
    folder = os.open(path.anchor, _FOLDER)
    try:
        for name in path.parts[1:-1]:
            inner = os.open(name, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = inner
        return os.open(path.name, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o666, dir_fd=folder)
    finally:
        os.close(folder)
