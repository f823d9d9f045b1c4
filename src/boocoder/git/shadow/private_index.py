"""Private git indexes: caches beside the shadow repository that can be rebuilt from a tree."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from boocoder.errors import GitError
from boocoder.model.ids import new_id

T = TypeVar("T")


async def with_sound_index(index: Path, work: Callable[[], Awaitable[T]]) -> T:
    """Do something with an index; once more with a new one if git fails, as after a power failure.

    The caller holds the lock of this index, so a leftover lock file belongs to a git process that was killed.
    """
    index.parent.mkdir(parents=True, exist_ok=True)
    drop_index_lock(index)
    try:
        return await work()
    except GitError as error:
        if error.code != "git_failed" or not index.exists():
            raise
        drop_index(index)
        return await work()


@contextmanager
def temporary_index(git_dir: Path) -> Iterator[Path]:
    """An index of the shadow repository for a few commands; deleted at the end."""
    index = git_dir / "seeds" / f"part-{new_id().hex}.index"
    index.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield index
    finally:
        drop_index(index)


def drop_index(index: Path) -> None:
    """Delete an index, and what a git that was killed while writing it left."""
    index.unlink(missing_ok=True)
    drop_index_lock(index)


def drop_index_lock(index: Path) -> None:
    """Delete what a git that was killed while writing an index left. The caller holds the lock of this index."""
    index.with_name(index.name + ".lock").unlink(missing_ok=True)


def copy_index(source: Path, target: Path) -> None:
    """Put a copy in place at once, so that no reader sees half of it. Harmless if there is no source.

    It keeps the source's time: git looks into a file that was written in the same second as the index (racy-git in
    git's documentation), and would take an edit of that second for none if the index were younger.
    """
    made = target.with_name(f".{target.name}.new")
    made.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        shutil.copy2(source, made)
        made.replace(target)


def signature(index: Path) -> tuple[int, int, int]:
    """Inode, time and size of a file: equal as long as the file was not written; zeros if there is none."""
    try:
        found = index.stat()
    except OSError:
        return 0, 0, 0
    return found.st_ino, found.st_mtime_ns, found.st_size
