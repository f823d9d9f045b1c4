"""Splits a model's stream of text into what is said, what is thought, and tool calls written as text. Pure.

What may be the beginning of a call is held back until it is one or is not; nothing of the rest is delayed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from boocoder.backends.native.calls import SentCall
from boocoder.backends.native.written_calls import calls_in

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
}
_OPENER = re.compile("|".join(re.escape(opener) for opener in _CLOSERS) + r"|(?:(?<=\n)|\A)```")
_THINK = ("<think>", "</think>")
_MARKS = (*_CLOSERS, "```")
_LONGEST = max(map(len, _MARKS))
_CALL_FENCES = frozenset(
    {"json", "tool_call", "tool_calls", "tool_code", "tool", "tool_use", "function_call", "xml", ""}
)
_BARE_BEGIN = re.compile(r"\s*(?:\{\s*[\"'\w]|\[\s*\{|\[\s*[a-z_][\w.]*\()")
_BARE_MAYBE = re.compile(r"\s*(?:\{\s*|\[\s*[a-z_.\w]*)?\Z")
_BARE_NAMED = re.compile(r"[\"'](?:name|tool|tool_name|function|action|tool_calls)[\"']\s*:|\A\s*\[")


class Kind(Enum):
    """What a piece is."""

    SAID = auto()
    THOUGHT = auto()


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the stream, never empty."""

    kind: Kind
    text: str


class _State(Enum):
    BEGIN = auto()
    PLAIN = auto()
    THINK = auto()
    FENCE = auto()  # "```" was seen, its label is not complete
    CODE = auto()  # inside a fence that holds no call
    HELD = auto()


class Speech:
    """One answer. Feed it with the stream, then `finish`; `calls` holds what was written as calls."""

    def __init__(self) -> None:
        self._state = _State.BEGIN
        self._buffer = ""
        self._opener = ""
        self._closer = ""
        self._out: list[Piece] = []
        self._tail = "\n"  # what stands before the buffer, as far as it matters: whether a line begins
        self._trim = False  # the blank lines behind thinking are no speech
        self.calls: list[SentCall] = []

    def feed(self, text: str) -> list[Piece]:
        """Take more of the stream and return what can be shown of it."""
        self._buffer += text
        while self._step():
            pass
        return self._taken()

    def finish(self) -> list[Piece]:
        """The stream has ended: return the rest."""
        match self._state:
            case _State.HELD:
                self._close_held(self._buffer)
            case _State.BEGIN if _BARE_BEGIN.match(self._buffer) and (calls := calls_in(self._buffer, guess=False)):
                self.calls += calls
            case _State.BEGIN if not self._buffer.strip():
                pass  # an answer of nothing but blanks says nothing
            case _State.THINK:
                self._give(Kind.THOUGHT, self._buffer)
            case _State.FENCE:
                self._give(Kind.SAID, self._opener + self._buffer)
            case _:
                self._give(Kind.SAID, self._buffer)
        self._buffer = ""
        self._state = _State.PLAIN
        return self._taken()

    def _taken(self) -> list[Piece]:
        out, self._out = self._out, []
        return out

    def _step(self) -> bool:
        """Do what can be done with the buffer; whether the state changed, so that more can be done."""
        match self._state:
            case _State.BEGIN:
                return self._begin()
            case _State.PLAIN:
                return self._plain()
            case _State.THINK:
                return self._until(_THINK[1], Kind.THOUGHT)
            case _State.FENCE:
                return self._fence()
            case _State.CODE:
                return self._until("\n```", Kind.SAID)
            case _State.HELD:
                return self._held()

    def _begin(self) -> bool:
        """The first characters decide: thinking, a bare call, or plain words."""
        start = self._buffer.lstrip()
        if self._trim:
            self._buffer = start
        if start.startswith(_THINK[0]):
            self._buffer = start[len(_THINK[0]) :]
            self._state = _State.THINK
            return True
        if not start or _THINK[0].startswith(start) or (_BARE_MAYBE.match(self._buffer) and len(start) < 64):
            return False
        if _BARE_BEGIN.match(self._buffer):
            if _BARE_NAMED.search(self._buffer[:BARE_LOOK_CHARS]):
                self._opener, self._closer, self._state = "", "", _State.HELD
                return True
            if len(start) < BARE_LOOK_CHARS:
                return False
        self._state = _State.PLAIN
        return True

    def _plain(self) -> bool:
        found = self._find_opener()
        if found is None:
            keep = self._may_begin_mark()
            self._give(Kind.SAID, self._buffer[: len(self._buffer) - keep])
            self._buffer = self._buffer[len(self._buffer) - keep :]
            return False
        self._give(Kind.SAID, self._buffer[: found.start()])
        self._opener = found.group()
        self._buffer = self._buffer[found.end() :]
        if self._opener == "```":
            self._state = _State.FENCE
        else:
            self._closer, self._state = _CLOSERS[self._opener], _State.HELD
        return True

    def _find_opener(self) -> re.Match[str] | None:
        for found in _OPENER.finditer(self._buffer):
            if found.group() != "```" or found.start() > 0 or self._tail.endswith("\n"):
                return found
        return None

    def _may_begin_mark(self) -> int:
        """How many characters at the end of the buffer may be the beginning of a mark."""
        end = self._buffer[-_LONGEST:]
        if not any(first in end for first in "<[`"):
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
            self._closer, self._state = "\n```", _State.HELD
        else:
            self._give(Kind.SAID, self._opener)
            self._state = _State.CODE
        return True

    def _until(self, closer: str, kind: Kind) -> bool:
        """Give what stands before the closer. Of a fence the closer is shown too, of thinking it is not."""
        place = self._buffer.find(closer)
        if place < 0:
            ends = range(min(len(closer) - 1, len(self._buffer)), 0, -1)
            keep = next((size for size in ends if self._buffer.endswith(closer[:size])), 0)
            self._give(kind, self._buffer[: len(self._buffer) - keep])
            self._buffer = self._buffer[len(self._buffer) - keep :]
            return False
        shown = place if kind is Kind.THOUGHT else place + len(closer)
        self._give(kind, self._buffer[:shown])
        self._buffer = self._buffer[place + len(closer) :]
        if kind is Kind.THOUGHT:
            self._trim = True
            self._state = _State.BEGIN
        else:
            self._state = _State.PLAIN
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
        self._state = _State.PLAIN
        return True

    def _close_held(self, block: str) -> None:
        marked = self._opener not in ("", "```") and not self._opener.startswith("```")
        calls = calls_in(self._opener + block if marked else block.removesuffix("\n```"), guess=marked)
        if calls:
            self.calls += calls
        else:
            self._give(Kind.SAID, self._opener + block)

    def _give(self, kind: Kind, text: str) -> None:
        if text:
            self._out.append(Piece(kind, text))
            self._tail = text[-1]
