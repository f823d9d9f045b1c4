"""Knows whether a data directory was moved or copied since it was last served: where it is, is written down in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from boocoder.errors import Conflict
from boocoder.git.worktree.session_repository import read_git_file
from boocoder.model.ids import HostId

RECORD = "location.json"
_SHADOWS = b"/shadows/"  # between the data directory and a session's repository in the `.git` file of a worktree
_OF_ONE_PROCESS = ("service.json", "processes")  # what a copy takes along of a service that it is not


class DataLocation(msgspec.Struct, frozen=True):
    """Where a data directory was served.

    Args:
        path: its real path.
        device, inode: of the directory, as in stat(2); both stay when it is renamed.
    """

    host_id: HostId
    path: str
    device: int
    inode: int


def find_move(data_dir: Path, host_id: HostId, *, take_over: bool) -> Path | None:
    """Where the directory was before, if it is somewhere else now; None where nothing has to be repaired.

    A copy that may go on forgets the processes of its original. Call `record_location` when everything is repaired.

    Args:
        take_over: whether a copy may go on by itself.

    Raises:
        Conflict: `data_dir_is_copy`.
    """
    here = data_dir.resolve()
    before = _before(here)
    if before is not None and _is_there(before, str(host_id)):
        if not take_over:
            raise is_copy(here, before)
        forget_processes(here)
    return before


def original_of(data_dir: Path) -> Path | None:
    """The directory that this one was copied from, if that is still there and this one has not taken over."""
    here = data_dir.resolve()
    try:
        host_id = (here / "host-id").read_text("utf-8", "replace").strip()
    except OSError:
        return None
    before = _before(here)
    return before if before is not None and _is_there(before, host_id) else None


def is_copy(data_dir: Path, original: Path) -> Conflict:
    """The error for a copy that was started without `--take-over`."""
    return Conflict(
        "data_dir_is_copy",
        f"{data_dir} is a copy of {original}, which is still there.",
        "Use the original, or let the copy go on by itself: boocoder serve --take-over",
    )


def record_location(data_dir: Path, host_id: HostId) -> None:
    """Write down that the directory is served where it is."""
    here = data_dir.resolve()
    found = here.stat()
    fresh = here / f"{RECORD}.new"
    fresh.write_bytes(msgspec.json.encode(DataLocation(host_id, str(here), found.st_dev, found.st_ino)))
    fresh.replace(here / RECORD)


def forget_processes(data_dir: Path) -> None:
    """Delete what names processes of another directory's service."""
    for name in _OF_ONE_PROCESS:
        path = data_dir / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _before(here: Path) -> Path | None:
    before = _recorded(here) or _seen_in_worktrees(here)
    return None if before is None or before == here or _is_same(before, here) else before


def _recorded(data_dir: Path) -> Path | None:
    try:
        return Path(msgspec.json.decode((data_dir / RECORD).read_bytes(), type=DataLocation).path)
    except (OSError, msgspec.DecodeError):
        return None


def _seen_in_worktrees(data_dir: Path) -> Path | None:
    """Where an earlier version, which wrote nothing down, served it: its worktrees name their repositories."""
    for worktree in worktrees_in(data_dir):
        content = read_git_file(worktree) or b""
        place, shadows, _ = content.removeprefix(b"gitdir: ").partition(_SHADOWS)
        if shadows and place.startswith(b"/"):
            return Path(os.fsdecode(place))
    return None


def worktrees_in(data_dir: Path) -> Iterator[Path]:
    """The worktrees of a data directory, hidden ones left out."""
    root = data_dir / "worktrees"
    if root.is_dir():
        yield from (
            one for one in sorted(root.iterdir()) if one.name[0] != "." and one.is_dir() and not one.is_symlink()
        )


def _is_same(before: Path, here: Path) -> bool:
    """Whether both paths lead to one directory, such as through a bind mount."""
    try:
        return before.samefile(here)
    except OSError:
        return False


def _is_there(before: Path, host_id: str) -> bool:
    """Whether the directory that this one was copied from is where it was; one that cannot be read may be."""
    try:
        return (before / "host-id").read_text("utf-8", "replace").strip() == host_id
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
