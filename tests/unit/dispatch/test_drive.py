"""Whatever a backend does, a driven turn has one outcome in bounded time."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest

from boocoder.backends.base import TurnPort
from boocoder.backends.shared.outcomes import stopped
from boocoder.dispatch.liveness import Liveness
from boocoder.dispatch.turn.drive import drive
from boocoder.errors import BackendError, LeaseLost
from boocoder.events import agent_event
from boocoder.model.agent import AgentInfo, AgentState
from boocoder.model.ids import ChatId, SessionId, TaskId
from boocoder.model.turn import (
    AgentSessionRef,
    Cancelled,
    Completed,
    Failed,
    Interrupted,
    Outcome,
    StopReason,
    TimedOut,
    TurnRequest,
)


class Quiet:
    """A port that ignores all events."""

    async def emit(self, event: agent_event.AgentEvent) -> None:
        pass

    async def ask_permission(self, request: agent_event.PermissionRequest) -> agent_event.PermissionAnswer:
        return agent_event.PermissionAnswer(allowed=False)

    async def ask_question(self, request: agent_event.QuestionRequest) -> agent_event.QuestionAnswer:
        return agent_event.QuestionAnswer(None)


class FakeBackend:
    """Returns or raises `end`, at once or when stopped; `stubborn` ignores the stop."""

    name = "fake"
    stop_grace_s = 0.1

    def __init__(
        self, end: Outcome | BaseException | None, *, when_stopped: bool = False, stubborn: bool = False
    ) -> None:
        self._end = end
        self._when_stopped = when_stopped
        self._stubborn = stubborn
        self.cancelled = False

    async def run_turn(self, request: TurnRequest, port: TurnPort) -> Outcome:
        try:
            if self._stubborn:
                await asyncio.Event().wait()
            if self._when_stopped or self._end is None:
                await request.stop.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        if isinstance(self._end, BaseException):
            raise self._end
        return self._end or Cancelled()

    async def reconcile(self, request: TurnRequest, port: TurnPort) -> bool:
        return True

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def warm(self, worktree: Path) -> None: ...
    async def forget(self, worktree: Path) -> None: ...

    async def probe(self) -> AgentInfo:
        return AgentInfo("fake", "fake", AgentState.READY)

    async def recover(self, request: TurnRequest, native: AgentSessionRef, port: TurnPort) -> Outcome:
        return Completed()


def request() -> TurnRequest:
    return TurnRequest(
        TaskId(uuid4()), 1, SessionId(uuid4()), ChatId(uuid4()), "fake", prompt="do it", worktree=Path("/nowhere")
    )


def liveness(silence_s: float = 60.0) -> Liveness:
    return Liveness(silence_s=silence_s, tool_silence_s=silence_s, running_tools=lambda: 0)


async def driven(backend: FakeBackend, *, reason: StopReason | None = None, silence_s: float = 60.0) -> Outcome:
    turn = request()
    if reason is not None:
        asyncio.get_running_loop().call_later(0.05, turn.stop.set, reason)
    async with asyncio.timeout(60):
        return await drive(backend, turn, Quiet(), liveness(silence_s))


async def test_the_backends_own_outcome_stands() -> None:
    assert await driven(FakeBackend(Completed())) == Completed()


@pytest.mark.parametrize("stubborn", [False, True])
@pytest.mark.parametrize(
    ("reason", "kind"),
    [(StopReason.CANCELLED, Cancelled), (StopReason.SHUTDOWN, Interrupted), (StopReason.SILENT, TimedOut)],
)
async def test_a_stop_ends_the_turn_even_if_the_backend_ignores_it(
    reason: StopReason, kind: type[Outcome], stubborn: bool
) -> None:
    backend = FakeBackend(stopped(reason), when_stopped=True, stubborn=stubborn)
    outcome = await driven(backend, reason=reason)
    assert isinstance(outcome, kind)
    assert backend.cancelled is stubborn


async def test_a_turn_that_completed_while_it_was_cancelled_reads_as_completed() -> None:
    assert await driven(FakeBackend(Completed(), when_stopped=True), reason=StopReason.CANCELLED) == Completed()


async def test_silence_times_the_turn_out_with_a_reason_and_a_cure() -> None:
    outcome = await driven(FakeBackend(None, stubborn=True), silence_s=0.05)
    assert isinstance(outcome, TimedOut)
    assert outcome.error.code == "agent_silent"
    assert "reported the turn as running" in outcome.error.text and outcome.error.cure


async def test_a_fault_of_the_backend_is_a_named_failure() -> None:
    outcome = await driven(FakeBackend(ValueError("boom")))
    assert isinstance(outcome, Failed) and outcome.error.code == "backend_error" and "boom" in outcome.error.text
    outcome = await driven(FakeBackend(BackendError("agent_odd", "It said nonsense.", "Update it.")))
    assert isinstance(outcome, Failed) and (outcome.error.code, outcome.error.cure) == ("agent_odd", "Update it.")


@pytest.mark.parametrize("stubborn", [False, True])
async def test_a_lost_lease_passes_through(stubborn: bool) -> None:
    with pytest.raises(LeaseLost):
        await driven(FakeBackend(None, stubborn=stubborn), reason=StopReason.LEASE_LOST)
    with pytest.raises(LeaseLost):
        await driven(FakeBackend(LeaseLost("lease_lost", "gone")))
