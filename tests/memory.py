"""Where tests keep what they write: in memory if there is room, which costs a third less time than a disk."""

from __future__ import annotations

import os
import shutil
from functools import cache
from pathlib import Path

import psutil

MEMORY = Path("/dev/shm")
MIN_FREE_BYTES = 4 * 1024**3  # containers often have 64 MB; a run of all tests uses a part of this
MIN_AVAILABLE_BYTES = 12 * 1024**3  # of memory, for what the tests keep and for the agents and browsers beside them


@cache
def memory_folder() -> Path | None:
    """A folder in memory with room for the databases, repositories and homes of the tests; None: there is none."""
    if not MEMORY.is_dir() or os.statvfs(MEMORY).f_flag & os.ST_NOEXEC:  # as in most containers; agents are programs
        return None
    if psutil.virtual_memory().available < MIN_AVAILABLE_BYTES:
        return None
    return MEMORY if shutil.disk_usage(MEMORY).free > MIN_FREE_BYTES else None
