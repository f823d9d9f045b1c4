"""Bounds the build caches of sandboxed processes: those of projects that are gone and unused ones go first."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from boocoder.process.sandbox.build_caches import CACHES

OWNER = "owner"  # beside the caches of one owner; its time is that of the last use
IDLE_DAYS = 30.0
BUSY_S = 86_400.0  # a process that was started earlier than this may still use them, but they can be made again
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class OwnedCaches:
    """The caches of one project, or of a server of all projects.

    Args:
        root: their directory.
        owner: the project's path, or an agent's name; "" if it is not known.
        used_at: when a process was started with them last, Unix time in seconds.
        size_bytes: of all of them on the disk.
    """

    root: Path
    owner: str
    used_at: float
    size_bytes: int


def note_use(root: Path, owner: Path | str) -> None:
    """Record that a process is started with the caches of an owner."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    (root / OWNER).write_bytes(os.fsencode(owner))


def owned_caches(data_dir: Path) -> list[OwnedCaches]:
    """All of them, the longest unused first. It reads every directory."""
    folder = data_dir / CACHES
    roots = [root for root in folder.iterdir() if root.is_dir()] if folder.is_dir() else []
    return sorted((_look_at(root) for root in roots), key=lambda one: one.used_at)


def clean_caches(data_dir: Path, *, max_bytes: int) -> list[OwnedCaches]:
    """Delete those of projects that are gone, those unused for IDLE_DAYS, and the longest unused ones above a size.

    What was used within the last day stays, but of projects that are gone. It blocks.

    Returns:
        what was deleted.
    """
    now, deleted = time.time(), []
    every = owned_caches(data_dir)
    total = sum(one.size_bytes for one in every)
    for one in every:
        gone = one.owner.startswith("/") and not Path(one.owner).exists()
        idle_s = now - one.used_at
        if gone or idle_s > IDLE_DAYS * _DAY_S or (total > max_bytes and idle_s > BUSY_S):
            _delete(one.root)
            total -= one.size_bytes
            deleted.append(one)
    return deleted


def _look_at(root: Path) -> OwnedCaches:
    marker = root / OWNER
    try:
        owner, used_at = os.fsdecode(marker.read_bytes()), marker.stat().st_mtime
    except OSError:  # made by an earlier version
        owner, used_at = "", root.stat().st_mtime
    return OwnedCaches(root, owner, used_at, sum(_sizes(root)))


def _sizes(root: Path) -> Iterator[int]:
    """Bytes on the disk of every entry; links are not followed."""
    folders = [root]
    while folders:
        try:
            entries = list(os.scandir(folders.pop()))
        except OSError:  # deleted meanwhile, or made unreadable
            continue
        for entry in entries:
            try:
                yield entry.stat(follow_symlinks=False).st_blocks * 512
                if entry.is_dir(follow_symlinks=False):
                    folders.append(Path(entry.path))
            except OSError:
                continue


def _delete(root: Path) -> None:
    """Delete a directory; Go makes the folders of its modules read-only."""

    def make_writable(_: object, path: str, __: object) -> None:
        parent = Path(path).parent
        if parent.is_relative_to(root):
            parent.chmod(0o700)
        if Path(path).is_dir() and not Path(path).is_symlink():
            Path(path).chmod(0o700)
            shutil.rmtree(path, ignore_errors=True)
        else:
            Path(path).unlink(missing_ok=True)

    shutil.rmtree(root, onerror=make_writable)
