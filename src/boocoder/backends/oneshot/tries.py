"""What the two ways of running a turn have in common: a command a turn, and a kept-open agent. It runs none."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Protocol, TypeVar

from boocoder.backends.base import TurnPort
from boocoder.backends.oneshot.opening import Opening
from boocoder.errors import BoocoderError
from boocoder.model.turn import Outcome, StopSignal
from boocoder.service import Supervisor

T = TypeVar("T")


class NotResumed(Exception):
    """The agent does not have the session, and took no prompt in it. `why` is in words."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Try(Protocol):
    """One try of a turn in one session."""

    @property
    def opening(self) -> Opening:
        """The session, with the step that was really taken."""

    async def run(self, port: TurnPort) -> Outcome:
        """Let the agent have the prompt and stay until the turn is over.

        Raises:
            NotResumed: the agent does not have the session.
            LeaseLost: the port refused to go on.
            ProcessError, BackendError, OSError: it cannot be run.
        """

    async def close(self) -> None:
        """Free what the try holds."""


async def unless_stopped(stop: StopSignal, work: Coroutine[None, None, T]) -> T | None:
    """The result of `work`, or None: it is cancelled when the turn is asked to stop.

    Raises:
        BoocoderError, NotResumed: as `work` does.
    """
    supervisor = Supervisor("oneshot-opening")
    working = supervisor.spawn(_settled(work), "open")
    stopping = supervisor.spawn(stop.wait(), "stop")
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            working.cancel()
            await asyncio.wait({working})
    finally:
        await supervisor.stop()
    if working.cancelled():
        return None
    result = working.result()
    if isinstance(result, BoocoderError | NotResumed):
        raise result
    return result


async def _settled(work: Coroutine[None, None, T]) -> T | BoocoderError | NotResumed:
    """Errors that have a name are values here: the supervisor logs those that have none."""
    try:
        return await work
    except (BoocoderError, NotResumed) as error:
        return error
