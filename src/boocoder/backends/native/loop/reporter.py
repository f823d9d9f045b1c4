"""Emits the events of a native agent's turn: text without control characters, and tool calls."""

from __future__ import annotations

import time
from dataclasses import replace

from boocoder.backends.base import TurnPort
from boocoder.backends.shared.event_journal import TurnJournal
from boocoder.backends.shared.event_reporter import EventReporter
from boocoder.events.agent_event import Notice, NoticeLevel, Progress, ToolCall, ToolStatus
from boocoder.events.clean_text import clean

HEARTBEAT_S = 2.0  # how often text that is not shown counts as a sign of life


class NativeReporter(EventReporter):
    """Emits the events of one turn."""

    def __init__(self, *, port: TurnPort, journal: TurnJournal) -> None:
        super().__init__(port=port, journal=journal)
        self._open_calls: dict[str, ToolCall] = {}
        self._unstored: list[str] = []

    async def say(self, text: str) -> None:
        """Report more of the answer."""
        self._unstored.append(text)
        await super().say(clean(text))

    async def think(self, text: str) -> None:
        """Report more reasoning."""
        await super().think(clean(text))

    async def tool(self, call: ToolCall) -> None:
        """Report a call's current state; the next text begins a new part."""
        self.end_part()
        if call.status.final:
            self._open_calls.pop(call.part, None)
        else:
            self._open_calls[call.part] = call
        await self.report(call)

    async def notice(self, code: str, text: str) -> None:
        """Report a notice to the person."""
        await self.report(Notice(code, text, NoticeLevel.WARNING))

    def answer_stored(self) -> None:
        """Mark the text so far as stored in the conversation's file."""
        self._journal.answer_stored()
        self._unstored.clear()

    @property
    def unstored_text(self) -> str:
        """The text since the last stored answer."""
        return "".join(self._unstored)

    async def close_calls(self) -> None:
        """End open calls as cancelled."""
        for call in list(self._open_calls.values()):
            await self.tool(replace(call, status=ToolStatus.CANCELLED))

    def nested(self, call: str) -> NestedReporter:
        """A reporter for a helper that works for a call.

        Args:
            call: part key of the call.
        """
        return NestedReporter(port=self._port, journal=self._journal, outer=self, call=call)


class NestedReporter(NativeReporter):
    """Emits the tool calls of a helper below the call that it works for; what the helper says is not shown.

    Args:
        outer: of the turn; names the parts and knows the open calls.
        call: part key of the call.
    """

    def __init__(self, *, port: TurnPort, journal: TurnJournal, outer: NativeReporter, call: str) -> None:
        super().__init__(port=port, journal=journal)
        self._outer = outer
        self._call = call
        self._alive_at = 0.0

    def new_part(self, kind: str) -> str:
        """A key that is unique in the turn."""
        return self._outer.new_part(kind)

    async def say(self, text: str) -> None:
        """Show that the helper lives."""
        await self._prove_life()

    async def think(self, text: str) -> None:
        """Show that the helper lives."""
        await self._prove_life()

    async def tool(self, call: ToolCall) -> None:
        """Report a call's current state, below the call that the helper works for."""
        await self._outer.tool(replace(call, parent=self._call))

    def answer_stored(self) -> None:
        """Nothing: a helper's answers are not in the conversation's file."""

    async def _prove_life(self) -> None:
        if time.monotonic() - self._alive_at >= HEARTBEAT_S:
            self._alive_at = time.monotonic()
            await self.report(Progress())
