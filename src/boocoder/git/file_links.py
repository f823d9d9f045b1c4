"""Gives a file a second name, or copies it where the file system allows no hard link. Standard library only."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from pathlib import Path

_FICLONE = 0x40049409  # ioctl of btrfs and XFS (linux/fs.h)
_NO_LINK = (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EACCES, errno.EOPNOTSUPP)
_BUFFER_BYTES = 1024 * 1024


def link_or_copy(source: Path, target: Path) -> bool:
    """Put a file that nobody writes to at a second place, whole at once; one that is there already stays.

    Returns:
        False where the source is gone.

    Raises:
        OSError: it can be neither linked nor copied.
    """
    try:
        os.link(source, target)
    except FileExistsError:
        return True
    except FileNotFoundError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        return _copy(source, target)
    return True


def _copy(source: Path, target: Path) -> bool:
    made = target.with_name(f"tmp_obj_{os.urandom(16).hex()}")  # a name that git's own prune deletes when it is old
    try:
        with source.open("rb") as reading, made.open("xb") as writing:
            clone_or_copy(reading.fileno(), writing.fileno())
        made.chmod(0o444)
        made.replace(target)
    except FileNotFoundError:
        return False
    finally:
        made.unlink(missing_ok=True)
    return True


def clone_or_copy(source: int, target: int) -> None:
    """Give an empty file the content of another one, sharing its blocks where the file system can.

    Args:
        source, target: open descriptors.

    Raises:
        OSError: it cannot be read or written.
    """
    try:
        fcntl.ioctl(target, _FICLONE, source)
    except OSError:
        with os.fdopen(os.dup(source), "rb") as reading, os.fdopen(os.dup(target), "wb") as writing:
            shutil.copyfileobj(reading, writing, _BUFFER_BYTES)
