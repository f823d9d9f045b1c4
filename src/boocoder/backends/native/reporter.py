"""Reports one turn of the native agent: names the parts, journals each event, then hands it to the port."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from boocoder.backends.base import TurnPort
from boocoder.backends.native.journal import TurnJournal
from boocoder.events.agent_event import (
    AgentEvent,
    Notice,
    NoticeLevel,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    ToolStatus,
)
from boocoder.events.clean_text import clean


class Reporter:
    """One turn's way out. Text that follows text, with nothing between, stays in one part; so does reasoning.

    Args:
        port: where events go.
        journal: the agent's own record, always ahead of the port.
    """

    def __init__(self, *, port: TurnPort, journal: TurnJournal) -> None:
        self._port = port
        self._journal = journal
        self._counts: Counter[str] = Counter()
        self._open_part = ""
        self._open_calls: dict[str, ToolCall] = {}
        self._unstored: list[str] = []

    async def say(self, text: str) -> None:
        """Report more of the answer."""
        self._unstored.append(text)
        await self._send(TextDelta(self._continued("text"), clean(text)))

    async def think(self, text: str) -> None:
        """Report more reasoning."""
        await self._send(ReasoningDelta(self._continued("reasoning"), clean(text)))

    async def tool(self, call: ToolCall) -> None:
        """Report a call's present state; the next text begins a new part."""
        self._open_part = ""
        if call.status.final:
            self._open_calls.pop(call.part, None)
        else:
            self._open_calls[call.part] = call
        await self._send(call)

    async def report(self, event: AgentEvent) -> None:
        """Report anything else."""
        await self._send(event)

    async def notice(self, code: str, text: str) -> None:
        """Report something that the person should see."""
        await self._send(Notice(code, text, NoticeLevel.WARNING))

    def new_part(self, kind: str) -> str:
        """A key for a part that begins now."""
        self._counts[kind] += 1
        return f"{kind}-{self._counts[kind]}"

    def answer_ends(self) -> None:
        """The next text is another answer's, and another part."""
        self._open_part = ""

    def answer_stored(self) -> None:
        """What was said so far stands in the conversation's own file."""
        self._journal.answer_stored()
        self._unstored.clear()

    @property
    def unstored_text(self) -> str:
        """What was said since the last answer that was stored."""
        return "".join(self._unstored)

    async def close_calls(self) -> None:
        """Calls that are still open end as cancelled."""
        for call in list(self._open_calls.values()):
            await self.tool(replace(call, status=ToolStatus.CANCELLED))

    def _continued(self, kind: str) -> str:
        if not self._open_part.startswith(f"{kind}-"):
            self._open_part = self.new_part(kind)
        return self._open_part

    async def _send(self, event: AgentEvent) -> None:
        self._journal.write(event)
        await self._port.emit(event)
