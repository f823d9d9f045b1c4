"""Our end of the socket to a supervisor program: receives its reports and sends it orders."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress


class SupervisorReports:
    """What the supervisor reports.

    Args:
        channel: connected socket, owned by this object from now on.
    """

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._loop = asyncio.get_running_loop()
        self._buffer = b""
        self._closed = False
        self.changed = asyncio.Event()
        self.agent_pid = 0
        self.start_errno = 0
        self.wait_status: int | None = None
        channel.setblocking(False)
        self._loop.add_reader(channel.fileno(), self._ready)

    def _ready(self) -> None:
        try:
            data = self._channel.recv(4096)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if data:
            self._feed(data)
        else:
            self.close()

    def _feed(self, data: bytes) -> None:
        *reports, self._buffer = (self._buffer + data).split(b"\n")
        for report in reports:
            self._take(*report.decode("ascii", "replace").split(" ", 1))

    def _take(self, word: str, value: str = "") -> None:
        match word:
            case "started":
                self.agent_pid = int(value)
            case "failed":
                self.start_errno = int(value)
            case "ended":
                self.wait_status = int(value)
        self.changed.set()

    def order(self, word: str) -> None:
        """Send `term` or `kill`; nothing happens if the supervisor is gone."""
        with suppress(OSError):
            self._channel.send(word.encode() + b"\n")

    def returncode(self, fallback: int) -> int:
        """The agent's exit code as subprocess has it; `fallback` if the supervisor could not say."""
        return fallback if self.wait_status is None else os.waitstatus_to_exitcode(self.wait_status)

    def close(self) -> None:
        """Take what is still in the socket and close it. Safe twice."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._channel.fileno())
        with suppress(OSError), self._channel:
            while data := self._channel.recv(4096):
                self._feed(data)
        self.changed.set()
