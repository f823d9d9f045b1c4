"""Maps the operating system's errors on starting a program to ProcessErrors with a cure."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path

from boocoder.errors import ProcessError

_RESOURCES = {
    errno.EMFILE: ("too_many_open_files", "Raise the limit of open files (ulimit -n) and start boocoder again."),
    errno.ENFILE: ("too_many_open_files", "The whole machine is out of open files; end some programs."),
    errno.EAGAIN: ("too_many_processes", "Raise the limit of processes (ulimit -u) or end some programs."),
    errno.ENOMEM: ("out_of_memory", "Free some memory and try again."),
}


def start_failure(number: int, argv: Sequence[str], cwd: Path) -> ProcessError:
    """Explain why a program could not be started.

    Args:
        number: errno of the failed start.
        argv: the command, program first.
        cwd: the directory it was to run in.
    """
    program = argv[0] if argv else ""
    reason = os.strerror(number)
    if not cwd.is_dir():
        return ProcessError(
            "working_directory_missing",
            f"{program} cannot start in {cwd}: there is no such directory.",
            "Create the directory, or choose another one.",
        )
    if number in _RESOURCES:
        code, cure = _RESOURCES[number]
        return ProcessError(code, f"{program} cannot start: {reason}.", cure)
    if number in (errno.ENOENT, errno.ENOTDIR):
        return ProcessError(
            "program_missing",
            f"{program} cannot start: the program, or the interpreter that its first line names, is not there.",
            f"Install {Path(program).name}, or put its directory on PATH.",
        )
    if number in (errno.EACCES, errno.EPERM):
        return ProcessError(
            "program_not_executable",
            f"{program} cannot start in {cwd}: {reason}.",
            f"Check that you may execute {program} (chmod +x) and enter {cwd}.",
        )
    if number == errno.E2BIG:
        return ProcessError(
            "arguments_too_long", f"{program} cannot start: its arguments are too long.", "Pass the text by a file."
        )
    return ProcessError("program_not_startable", f"{program} cannot start in {cwd}: {reason} (errno {number}).")


def bad_argument(argv: Sequence[str]) -> ProcessError:
    """The error for a command that no operating system accepts: empty, or containing a NUL byte."""
    return ProcessError(
        "command_invalid", f"The command {list(argv)[:3]!r} is empty or holds a NUL byte.", "Remove the NUL byte."
    )
