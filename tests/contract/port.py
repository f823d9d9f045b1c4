"""A turn port in memory: it records what a backend reports and answers what it asks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from boocoder.errors import LeaseLost
from boocoder.events.agent_event import (
    AgentEvent,
    AgentSessionOpened,
    PermissionAnswer,
    PermissionRequest,
    Plan,
    QuestionAnswer,
    QuestionRequest,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    Usage,
)
from boocoder.model.turn import AgentSessionRef, StopSignal
from tests.waiting import PATIENCE_S

ALLOWED = PermissionAnswer(allowed=True)
E = TypeVar("E")


class RecordingPort:
    """Implements TurnPort.

    Args:
        stop: the turn's stop signal; open requests are refused or dismissed when it is set.
        permission: the answer to every permission request; None leaves them open until the stop.
        question: the answer to every question; None leaves them open until the stop.
        lose_lease_at: `emit` raises LeaseLost for the first event for which this is true, and ever after.
    """

    def __init__(
        self,
        *,
        stop: StopSignal,
        permission: PermissionAnswer | None = ALLOWED,
        question: QuestionAnswer | None = None,
        lose_lease_at: Callable[[AgentEvent], bool] | None = None,
    ) -> None:
        self._stop = stop
        self._permission = permission
        self._question = question
        self._lose_lease_at = lose_lease_at
        self._changed = asyncio.Event()
        self.lease_lost = False
        self.events: list[AgentEvent] = []
        self.permission_requests: list[PermissionRequest] = []
        self.question_requests: list[QuestionRequest] = []

    async def emit(self, event: AgentEvent) -> None:
        if self.lease_lost or (self._lose_lease_at is not None and self._lose_lease_at(event)):
            self.lease_lost = True
            raise LeaseLost("lease_lost", "Another host owns this turn.")
        self.events.append(event)
        self._announce()

    async def ask_permission(self, request: PermissionRequest) -> PermissionAnswer:
        self.permission_requests.append(request)
        self._announce()
        if self._permission is not None:
            return self._permission
        await self._stop.wait()
        return PermissionAnswer(allowed=False, message="The turn was stopped.")

    async def ask_question(self, request: QuestionRequest) -> QuestionAnswer:
        self.question_requests.append(request)
        self._announce()
        if self._question is not None:
            return self._question
        await self._stop.wait()
        return QuestionAnswer(None)

    async def wait_until(self, condition: Callable[[RecordingPort], bool], timeout_s: float = PATIENCE_S) -> None:
        """Wait until the condition holds; asked after every event and request.

        Raises:
            TimeoutError: it does not hold after `timeout_s` seconds.
        """
        async with asyncio.timeout(timeout_s):
            while not condition(self):
                await self._changed.wait()

    def of(self, kind: type[E]) -> list[E]:
        """All events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def text(self) -> str:
        """The whole answer, over all text parts."""
        return "".join(delta.text for delta in self.of(TextDelta))

    @property
    def reasoning(self) -> str:
        """The whole reasoning, over all parts."""
        return "".join(delta.text for delta in self.of(ReasoningDelta))

    @property
    def tools(self) -> dict[str, list[ToolCall]]:
        """All states of each tool call, by its part, in the order of their beginnings."""
        calls: dict[str, list[ToolCall]] = {}
        for call in self.of(ToolCall):
            calls.setdefault(call.part, []).append(call)
        return calls

    @property
    def final_tools(self) -> list[ToolCall]:
        """The newest state of each tool call."""
        return [states[-1] for states in self.tools.values()]

    @property
    def plan(self) -> Plan:
        """The newest plan."""
        return self.of(Plan)[-1]

    @property
    def usage(self) -> Usage:
        """The newest usage."""
        return self.of(Usage)[-1]

    @property
    def opened(self) -> AgentSessionOpened:
        """The one agent session of the turn."""
        (opened,) = self.of(AgentSessionOpened)
        return opened

    @property
    def agent_session(self) -> AgentSessionRef:
        """The agent session as the next turn gets it."""
        return AgentSessionRef(self.opened.native_id, self.opened.config_hash)

    def _announce(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
