"""Reads and writes the shadow repository's refs under refs/boocoder, which keep trees from being collected."""

from __future__ import annotations

import os
import re
from pathlib import Path

from boocoder.errors import GitError
from boocoder.model.ids import new_id

_NAME = re.compile(r"refs/boocoder(/[A-Za-z0-9_][A-Za-z0-9_-]*)+")
_ID = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


def check_ref(ref: str) -> str:
    """The name, if it is one that we give.

    Raises:
        GitError: `ref_invalid`.
    """
    if not _NAME.fullmatch(ref):
        raise GitError("ref_invalid", f"{ref!r} is no ref name under refs/boocoder of letters, digits, - and _.")
    return ref


def check_id(name: str) -> str:
    """The name, if it is the full id of an object.

    Raises:
        GitError: `object_id_invalid`.
    """
    if not _ID.fullmatch(name):
        raise GitError("object_id_invalid", f"{name!r} is not the full id of a git object.")
    return name


def read_ref(git_dir: Path, ref: str) -> str | None:
    """The id that a ref holds, None if there is no such ref."""
    try:
        written = (git_dir / check_ref(ref)).read_text().strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return written if _ID.fullmatch(written) else None


def write_ref(git_dir: Path, ref: str, name: str) -> None:
    """Write a ref; it is on disk when this returns."""
    path = git_dir / check_ref(ref)
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f".{new_id().hex}.lock")  # git skips names that begin with a dot
    with made.open("wb") as file:
        file.write(check_id(name).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    made.replace(path)


def delete_ref(git_dir: Path, ref: str) -> None:
    """Delete a ref if it exists."""
    (git_dir / check_ref(ref)).unlink(missing_ok=True)


def list_refs(git_dir: Path) -> list[str]:
    """The names of all refs under refs/boocoder."""
    root = git_dir / "refs" / "boocoder"
    found = (path for path in root.rglob("*") if path.is_file() and not path.name.startswith("."))
    return sorted(path.relative_to(git_dir).as_posix() for path in found)
