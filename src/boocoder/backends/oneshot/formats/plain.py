"""Reader of plain text: every line is part of the answer, without terminal codes.

The end of the process is the end of the turn; plain text has no other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from boocoder.backends.oneshot.formats.reader import OutputReader
from boocoder.backends.oneshot.formats.terminal_text import TerminalText
from boocoder.events.agent_event import AgentEvent

_CODES = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2\x9b")
_WHITE_LINE = re.compile(r"^[^\S\n]+$", re.MULTILINE)


class PlainReader(OutputReader):
    """Reads one turn."""

    explicit = False

    def __init__(self) -> None:
        super().__init__()
        self._terminal = TerminalText()
        self._codes_seen = False
        self._blank = 0

    @property
    def stripped(self) -> bool:
        """Whether the answer lacks something that the output had."""
        return self._terminal.stripped

    def take(self, line: bytes) -> list[AgentEvent]:
        """The events of a line."""
        line = line.removesuffix(b"\r")
        text = line.decode("utf-8", "replace")
        if self._codes_seen or _CODES.search(line):  # a machine that looks at every character is for those who need it
            self._codes_seen = True
            shown = self._terminal.line(text)
        else:
            shown = text
        return [] if shown is None else self._say(shown)

    def take_all(self, lines: Sequence[bytes]) -> list[AgentEvent]:
        """As `take` for each line, at once where none has a code: a command may print millions of lines."""
        block = b"\n".join(lines)
        if self._codes_seen or _CODES.search(block):
            return super().take_all(lines)
        text = _WHITE_LINE.sub("", block.decode("utf-8", "replace"))
        body = text.strip("\n")
        if not body:
            self._blank += len(lines)
            return []
        self._blank += len(text) - len(text.lstrip("\n"))
        events = self._say(body)
        self._blank = len(text) - len(text.rstrip("\n"))
        return events

    def _say(self, line: str) -> list[AgentEvent]:
        """The line, with blank lines before it only between two others."""
        if not line.strip():
            self._blank += 1
            return []
        before = "\n" * (self._blank + 1) if self.story.said_something else ""
        self._blank = 0
        return self.story.say(before + line)
