"""Reports events of a built-in agent: names their parts, journals each event, then passes it to the port."""

from __future__ import annotations

from collections import Counter

from boocoder.backends.base import TurnPort
from boocoder.backends.shared.event_journal import TurnJournal
from boocoder.events.agent_event import AgentEvent, ReasoningDelta, TextDelta


class EventReporter:
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

    async def say(self, text: str) -> None:
        """Report more of the answer."""
        await self.report(TextDelta(self._continued("text"), text))

    async def think(self, text: str) -> None:
        """Report more reasoning."""
        await self.report(ReasoningDelta(self._continued("reasoning"), text))

    async def report(self, event: AgentEvent) -> None:
        """Report any event."""
        self._journal.write(event)
        await self._port.emit(event)

    def end_part(self) -> None:
        """The next text begins a new part."""
        self._open_part = ""

    def new_part(self, kind: str) -> str:
        """A key for a part that begins now."""
        self._counts[kind] += 1
        return f"{kind}-{self._counts[kind]}"

    def _continued(self, kind: str) -> str:
        if not self._open_part.startswith(f"{kind}-"):
            self._open_part = self.new_part(kind)
        return self._open_part
