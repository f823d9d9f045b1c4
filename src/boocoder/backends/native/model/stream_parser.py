"""Splits a model's text stream into text, thinking, and tool calls written as text. No I/O.

Text that may be the beginning of a call is held back until that is decided; nothing else is delayed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from boocoder.backends.native.model.inline_tool_calls import calls_in
from boocoder.backends.native.model.tool_calls import SentCall

HOLD_MAX_CHARS = 400_000  # a call with a whole file in it; past this it is shown as text
BARE_LOOK_CHARS = 240  # an answer that begins with a brace names its tool within so many characters

_CLOSERS = {
    "<tool_call>": "</tool_call>",
    "<tool_calls>": "</tool_calls>",
    "<function_call>": "</function_call>",
    "<function_calls>": "</function_calls>",
    "<tool_use>": "</tool_use>",
    "<function=": "</function>",
    "<invoke ": "</invoke>",
    "[TOOL_CALLS]": "",  # to the end of the answer
    "<|tool_call|>": "<|/tool_call|>",
    "<|python_tag|>": "",
    "assistantcommentary to=": "",  # gpt-oss behind a server that drops its special tokens
}
_THINK = ("<think>", "</think>")
_CHANNELS = ("<|channel|>", "<|start|>")  # gpt-oss: a header up to <|message|>, then text up to one of the ends
_MESSAGE = "<|message|>"
_CHANNEL_ENDS = ("<|end|>", "<|return|>", "<|call|>")
_CHANNEL_END = re.compile("|".join(map(re.escape, (*_CHANNEL_ENDS, *_CHANNELS))))
_CHANNEL_HEAD_CHARS = 300
_OPENER = re.compile(
    "|".join(map(re.escape, (*_CLOSERS, *_CHANNELS, *_CHANNEL_ENDS, _THINK[1]))) + r"|(?:(?<=\n)|\A)```"
)
_MARKS = (*_CLOSERS, *_CHANNELS, *_CHANNEL_ENDS, _THINK[1], "```")
_LONGEST = max(map(len, _MARKS))
_CALL_FENCES = frozenset(
    {"json", "tool_call", "tool_calls", "tool_code", "tool", "tool_use", "function_call", "xml", ""}
)
_BARE_BEGIN = re.compile(r"\s*(?:\{\s*[\"'\w]|\[\s*\{|\[\s*[a-z_][\w.]*\()")
_BARE_MAYBE = re.compile(r"\s*(?:\{\s*|\[\s*[a-z_.\w]*)?\Z")
_BARE_NAMED = re.compile(r"[\"'](?:name|tool|tool_name|function|action|tool_calls)[\"']\s*:|\A\s*\[")


class SegmentKind(Enum):
    """Kind of a segment."""

    SAID = auto()
    THOUGHT = auto()


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment of the stream, never empty."""

    kind: SegmentKind
    text: str


class _ParserState(Enum):
    BEGIN = auto()
    PLAIN = auto()
    THINK = auto()
    FENCE = auto()  # "```" was seen, its label is not complete
    CODE = auto()  # inside a fence that holds no call
    HELD = auto()
    CHANNEL_HEAD = auto()
    CHANNEL = auto()


class StreamParser:
    """Parses one answer: `feed` it the stream, then `finish`; `calls` has the calls written as text.

    Args:
        thinking_first: the model's answers begin with thinking without an opening tag.

    Attributes:
        closed_unopened: thinking was closed without having been opened: everything before it was thinking.
        thinking_closed: thinking was closed.
    """

    def __init__(self, *, thinking_first: bool = False) -> None:
        self._state = _ParserState.THINK if thinking_first else _ParserState.BEGIN
        self._channel = SegmentKind.SAID
        self._assumed = thinking_first
        self.closed_unopened = False
        self.thinking_closed = False
        self._buffer = ""
        self._opener = ""
        self._closer = ""
        self._out: list[Segment] = []
        self._tail = "\n"  # end of the text before the buffer: shows whether a line begins
        self._trim = False  # the blank lines behind thinking are no speech
        self.calls: list[SentCall] = []

    def feed(self, text: str) -> list[Segment]:
        """Add more of the stream and return the segments that can be shown."""
        self._buffer += text
        while self._step():
            pass
        return self._taken()

    @property
    def held(self) -> str:
        """Text that may be a call and is held back for now."""
        return self._opener + self._buffer if self._state is _ParserState.HELD else ""

    def expect_answer(self) -> None:
        """The server separates thinking from text: treat the text as the answer from its beginning."""
        if self._assumed and self._state is _ParserState.THINK and not self._buffer:
            self._state = _ParserState.BEGIN
        self._assumed = False

    def finish(self) -> list[Segment]:
        """End the stream and return the rest."""
        match self._state:
            case _ParserState.HELD:
                self._close_held(self._buffer)
            case _ParserState.BEGIN if _BARE_BEGIN.match(self._buffer) and (
                calls := calls_in(self._buffer, guess=False)
            ):
                self.calls += calls
            case _ParserState.BEGIN if not self._buffer.strip():
                pass  # an answer of nothing but blanks says nothing
            case _ParserState.THINK:
                self._give(SegmentKind.THOUGHT, self._buffer)
            case _ParserState.FENCE | _ParserState.CHANNEL_HEAD:
                self._give(SegmentKind.SAID, self._opener + self._buffer)
            case _ParserState.CHANNEL:
                self._give(self._channel, self._buffer)
            case _:
                self._give(SegmentKind.SAID, self._buffer)
        self._buffer = ""
        self._state = _ParserState.PLAIN
        return self._taken()

    def _taken(self) -> list[Segment]:
        out, self._out = self._out, []
        return out

    def _step(self) -> bool:
        """Process the buffer; returns whether the state changed, so that more can be processed."""
        match self._state:
            case _ParserState.BEGIN:
                return self._begin()
            case _ParserState.PLAIN:
                return self._plain()
            case _ParserState.THINK:
                return self._until(_THINK[1], SegmentKind.THOUGHT)
            case _ParserState.FENCE:
                return self._fence()
            case _ParserState.CODE:
                return self._until("\n```", SegmentKind.SAID)
            case _ParserState.HELD:
                return self._held()
            case _ParserState.CHANNEL_HEAD:
                return self._channel_head()
            case _ParserState.CHANNEL:
                return self._channel_text()

    def _begin(self) -> bool:
        """Decide by the first characters: thinking, a bare call, or plain text."""
        start = self._buffer.lstrip()
        if self._trim:
            self._buffer = start
        if start.startswith(_THINK[0]):
            self._buffer = start[len(_THINK[0]) :]
            self._state = _ParserState.THINK
            return True
        if not start or _THINK[0].startswith(start) or (_BARE_MAYBE.match(self._buffer) and len(start) < 64):
            return False
        if _BARE_BEGIN.match(self._buffer):
            if _BARE_NAMED.search(self._buffer[:BARE_LOOK_CHARS]):
                self._opener, self._closer, self._state = "", "", _ParserState.HELD
                return True
            if len(start) < BARE_LOOK_CHARS:
                return False
        self._state = _ParserState.PLAIN
        return True

    def _plain(self) -> bool:
        found = self._find_opener()
        if found is None:
            keep = self._may_begin_mark()
            self._give(SegmentKind.SAID, self._buffer[: len(self._buffer) - keep])
            self._buffer = self._buffer[len(self._buffer) - keep :]
            return False
        self._give(SegmentKind.SAID, self._buffer[: found.start()])
        self._opener = found.group()
        self._buffer = self._buffer[found.end() :]
        self._open(self._opener)
        return True

    def _open(self, opener: str) -> None:
        if opener == "```":
            self._state = _ParserState.FENCE
        elif opener in _CHANNELS:
            self._state = _ParserState.CHANNEL_HEAD
        elif opener == _THINK[1]:
            self.closed_unopened, self._trim, self._state = True, True, _ParserState.BEGIN
            self._out = [Segment(SegmentKind.THOUGHT, one.text) for one in self._out]
        elif opener in _CLOSERS:
            self._closer, self._state = _CLOSERS[opener], _ParserState.HELD

    def _channel_head(self) -> bool:
        head, mark, rest = self._buffer.partition(_MESSAGE)
        if not mark and len(self._buffer) <= _CHANNEL_HEAD_CHARS:
            return False
        if not mark:
            self._give(SegmentKind.SAID, self._opener)
            self._state = _ParserState.PLAIN
        elif " to=" in head:
            self._opener, self._buffer = self._opener + head + mark, rest
            self._closer, self._state = "<|call|>", _ParserState.HELD
        else:
            self._channel = SegmentKind.THOUGHT if "analysis" in head else SegmentKind.SAID
            self._buffer, self._state = rest, _ParserState.CHANNEL
        return True

    def _channel_text(self) -> bool:
        found = _CHANNEL_END.search(self._buffer)
        if found is None:
            keep = self._may_begin_mark()
            self._give(self._channel, self._buffer[: len(self._buffer) - keep])
            self._buffer = self._buffer[len(self._buffer) - keep :]
            return False
        self._give(self._channel, self._buffer[: found.start()])
        self._buffer = self._buffer[found.start() if found.group() in _CHANNELS else found.end() :]
        self._state = _ParserState.PLAIN
        return True

    def _find_opener(self) -> re.Match[str] | None:
        for found in _OPENER.finditer(self._buffer):
            if found.group() != "```" or found.start() > 0 or self._tail.endswith("\n"):
                return found
        return None

    def _may_begin_mark(self) -> int:
        """Number of characters at the end of the buffer that may be the beginning of a mark."""
        end = self._buffer[-_LONGEST:]
        if not any(first in end for first in "<[`a"):
            return 0
        sizes = range(min(len(end), _LONGEST - 1), 0, -1)
        return next((size for size in sizes if any(mark.startswith(end[-size:]) for mark in _MARKS)), 0)

    def _fence(self) -> bool:
        label, line_end, rest = self._buffer.partition("\n")
        if not line_end:
            return False
        self._opener += label + line_end
        self._buffer = rest
        if label.strip().lower() in _CALL_FENCES:
            self._closer, self._state = "\n```", _ParserState.HELD
        else:
            self._give(SegmentKind.SAID, self._opener)
            self._state = _ParserState.CODE
        return True

    def _until(self, closer: str, kind: SegmentKind) -> bool:
        """Emit the text before the closing mark. The mark itself is shown for a fence, not for thinking."""
        place = self._buffer.find(closer)
        if place < 0:
            ends = range(min(len(closer) - 1, len(self._buffer)), 0, -1)
            keep = next((size for size in ends if self._buffer.endswith(closer[:size])), 0)
            self._give(kind, self._buffer[: len(self._buffer) - keep])
            self._buffer = self._buffer[len(self._buffer) - keep :]
            return False
        shown = place if kind is SegmentKind.THOUGHT else place + len(closer)
        self._give(kind, self._buffer[:shown])
        self._buffer = self._buffer[place + len(closer) :]
        if kind is SegmentKind.THOUGHT:
            self._trim = self.thinking_closed = True
            self._state = _ParserState.BEGIN
        else:
            self._state = _ParserState.PLAIN
        return True

    def _held(self) -> bool:
        place = self._buffer.find(self._closer) if self._closer else -1
        if place < 0:
            if len(self._buffer) <= HOLD_MAX_CHARS:
                return False
            place = len(self._buffer) - len(self._closer)
        end = place + len(self._closer)
        block, self._buffer = self._buffer[:end], self._buffer[end:]
        self._close_held(block)
        self._state = _ParserState.PLAIN
        return True

    def _close_held(self, block: str) -> None:
        marked = self._opener not in ("", "```") and not self._opener.startswith("```")
        calls = calls_in(self._opener + block if marked else block.removesuffix("\n```"), guess=marked)
        if calls:
            self.calls += calls
        else:
            self._give(SegmentKind.SAID, self._opener + block)

    def _give(self, kind: SegmentKind, text: str) -> None:
        if text:
            self._out.append(Segment(kind, text))
            self._tail = text[-1]
