"""How a turn ends that its agent did not end by itself, for backends whose agents are processes of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

from boocoder.backends.failure_words import AGAIN
from boocoder.model.turn import Cancelled, Failed, Interrupted, Outcome, StopReason, StopSignal, TimedOut, TurnError
from boocoder.service import Supervisor

T = TypeVar("T")


def stopped(reason: StopReason) -> Outcome:
    """The outcome of a turn that was asked to end."""
    match reason:
        case StopReason.CANCELLED:
            return Cancelled()
        case StopReason.SILENT:
            return TimedOut(TurnError("agent_silent", "The agent said nothing for too long.", AGAIN))
        case StopReason.SHUTDOWN:
            return Interrupted(
                TurnError("host_stopped", "boocoder was stopped during the turn.", "Resume it with a new prompt.")
            )
        case StopReason.LEASE_LOST:
            return Interrupted(TurnError("lease_lost", "Another host took this turn over.", "Watch it there."))


def died(text: str, *, expected: bool) -> Outcome:
    """The agent's process ended in mid-turn; `expected` when we ended it."""
    if expected:
        return Interrupted(TurnError("agent_stopped", "The agent was stopped while the turn ran.", "Resume the turn."))
    return Failed(TurnError("agent_died", text, "Send the prompt again; boocoder starts the agent anew."))


async def unless_stopped(
    stop: StopSignal, work: Coroutine[None, None, T], *, named: tuple[type[Exception], ...], owner: str
) -> T | None:
    """The result of `work`, or None: it is cancelled when the turn is asked to stop.

    Args:
        named: errors that are let through as they are; the supervisor logs those that have no name.
        owner: of the two background tasks.

    Raises:
        Exception: one of `named`, as `work` raises it.
    """
    supervisor = Supervisor(owner)
    working = supervisor.spawn(_settled(work, named), "open")
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
    if isinstance(result, Exception):
        raise result
    return result


async def _settled(work: Coroutine[None, None, T], named: tuple[type[Exception], ...]) -> T | Exception:
    """Errors that have a name are values here."""
    try:
        return await work
    except named as error:
        return error
