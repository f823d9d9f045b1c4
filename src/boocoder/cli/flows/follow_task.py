"""Exit codes of tasks, and cancelling one on Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from boocoder.client.http_client import Client
from boocoder.errors import BoocoderError
from boocoder.service import TaskSupervisor

EXIT_COMPLETED = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
LEAVE_S = 1.0
EXIT_CANCELLED = 130  # 128 + SIGINT, as shells have it


def exit_code(outcome: str) -> int:
    """The exit code of an outcome."""
    return {"completed": EXIT_COMPLETED, "cancelled": EXIT_CANCELLED}.get(outcome, EXIT_FAILED)


@contextmanager
def cancel_on_interrupt(
    client: Client, task_id: UUID, supervisor: TaskSupervisor, said: Callable[[str], None]
) -> Iterator[None]:
    """Cancel the task on the first Ctrl-C (or TERM) inside the block, and exit at once on the second.

    Exiting loses nothing: the task's work is stored as it happens. A separate service finishes the cancellation; one
    inside this process recovers at its next start.
    """
    loop = asyncio.get_running_loop()
    cancelling: asyncio.Task[None] | None = None

    def interrupt() -> None:
        nonlocal cancelling
        if cancelling is None:
            said("cancelling (Ctrl-C again leaves at once)")
            cancelling = supervisor.spawn(_cancel(client, task_id, said), "cancel")
            return
        # The wish to cancel must reach the service; a service that does not take it in this time has to be left.
        cancelling.add_done_callback(lambda _: _leave(said))
        loop.call_later(LEAVE_S, _leave, said)

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        loop.add_signal_handler(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)


def _leave(said: Callable[[str], None]) -> None:
    said("left; the work so far is stored")
    sys.stdout.flush()
    os._exit(EXIT_CANCELLED)


async def _cancel(client: Client, task_id: UUID, said: Callable[[str], None]) -> None:
    try:
        await client.request("POST", f"/api/tasks/{task_id}/cancel", body={})
    except BoocoderError as error:
        said(f"cancelling failed: {error}")
