"""Accumulates a streamed answer: reports text and thinking as they arrive, and assembles the tool calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import islice

from boocoder.backends.native.limits import ANSWER_MAX_CHARS
from boocoder.backends.native.loop.repetition import RepetitionGuard
from boocoder.backends.native.loop.reporter import NativeReporter
from boocoder.backends.native.model.call_preview import CallPreview
from boocoder.backends.native.model.errors import CHECK_SERVER, ModelError
from boocoder.backends.native.model.inline_tool_calls import call_so_far, calls_in
from boocoder.backends.native.model.stream_parser import Segment, SegmentKind, StreamParser
from boocoder.backends.native.model.streamed_calls import CALLS_MAX, StreamedCalls
from boocoder.backends.native.model.tool_calls import SentCall
from boocoder.backends.native.model.wire import CallDelta, Chunk, CompletionDelta, PromptProgress, Timings, TokenUsage
from boocoder.events.clean_text import clean, split_high_surrogate

_WRITTEN_FROM = 1_000  # numbers of calls that are written as text, apart from those that are sent as calls
REPEATED = "repeated_calls"  # the reason of an end that is ours
_MARKED = ("<tool_call>", "<function=", "<function_call>", "[TOOL_CALLS]")


class AnswerComplete(Exception):
    """Raised to stop reading the stream, because the model repeats itself."""


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """A complete answer.

    Args:
        text, reasoning: its text and thinking.
        calls: its tool calls, in order.
        written: whether the calls were written as text instead of being sent as calls.
        finish: the server's finish reason, "" if the stream ended without one.
        usage, timings: tokens and speed, if the server reports them.
        unopened_thinking: its thinking had no opening tag; expect the same of the next answer.
    """

    text: str
    reasoning: str
    calls: tuple[SentCall, ...]
    written: bool
    finish: str
    usage: TokenUsage | None
    timings: Timings | None = None
    unopened_thinking: bool = False

    @property
    def left(self) -> bool:
        """Whether reading stopped before the end of the stream, which has the server's count."""
        return self.finish == REPEATED and self.usage is None

    @property
    def chars(self) -> int:
        """Its length in characters."""
        return len(self.text) + len(self.reasoning) + sum(len(call.arguments) for call in self.calls)

    @property
    def empty(self) -> bool:
        """Whether it has neither text nor calls."""
        return not self.text.strip() and not self.calls


class _SurrogateJoiner:
    """Joins surrogate pairs that a server split over two events."""

    def __init__(self) -> None:
        self._half = ""

    def join(self, text: str) -> str:
        """The text that is complete so far."""
        text, self._half = split_high_surrogate(self._half + text)
        return clean(text)

    def rest(self) -> str:
        """A surrogate without its other half."""
        half, self._half = self._half, ""
        return clean(half)


class ResponseAccumulator:
    """An incomplete answer.

    Args:
        reporter: receives text, thinking and growing calls immediately.
        thinking_first: the model's answers begin with thinking without an opening tag.
        on_prompt: called with the percentage of the prompt that the server has read.
    """

    def __init__(
        self,
        *,
        reporter: NativeReporter,
        thinking_first: bool = False,
        on_prompt: Callable[[PromptProgress], Awaitable[None]] | None = None,
    ) -> None:
        self._reporter = reporter
        self._on_prompt = on_prompt
        self._parser = StreamParser(thinking_first=thinking_first)
        self._thinking_first = thinking_first
        self._preview = CallPreview(reporter=reporter)
        self._guards = {kind: RepetitionGuard() for kind in SegmentKind}
        self._halves = {kind: _SurrogateJoiner() for kind in SegmentKind}
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._calls = StreamedCalls()
        self._finish = ""
        self._usage: TokenUsage | None = None
        self._timings: Timings | None = None
        self._room = ANSWER_MAX_CHARS
        self._moved = False
        self.begun = False
        """Whether the model has begun to answer: nothing is being loaded or read any more."""

    @property
    def finished(self) -> bool:
        """Whether the server sent a finish reason."""
        return bool(self._finish)

    @property
    def spoke(self) -> bool:
        """Whether any text was reported, so that the call cannot be retried."""
        return bool(self._text)

    @property
    def chars(self) -> int:
        """The number of characters so far."""
        return ANSWER_MAX_CHARS - self._room

    async def take(self, chunk: Chunk) -> None:
        """Add the next chunk of the stream.

        Raises:
            ModelError: the answer is too long or repeats itself.
            AnswerComplete: the model repeats the same call; the answer ends here.
        """
        self._usage = chunk.usage or self._usage
        self._timings = chunk.timings or self._timings
        if chunk.prompt_progress is not None and self._on_prompt is not None:
            await self._on_prompt(chunk.prompt_progress)
        for choice in (chunk.choices or [])[:1]:
            delta = choice.delta or choice.message
            if delta is not None:
                await self._take_delta(delta)
            if choice.finish_reason:
                self._finish = choice.finish_reason

    async def finish(self) -> ModelAnswer:
        """End the stream: report the rest and assemble the answer."""
        await self._end_text()
        self._reporter.end_part()
        whole = self._calls.whole
        sent = {number: call.sent(whole=whole) for number, call in enumerate(self._calls.calls) if call.name}
        reasoning = "".join(self._reasoning)
        written = dict(enumerate(self._parser.calls, start=_WRITTEN_FROM))
        if not sent and not written and not self._text and any(mark in reasoning for mark in _MARKED):
            written = dict(enumerate(calls_in(reasoning), start=_WRITTEN_FROM))
        calls = await self._preview.finish(dict(islice((sent or written).items(), CALLS_MAX)))
        assumed = self._thinking_first and not self._parser.thinking_closed
        if assumed and not calls and not self._text and self._finish != "length":
            await self._show([Segment(SegmentKind.SAID, reasoning)])  # the model did not think this time
        return ModelAnswer(
            text="".join(self._text),
            reasoning=reasoning,
            calls=calls,
            written=not sent,
            finish=self._finish,
            usage=self._usage,
            timings=self._timings,
            unopened_thinking=self._parser.closed_unopened or (self._thinking_first and not assumed),
        )

    async def abandon(self) -> None:
        """After an interrupted stream: report the text held back, and end the unfinished calls."""
        await self._end_text()
        self._reporter.end_part()
        await self._preview.finish({})

    async def _end_text(self) -> None:
        for kind, half in self._halves.items():
            if rest := half.rest():
                await self._show(self._parser.feed(rest) if kind is SegmentKind.SAID else [Segment(kind, rest)])
        await self._show(self._parser.finish())

    async def _take_delta(self, delta: CompletionDelta) -> None:
        self.begun = self.begun or bool(delta.thought or delta.text or delta.tool_calls)
        if thought := self._halves[SegmentKind.THOUGHT].join(delta.thought):
            self._parser.expect_answer()
            await self._show([Segment(SegmentKind.THOUGHT, thought)])
        if text := self._halves[SegmentKind.SAID].join(delta.text):
            self._use_room(len(text))
            await self._show(self._parser.feed(text))
            await self._show_held()
        for piece in delta.tool_calls or ():
            await self._take_call(piece)

    async def _take_call(self, piece: CallDelta) -> None:
        before = self._calls.chars
        number = self._calls.take(piece)
        self._use_room(self._calls.chars - before)
        if self._calls.repeats:
            self._calls.calls.pop()
            self._finish = REPEATED
            raise AnswerComplete
        call = self._calls.calls[number]
        if call.name and self._preview.is_due(number, call.chars):
            await self._preview.show(number, call.sent())
        await self._preview.prove_life()

    async def _show(self, segments: list[Segment]) -> None:
        if self._parser.closed_unopened and not self._moved:
            self._moved = True
            self._reasoning, self._text = [*self._reasoning, *self._text], []
            self._reporter.end_part()
        for segment in segments:
            self._guards[segment.kind].take(segment.text)
            if segment.kind is SegmentKind.THOUGHT:
                self._use_room(len(segment.text))
                self._reasoning.append(segment.text)
                await self._reporter.think(segment.text)
            else:
                self._text.append(segment.text)
                await self._reporter.say(segment.text)

    async def _show_held(self) -> None:
        """Show a call written as text, which is held back until it is complete, as a growing call."""
        held = self._parser.held
        if not held:
            return
        await self._preview.prove_life()
        first = _WRITTEN_FROM + len(self._parser.calls)
        if self._preview.is_due(first, len(held)):
            call = call_so_far(held)
            if call is not None:
                await self._preview.show(first, call)

    def _use_room(self, chars: int) -> None:
        self._room -= chars
        if self._room < 0:
            text = f"The model's answer has more than {ANSWER_MAX_CHARS} characters."
            raise ModelError("model_loop", text, CHECK_SERVER)
