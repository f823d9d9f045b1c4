"""Finds processes that work inside a directory: their working directory or an open file is below it.

Reads /proc; without /proc it finds nothing, and it skips processes that we may not inspect.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

SHOWN_MAX = 10  # enough to say who it is


@dataclass(frozen=True, slots=True)
class ProcessInDirectory:
    """A process inside.

    Args:
        pid: its id.
        program: its name, for people.
    """

    pid: int
    program: str


def processes_inside(directory: Path) -> list[ProcessInDirectory]:
    """At most SHOWN_MAX processes other than this one that are inside. It blocks for milliseconds.

    Args:
        directory: symbolic links on the way to it are resolved.
    """
    root = os.path.realpath(directory)
    found: list[ProcessInDirectory] = []
    try:
        names = os.listdir("/proc")  # noqa: PTH208 -- names only, of hundreds
    except OSError:
        return found
    for name in names:
        if name.isdigit() and int(name) != os.getpid() and _is_inside(name, root):
            found.append(ProcessInDirectory(int(name), _program(name)))
            if len(found) == SHOWN_MAX:
                break
    return found


def works_in(pid: int, directory: Path) -> bool:
    """Whether a process's working directory is this one or below it."""
    return _leads_into(f"/proc/{pid}/cwd", os.path.realpath(directory))


def _is_inside(pid: str, root: str) -> bool:
    if _leads_into(f"/proc/{pid}/cwd", root) or _leads_into(f"/proc/{pid}/exe", root):
        return True
    try:
        handles = os.listdir(f"/proc/{pid}/fd")  # noqa: PTH208 -- names only
    except OSError:
        return False
    return any(_leads_into(f"/proc/{pid}/fd/{handle}", root) for handle in handles)


def _leads_into(link: str, root: str) -> bool:
    try:
        target = os.readlink(link)  # noqa: PTH115 -- thousands of them
    except OSError:
        return False
    return target == root or target.startswith(root + "/")


def _program(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text("utf-8", "replace").strip()
    except OSError:
        return ""
