"""Outcomes that every backend and dispatch share: stop requests, deaths, lost records."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import TypeVar

from boocoder.backends.shared.error_messages import AGAIN
from boocoder.events.agent_event import Notice, NoticeLevel
from boocoder.model.turn import Cancelled, Failed, Interrupted, Outcome, StopReason, StopSignal, TimedOut, TurnError
from boocoder.process.orphans import ToolProcess
from boocoder.service import TaskSupervisor

T = TypeVar("T")

_PROCESSES_SHOWN = 5
_COMMAND_SHOWN_CHARS = 80
RESUME = "Resume the turn."
NOTHING_STORED = "the agent's store knows nothing of the turn"
SILENT = TurnError("agent_silent", "The agent said nothing for too long.", AGAIN)


def stopped(reason: StopReason, *, silence: TurnError = SILENT) -> Outcome:
    """The outcome of a turn that was asked to end.

    Args:
        silence: the error of a turn that the watchdog ended.
    """
    match reason:
        case StopReason.CANCELLED:
            return Cancelled()
        case StopReason.SILENT:
            return TimedOut(silence)
        case StopReason.SHUTDOWN:
            return Interrupted(TurnError("host_stopped", "boocoder was stopped during the turn.", RESUME))
        case StopReason.LEASE_LOST:
            return Interrupted(TurnError("lease_lost", "Another host took over this turn.", "Watch it there."))


def died(text: str, *, expected: bool) -> Outcome:
    """The agent's process ended in mid-turn; `expected` when we ended it."""
    if expected:
        return Interrupted(TurnError("agent_stopped", "The agent was stopped while the turn ran.", "Resume the turn."))
    return Failed(TurnError("agent_died", text, "Send the prompt again; boocoder restarts the agent."))


def host_died(kept: str = "what the agent said and did is kept") -> Interrupted:
    """boocoder died during the turn.

    Args:
        kept: what is left of the turn.
    """
    return Interrupted(TurnError("host_died", f"boocoder died during the turn; {kept}.", RESUME))


def prompt_not_received(text: str) -> Interrupted:
    """boocoder died during the turn and nothing shows that the agent got the prompt."""
    return Interrupted(TurnError("prompt_not_received", text, RESUME))


def processes_left(left: Sequence[ToolProcess]) -> Notice | None:
    """The notice about processes that outlive their turn; None if there are none.

    Args:
        left: what the turn's tools started and still runs.
    """
    if not left:
        return None
    shown = ", ".join(f"`{one.command[:_COMMAND_SHOWN_CHARS]}` ({one.pid})" for one in left[:_PROCESSES_SHOWN])
    more = f" and {len(left) - _PROCESSES_SHOWN} more" * (len(left) > _PROCESSES_SHOWN)
    what = "A process" if len(left) == 1 else f"{len(left)} processes"
    text = f"{what} that the agent started still {'runs' if len(left) == 1 else 'run'}: {shown}{more}."
    cure = "`boocoder sessions processes SESSION` lists them, and ends one with --end PID."
    return Notice("processes_left", f"{text} {cure}", NoticeLevel.INFO)


def journal_not_written(error: OSError) -> Failed:
    """The turn's journal could not be written."""
    text = f"boocoder cannot write its record of the turn: {error}."
    return Failed(TurnError("journal_broken", text, "Check free space in boocoder's data directory."))


def journal_not_read(error: OSError) -> Interrupted:
    """The turn's journal could not be read after a crash."""
    return Interrupted(TurnError("journal_broken", f"boocoder's record of the turn cannot be read: {error}.", RESUME))


async def unless_stopped(
    stop: StopSignal, work: Coroutine[None, None, T], *, named: tuple[type[Exception], ...], task_group: str
) -> T | None:
    """The result of `work`, or None: it is cancelled when the turn is asked to stop.

    Args:
        named: errors that are let through as they are; the supervisor logs those that have no name.
        task_group: of the two background tasks.

    Raises:
        Exception: one of `named`, as `work` raises it.
    """
    supervisor = TaskSupervisor(task_group)
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
