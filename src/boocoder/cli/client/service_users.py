"""Which commands use the service of a data directory: they share a lock, so that its owner knows when it is alone."""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path

JOIN_S = 60.0  # a service that stops waits for its turns and its database
POLL_S = 0.1


class ServiceUsers:
    """One command's part in the lock `users` of a data directory; the kernel frees it however the command ends.

    Without it a service inside of another command could stop between a turn's end and a command's last request.

    Args:
        data_dir: of the service; where it is missing or may not be written, nothing is locked.
    """

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "users"
        self._fd: int | None = None

    async def join(self) -> None:
        """Take part from now on. Waits while the owner of a service stops it."""
        if not self._open():
            return
        deadline = time.monotonic() + JOIN_S
        while not self._lock(fcntl.LOCK_SH) and time.monotonic() < deadline:
            await asyncio.sleep(POLL_S)

    def leave(self) -> None:
        """Take part no more. Safe twice and before join."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def alone(self) -> bool:
        """Whether no other command takes part; none can join before this one leaves."""
        return not self._open() or self._lock(fcntl.LOCK_EX)

    def _open(self) -> bool:
        if self._fd is None:
            with suppress(OSError):
                self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return self._fd is not None

    def _lock(self, kind: int) -> bool:
        assert self._fd is not None
        try:
            fcntl.flock(self._fd, kind | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
