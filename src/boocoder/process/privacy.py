"""Hides secrets from other processes of the same user, which can read /proc."""

from __future__ import annotations

import ctypes
import logging
import os
import re
import sys
from collections.abc import Callable, Iterable

from boocoder.process.programs.supervisor import descendants

log = logging.getLogger(__name__)

PR_SET_DUMPABLE = 4  # linux/prctl.h
_ENV_START = 47  # fields of /proc/PID/stat behind the program's name (proc(5): 50 and 51)
_FILLER = b"x"
_SECRET_NAME = re.compile(
    r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL|AUTH|COOKIE_JAR|DATABASE_URL|(^|_)DSN($|_)|(^|_)PAT($|_)|PRIVATE", re.IGNORECASE
)


def is_secret_name(name: str) -> bool:
    """Whether an environment variable of this name is likely to hold a secret."""
    return _SECRET_NAME.search(name) is not None


def hide_own_secrets() -> None:
    """Make this process's memory unreadable for others of its user, and blank the secrets in its initial environment.

    Python's own copy of the environment stays as it is. A debugger of the same user cannot attach any more.
    """
    if sys.platform != "linux":
        return
    blank_variables(os.getpid(), is_secret_name)
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def hide_variables_below(root: int, names: Iterable[str]) -> bool:
    """Blank environment variables of a process and of all below it, as /proc shows them.

    The program must have read them already; it keeps the values that it has copied.

    Args:
        root: pid.
        names: of the variables.

    Returns:
        Whether it worked for all of them; the machine's ptrace restrictions may forbid it.
    """
    wanted = frozenset(names)
    blanked = [blank_variables(pid, wanted.__contains__) for pid in (root, *descendants(root))]
    return all(blanked)


def blank_variables(pid: int, secret: Callable[[str], bool]) -> bool:
    """Overwrite values in a process's initial environment; False if its memory cannot be written."""
    try:
        start, end = initial_environment_range(pid)
        with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:  # noqa: PTH123 -- it is no file
            memory.seek(start)
            position = start
            for entry in memory.read(end - start).split(b"\0"):
                name, found, value = entry.partition(b"=")
                if found and value and secret(os.fsdecode(name)):
                    memory.seek(position + len(name) + 1)
                    memory.write(_FILLER * len(value))
                position += len(entry) + 1
    except ProcessLookupError:
        return True
    except OSError as error:
        log.info("an environment cannot be blanked", extra={"pid": pid, "error": str(error)})
        return not os.path.exists(f"/proc/{pid}")  # noqa: PTH110 -- a process that is gone has no secrets
    return True


def initial_environment_range(pid: int) -> tuple[int, int]:
    """Address range of a process's initial environment in its memory."""
    with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 -- it is no file
        fields = file.read().rpartition(b")")[2].split()
    return int(fields[_ENV_START]), int(fields[_ENV_START + 1])
