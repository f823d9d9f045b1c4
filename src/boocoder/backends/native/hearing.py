"""Listens to one answer of the model: reports text and thinking as they come, and puts the tool calls together."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from boocoder.backends.native.calls import SentCall
from boocoder.backends.native.limits import ANSWER_MAX_CHARS
from boocoder.backends.native.refusal import CHECK_SERVER, ModelError
from boocoder.backends.native.reporter import Reporter
from boocoder.backends.native.speech import Kind, Piece, Speech
from boocoder.backends.native.wire import CallDelta, Chunk, Delta, TokenUsage
from boocoder.backends.native.written_calls import calls_in
from boocoder.events.agent_event import Progress

CALLS_MAX = 32  # of one answer; more is a runaway
_MARKED = ("<tool_call>", "<function=", "<function_call>", "[TOOL_CALLS]")


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer.

    Args:
        text, reasoning: what was said and thought.
        calls: what the model wants done, in its order.
        written: whether the calls were written as text, not sent as calls.
        finish: the server's reason for its end, "" if the stream ended without one.
        usage: tokens, if the server counts them.
    """

    text: str
    reasoning: str
    calls: tuple[SentCall, ...]
    written: bool
    finish: str
    usage: TokenUsage | None

    @property
    def empty(self) -> bool:
        """Whether it holds nothing to show or do."""
        return not self.text.strip() and not self.calls


@dataclass
class _CallParts:
    """A call that is being streamed."""

    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)


class Hearing:
    """One answer in the making.

    Args:
        reporter: where text and thinking go at once.
    """

    def __init__(self, *, reporter: Reporter) -> None:
        self._reporter = reporter
        self._speech = Speech()
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._calls: list[_CallParts] = []
        self._by_index: dict[int, _CallParts] = {}
        self._finish = ""
        self._usage: TokenUsage | None = None
        self._room = ANSWER_MAX_CHARS
        self.begun = False
        """Whether the model has begun to answer: nothing is being loaded or read any more."""

    @property
    def finished(self) -> bool:
        """Whether the server gave a reason for the answer's end."""
        return bool(self._finish)

    @property
    def spoke(self) -> bool:
        """Whether any text was reported, so that the answer cannot be asked for again."""
        return bool(self._text)

    async def take(self, chunk: Chunk) -> None:
        """Take the next piece of the stream.

        Raises:
            ModelError: the answer is longer than any answer.
        """
        if chunk.usage is not None:
            self._usage = chunk.usage
        if chunk.prompt_progress is not None:
            await self._reporter.report(Progress())
        for choice in (chunk.choices or [])[:1]:
            delta = choice.delta or choice.message
            if delta is not None:
                await self._take_delta(delta)
            if choice.finish_reason:
                self._finish = choice.finish_reason

    async def finish(self) -> Answer:
        """The stream has ended: report the rest and put the answer together."""
        await self._show(self._speech.finish())
        self._reporter.end_part()
        sent = [SentCall(call.name, "".join(call.arguments), call.id) for call in self._calls if call.name]
        reasoning = "".join(self._reasoning)
        written = self._speech.calls
        if not sent and not written and not self._text and any(mark in reasoning for mark in _MARKED):
            written = calls_in(reasoning)
        return Answer(
            text="".join(self._text),
            reasoning=reasoning,
            calls=tuple((sent or written)[:CALLS_MAX]),
            written=not sent,
            finish=self._finish,
            usage=self._usage,
        )

    async def _take_delta(self, delta: Delta) -> None:
        if delta.thought:
            self.begun = True
            await self._show([Piece(Kind.THOUGHT, delta.thought)])
        if delta.text:
            self.begun = True
            await self._show(self._speech.feed(delta.text))
            self._use_room(len(delta.text))
        for call in delta.tool_calls or ():
            self.begun = True
            self._take_call(call)

    async def _show(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            if piece.kind is Kind.THOUGHT:
                self._use_room(len(piece.text))
                self._reasoning.append(piece.text)
                await self._reporter.think(piece.text)
            else:
                self._text.append(piece.text)
                await self._reporter.say(piece.text)

    def _take_call(self, delta: CallDelta) -> None:
        call = self._call_of(delta)
        call.id = call.id or delta.id or ""
        if delta.function is None:
            return
        call.name = call.name or delta.function.name or ""
        arguments = delta.function.arguments
        if arguments:
            text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
            self._use_room(len(text))
            call.arguments.append(text)

    def _call_of(self, delta: CallDelta) -> _CallParts:
        """The call that a piece belongs to. Some servers give every call the index 0, some give none at all."""
        name = delta.function.name if delta.function is not None else None
        known = self._calls[-1] if self._calls and delta.index is None else self._by_index.get(delta.index or 0)
        is_new = known is None or bool(name and delta.id and known.id and delta.id != known.id)
        if known is not None and delta.index is None and name and known.arguments:
            is_new = True
        if known is None or is_new:
            known = _CallParts()
            self._calls.append(known)
            if len(self._calls) > 10 * CALLS_MAX:
                raise ModelError("model_loop", "The model's answer makes calls without end.", CHECK_SERVER)
            self._by_index[delta.index or 0] = known
        return known

    def _use_room(self, chars: int) -> None:
        self._room -= chars
        if self._room < 0:
            text = f"The model's answer has more than {ANSWER_MAX_CHARS} characters."
            raise ModelError("model_loop", text, CHECK_SERVER)
