"""Reports what the scripted agent does, and counts its words."""

from __future__ import annotations

from boocoder.backends.base import TurnPort
from boocoder.backends.event_journal import TurnJournal
from boocoder.backends.event_reporter import EventReporter
from boocoder.events.agent_event import AgentEvent, ReasoningDelta, TextDelta


class Reporter(EventReporter):
    """One turn's way out; whatever is no text ends the open part."""

    def __init__(self, *, port: TurnPort, journal: TurnJournal) -> None:
        super().__init__(port=port, journal=journal)
        self.words = 0

    async def report(self, event: AgentEvent) -> None:
        """Report any event; each piece of text is a word."""
        if isinstance(event, TextDelta | ReasoningDelta):
            self.words += 1
        else:
            self.end_part()
        await super().report(event)
