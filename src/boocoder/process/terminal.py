"""Creates pseudo-terminals for child processes.

A child's terminal is not its controlling terminal: no person uses it, so a program that opens /dev/tty to ask for a
password fails at once, and the kernel does not hang up the terminal, losing the last output, when its leader ends.
"""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import termios
from dataclasses import dataclass
from typing import IO

_LFLAG = 3  # index in what tcgetattr returns
_OFLAG = 1


@dataclass(frozen=True, slots=True)
class TerminalSize:
    """Size of a terminal that no person watches: wide enough to avoid wrapped lines."""

    rows: int = 50
    columns: int = 400


def open_terminal(size: TerminalSize) -> tuple[IO[bytes], IO[bytes]]:
    """A new pseudo-terminal without echo and without translation of newlines.

    Returns:
        our end, and the child's, which is closed here once the child has it.

    Raises:
        OSError: the machine has no free pseudo-terminal.
    """
    ours, theirs = pty.openpty()
    try:
        settings = termios.tcgetattr(theirs)
        settings[_LFLAG] &= ~(termios.ECHO | termios.ECHONL)
        settings[_OFLAG] &= ~termios.OPOST
        termios.tcsetattr(theirs, termios.TCSANOW, settings)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", size.rows, size.columns, 0, 0))
    except BaseException:
        os.close(ours)
        os.close(theirs)
        raise
    return os.fdopen(ours, "rb", buffering=0), os.fdopen(theirs, "r+b", buffering=0)
