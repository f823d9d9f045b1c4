"""Reports when a process has ended, by its pid. Never reads pipes, reaps or kills."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable

POLL_S = 0.02  # only where the kernel has no pidfd: short against a turn, long against a wake-up


class ExitWatch:
    """Waits for the end of one process, a child or any other, without a thread.

    A child that has ended stays a zombie until its owner reaps it, so its pid is not reused before that.

    Args:
        pid: of a process that is alive, or of a child not yet reaped.
        on_exit: called once on the loop, after `exited` is set.
    """

    def __init__(self, pid: int, on_exit: Callable[[], None] | None = None) -> None:
        self._pid = pid
        self._on_exit = on_exit
        self._loop = asyncio.get_running_loop()
        self._fd = -1
        self._timer: asyncio.TimerHandle | None = None
        self.exited = asyncio.Event()
        try:
            self._fd = os.pidfd_open(pid)
        except (AttributeError, OSError):
            self._timer = self._loop.call_later(0, self._poll)
        else:
            self._loop.add_reader(self._fd, self._mark)

    def _mark(self) -> None:
        self.exited.set()
        self.close()
        if self._on_exit is not None:
            self._on_exit()

    def _poll(self) -> None:
        if gone(self._pid):
            self._mark()
        else:
            self._timer = self._loop.call_later(POLL_S, self._poll)

    def close(self) -> None:
        """Stop watching. Safe twice."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1


def gone(pid: int) -> bool:
    """Whether the process has ended; an unreaped child counts as ended."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


async def wait_uninterrupted(event: asyncio.Event, timeout_s: float) -> bool:
    """Wait for `event` even while this task is being cancelled; the cancellation is raised afterwards.

    Returns:
        Whether the event came within `timeout_s` seconds.

    Raises:
        asyncio.CancelledError: the task was cancelled while it waited.
    """
    deadline = time.monotonic() + timeout_s
    cancelled: asyncio.CancelledError | None = None
    while not event.is_set() and (left := deadline - time.monotonic()) > 0:
        try:
            async with asyncio.timeout(left):
                await event.wait()
        except TimeoutError:
            break
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    return event.is_set()
