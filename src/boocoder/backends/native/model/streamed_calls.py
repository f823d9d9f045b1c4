"""Assembles the tool calls of a streamed answer from their chunks."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from boocoder.backends.native.loop.repetition import ARGUMENT_MIN_CHARS, RepetitionGuard
from boocoder.backends.native.model.errors import CHECK_SERVER, ModelError
from boocoder.backends.native.model.tool_calls import SentCall
from boocoder.backends.native.model.wire import CallDelta
from boocoder.events.clean_text import clean

CALLS_MAX = 32  # of one answer; more is a runaway
EQUAL_CALLS_MAX = 3  # in a row in one answer; the model would go on for ever


def _argument_guard() -> RepetitionGuard:
    return RepetitionGuard(min_chars=ARGUMENT_MIN_CHARS, what="content in a tool call")


@dataclass
class StreamedCall:
    """An incomplete call.

    Args:
        id, name: as the server sent them.
        pieces: chunks of the arguments.
        chars: total length of the chunks.
        guard: detects content that repeats itself.
    """

    id: str = ""
    name: str = ""
    pieces: list[str] = field(default_factory=list)
    chars: int = 0
    guard: RepetitionGuard = field(default_factory=_argument_guard)

    @property
    def arguments(self) -> str:
        """The arguments so far, with split surrogate pairs joined."""
        return clean("".join(self.pieces))

    def sent(self, *, whole: bool = True) -> SentCall:
        """The call in its current state."""
        return SentCall(self.name, self.arguments, self.id, whole=whole)


class StreamedCalls:
    """The calls of an answer, in order of their beginning."""

    def __init__(self) -> None:
        self.calls: list[StreamedCall] = []
        self.chars = 0
        self._by_index: dict[int, int] = {}

    def take(self, delta: CallDelta) -> int:
        """Add a chunk and return the index of its call in `calls`.

        Raises:
            ModelError: too many calls, or a call that is too long or repeats itself.
        """
        number = self._call_of(delta)
        call = self.calls[number]
        call.id = call.id or delta.id or ""
        if delta.function is None:
            return number
        call.name = call.name or delta.function.name or ""
        arguments = delta.function.arguments
        if arguments:
            text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
            call.pieces.append(text)
            call.chars += len(text)
            self.chars += len(text)
            call.guard.take(text)
        return number

    @property
    def whole(self) -> bool:
        """Whether every chunk belongs to a call with a name; if not, one of the others has lost a chunk."""
        return all(call.name or not call.chars for call in self.calls)

    @property
    def repeats(self) -> bool:
        """Whether the newest call follows several identical ones."""
        whole = [(call.name, call.arguments) for call in self.calls[-EQUAL_CALLS_MAX - 1 : -1]]
        return len(whole) == EQUAL_CALLS_MAX and len(set(whole)) == 1

    def _call_of(self, delta: CallDelta) -> int:
        """The call that a chunk belongs to. Some servers give every call the index 0, some give no index."""
        name = delta.function.name if delta.function is not None else None
        index = delta.index or 0
        number = len(self.calls) - 1 if self.calls and delta.index is None else self._by_index.get(index, -1)
        known = self.calls[number] if number >= 0 else None
        if known is not None:
            other_id = bool(name and delta.id and known.id and delta.id != known.id)
            begins_again = delta.index is None and name and known.pieces
            if not other_id and not begins_again:
                return number
        if len(self.calls) >= 10 * CALLS_MAX:
            raise ModelError("model_loop", "The model's answer makes calls without end.", CHECK_SERVER)
        self.calls.append(StreamedCall())
        self._by_index[index] = len(self.calls) - 1
        return len(self.calls) - 1
