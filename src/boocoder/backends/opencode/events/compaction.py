"""Shows how opencode sums up a conversation that fills its model's context; the summary itself is no answer."""

from __future__ import annotations

from boocoder.backends.opencode.http.wire import MessageInfo
from boocoder.events.agent_event import AgentEvent, Progress

COMPACTION_MODE = "compaction"  # of the message that holds a summary
_TEXT = "opencode sums up the conversation to make room"
_STEP_CHARS = 200  # of the summary between two reports


class CompactionProgress:
    """The summary of one turn."""

    def __init__(self) -> None:
        self._message = ""
        self._chars = 0

    def is_summary(self, message_id: str) -> bool:
        """Whether a message holds the summary."""
        return message_id == self._message

    def on_head(self, info: MessageInfo) -> list[AgentEvent]:
        """A message begins or goes on."""
        if info.mode != COMPACTION_MODE or not info.open or info.id == self._message:
            return []
        self._message, self._chars = info.id, 0
        return [Progress(_TEXT)]

    def on_text(self, text: str) -> list[AgentEvent]:
        """The summary grows."""
        before, self._chars = self._chars, self._chars + len(text)
        if before // _STEP_CHARS == self._chars // _STEP_CHARS:
            return []
        return [Progress(f"{_TEXT}: {self._chars:,} characters")]
