"""Base of all format readers: they take one line at a time and never fail."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping, Sequence

from boocoder.backends.oneshot.formats.event_builder import EventBuilder, joined
from boocoder.events import json_coerce
from boocoder.events.agent_event import AgentEvent

_STRAY_LINES = 20  # kept for the text of an error
_STRAY_CHARS = 500


class OutputReader(ABC):
    """Reads one turn's output.

    Attributes:
        story: the turn so far.
        broken: lines that looked like a message but were damaged.
        explicit: whether the format has a final message, so that the exit of the process does not end a turn.
    """

    explicit = True

    def __init__(self) -> None:
        self.story = EventBuilder()
        self.broken = 0
        self._stray: deque[str] = deque(maxlen=_STRAY_LINES)

    @abstractmethod
    def take(self, line: bytes) -> list[AgentEvent]:
        """The events of a line."""

    def take_all(self, lines: Sequence[bytes]) -> list[AgentEvent]:
        """The events of several lines, with neighbouring pieces of one text made one."""
        return joined(event for line in lines for event in self.take(line))

    def finish(self) -> list[AgentEvent]:
        """The events of the end of the output."""
        return []

    @property
    def stray_text(self) -> str:
        """The last lines that are none of the format's: banners, warnings, errors in words."""
        return "\n".join(self._stray)


class JsonReader(OutputReader):
    """Reads lines that hold one JSON object each; anything else is remembered for an error's text."""

    def take(self, line: bytes) -> list[AgentEvent]:
        """The events of a line."""
        line = line.strip()
        if not line:
            return []
        try:
            value = json_coerce.decode(line)
        except (ValueError, RecursionError):
            self.broken += line[:1] == b"{"
            value = None
        if isinstance(value, dict):
            return self.on_object(value)
        self._stray.append(line[:_STRAY_CHARS].decode("utf-8", "replace"))
        return []

    @abstractmethod
    def on_object(self, fields: Mapping[str, object]) -> list[AgentEvent]:
        """The events of a message."""
