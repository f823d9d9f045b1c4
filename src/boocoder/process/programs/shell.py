"""Program: runs a program on its own pseudo-terminal and transfers input and output as Base64 lines over pipes.

Run as `python -I -S shell.py ROWS COLUMNS -- PROGRAM ARGUMENT...`; it imports nothing of boocoder, so that it
starts in milliseconds. It reads `i BASE64` (typed) and `r ROWS COLUMNS` (the size) from its stdin, and writes what the
terminal shows as lines of Base64. The end of its stdin hangs up the terminal. A slow reader makes the program wait.
"""

from __future__ import annotations

import base64
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
from contextlib import suppress

CHUNK_BYTES = 32 * 1024  # one line of output; a page draws it at once
TYPED_MAX_BYTES = 4 * 1024 * 1024  # waiting for a program that does not read; a large paste
LOOK_MS = 200  # how soon the end of a program is seen whose children keep the terminal open
EXIT_NOT_STARTED = 127


class Screen:
    """One pseudo-terminal and the program on it."""

    def __init__(self, rows: int, columns: int, argv: list[str]) -> None:
        self.status: int | None = None
        self.typed = bytearray()
        self.orders = bytearray()
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            run_program(rows, columns, argv)
        self.resize(rows, columns)
        for descriptor in (self.terminal, 0):
            os.set_blocking(descriptor, False)

    def resize(self, rows: int, columns: int) -> None:
        """Tell the terminal its size; its program gets SIGWINCH."""
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def serve(self) -> None:
        """Transfer bytes until the program has ended or the reader is gone."""
        while self.status is None:
            wanted = select.POLLIN | (select.POLLOUT if self.typed else 0)
            poll = select.poll()
            poll.register(self.terminal, wanted)
            if len(self.typed) < TYPED_MAX_BYTES:
                poll.register(0, select.POLLIN)
            for descriptor, event in poll.poll(LOOK_MS):
                if descriptor == 0:
                    if not self.take_orders():
                        return
                elif event & select.POLLOUT:
                    self.pass_on()
                if descriptor == self.terminal and event & (select.POLLIN | select.POLLHUP) and not self.show():
                    self.status = self.status if self.status is not None else self.reap(0)
            if self.status is None:
                self.reap(os.WNOHANG)
        while self.show():
            pass

    def reap(self, flags: int) -> int:
        """Check whether the program has ended; returns its wait status."""
        pid, status = os.waitpid(self.pid, flags)
        if pid:
            self.status = status
        return status

    def take_orders(self) -> bool:
        """Read orders; False at their end."""
        data = os.read(0, CHUNK_BYTES)
        self.orders += data
        *lines, rest = bytes(self.orders).split(b"\n")
        self.orders = bytearray(rest)
        for line in lines:
            word, *values = line.split(b" ")
            if word == b"i":
                self.typed += base64.b64decode(values[0])
            elif word == b"r":
                self.resize(int(values[0]), int(values[1]))
        self.pass_on()
        return bool(data)

    def pass_on(self) -> None:
        """Write typed input to the program, as much as it accepts."""
        try:
            while self.typed:
                written = os.write(self.terminal, self.typed[:CHUNK_BYTES])
                del self.typed[:written]
        except BlockingIOError:
            return
        except OSError:
            self.typed.clear()

    def show(self) -> bool:
        """Write new terminal output; False if there was none."""
        try:
            data = os.read(self.terminal, CHUNK_BYTES)
        except BlockingIOError:
            return False
        except OSError:  # no process has the terminal open any more
            data = b""
        if data:
            say(base64.b64encode(data) + b"\n")
        return bool(data)

    def end(self) -> int:
        """Hang up the remaining processes; returns the exit code as a shell reports it."""
        if self.status is None:
            os.killpg(self.pid, signal.SIGHUP)
            return 128 + signal.SIGHUP
        return os.waitstatus_to_exitcode(self.status) % 256


def say(line: bytes) -> None:
    """Write all of it."""
    while line:
        line = line[os.write(1, line) :]


def run_program(rows: int, columns: int, argv: list[str]) -> None:
    """In the forked child, whose terminal it is: become the program."""
    try:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and that would be inherited
            signal.signal(number, signal.SIG_DFL)
        os.execvpe(argv[0], argv, os.environ)  # noqa: S606 -- by argv, no shell is wanted in between
    except OSError as error:
        os.write(2, f"{argv[0]}: {error.strerror}\r\n".encode())
    finally:
        os._exit(EXIT_NOT_STARTED)


def main(arguments: list[str]) -> int:
    """Do what the module says."""
    rows, columns, _, *argv = arguments
    screen = Screen(int(rows), int(columns), argv)
    with suppress(BrokenPipeError):
        screen.serve()
    return screen.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
