"""Builds the messages of a model call from a conversation, so that they fit into the model's context. No I/O.

What was left out once stays left out, and much is left out at a time, so that a server with a prompt cache
(llama-server) has to process the changed part only once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from boocoder.backends.native.conversation.store import (
    AnswerRecord,
    Record,
    StoredImage,
    SummaryRecord,
    ToolResultRecord,
    TurnEndRecord,
    UserRecord,
)
from boocoder.backends.native.limits import CHARS_PER_TOKEN, IMAGE_TOKENS, IMAGES_MAX_BYTES
from boocoder.backends.native.model.wire import RequestMessage, SentFunction, SentToolCall

MESSAGE_TOKENS = 8  # what a chat template puts around a message
KEEP_ANSWERS = 2  # newest answers whose tool results are kept whole as long as possible
TRIM_TO = 0.7  # of the budget: how far is trimmed once it is full
SHORT_CHARS = 400  # tool results up to here are not worth trimming
HARD_CUT_CHARS = 4_000  # of each recent tool result, when nothing else is left to trim
_CORRECTION = (0.5, 3.0)  # a server's count outside these is not of this text
_LEFT_OUT = "[Earlier messages of this conversation are left out: they no longer fit.]"
_SUMMARY = "[Your summary of this conversation so far:\n{text}]"
_STEPS_LEFT_OUT = (
    "[Your first steps for the following prompt are left out: they no longer fit. Files that you changed are changed.]"
)
_IMAGES_LEFT_OUT = "[The images of this prompt are left out: they no longer fit.]"
_NO_ANSWER = "[This turn ended without an answer: {code}.]"


@dataclass
class ContextTrim:
    """The parts of a conversation that are left out, by position of their records.

    Args:
        images: prompts without their images.
        outputs: omitted tool results (and long arguments of answers).
        cut: shortened tool results.
        first: position of the first record that is sent.
        resumed: in the first turn that is sent, steps before this position are left out.
    """

    images: set[int] = field(default_factory=set)
    outputs: set[int] = field(default_factory=set)
    cut: set[int] = field(default_factory=set)
    first: int = 0
    resumed: int = 0

    @property
    def amount(self) -> int:
        """Increases whenever more is left out."""
        return len(self.images) + len(self.outputs) + len(self.cut) + self.first + self.resumed


class ContextWindow:
    """The context of one conversation with one model.

    Args:
        context_tokens: the model's context size.
        answer_tokens: reserved for its answer.
        fixed_chars: size of tools and system prompt.

    Attributes:
        sees_images: whether the model takes images; others get the text alone.
        needed_tokens: estimated minimum size of messages that did not fit.
    """

    def __init__(self, *, context_tokens: int, answer_tokens: int, fixed_chars: int) -> None:
        self._context_tokens = context_tokens
        self._answer_tokens = answer_tokens
        self._fixed_chars = fixed_chars
        self._correction = 1.0
        self._preamble = ""
        self._summary = ""
        self.sees_images = False
        self.needed_tokens = 0
        self.trimmed = ContextTrim()

    @property
    def answer_tokens(self) -> int:
        """Limit of an answer, at most a quarter of the context."""
        return min(self._answer_tokens, self._context_tokens // 4)

    @property
    def budget_tokens(self) -> int:
        """Limit of the messages."""
        return self._context_tokens - self.answer_tokens

    def estimate(self, messages: Sequence[RequestMessage]) -> int:
        """Estimated tokens of the messages with tools and system prompt."""
        chars = self._fixed_chars + sum(_chars(message) for message in messages)
        images = sum(len(message.images) for message in messages)
        tokens = chars / CHARS_PER_TOKEN + MESSAGE_TOKENS * len(messages) + IMAGE_TOKENS * images
        return int(tokens * self._correction)

    def learn(self, messages: Sequence[RequestMessage], counted_tokens: int) -> None:
        """Correct the estimate by the server's count for these messages."""
        plain = self.estimate(messages) / self._correction
        if counted_tokens > 0 and plain > 0:
            low, high = _CORRECTION
            self._correction = min(high, max(low, counted_tokens / plain))

    def shrink(self, limit_tokens: int) -> bool:
        """Reduce the budget after the server rejected the messages as too long; returns whether a retry makes sense.

        Args:
            limit_tokens: the server's limit if it reported one, else 0.
        """
        smaller = min(limit_tokens or self._context_tokens, int(self._context_tokens * 0.7))
        self._context_tokens = max(smaller, 256)
        return smaller >= 256

    def empty(self, fixed_chars: int) -> ContextWindow:
        """A window of the same size for another conversation with the same model.

        Args:
            fixed_chars: size of its tools and system prompt.
        """
        other = ContextWindow(
            context_tokens=self._context_tokens, answer_tokens=self._answer_tokens, fixed_chars=fixed_chars
        )
        other._correction = self._correction
        return other

    def offer(self, fixed_chars: int) -> None:
        """Tools and system prompt take so many characters now."""
        self._fixed_chars = fixed_chars

    def resize(self, context_tokens: int) -> None:
        """Change the context size; what was left out stays left out."""
        self._context_tokens = context_tokens

    def messages(
        self, system: str, records: Sequence[Record], *, preamble: str = ""
    ) -> tuple[RequestMessage, ...] | None:
        """The messages to send, or None if not even the newest prompt fits.

        Args:
            system: the system prompt.
            records: the conversation.
            preamble: text before the first prompt that is sent.
        """
        self._preamble = preamble
        self._start_behind_summary(records)
        self._limit_image_bytes(records)
        sent = self._built(system, records)
        if self.estimate(sent) <= self.budget_tokens:
            return sent
        goal = int(self.budget_tokens * TRIM_TO)
        for _ in self._trims(records):
            sent = self._built(system, records)
            if self.estimate(sent) <= goal:
                break
        self.needed_tokens = self.estimate(sent)
        return sent if self.needed_tokens <= self.budget_tokens else None

    def _start_behind_summary(self, records: Sequence[Record]) -> None:
        """Start at the newest summary, sent with the prompt after it."""
        summaries = [(place, record) for place, record in enumerate(records) if isinstance(record, SummaryRecord)]
        if not summaries:
            return
        summed_up, summary = summaries[-1]
        begins = [place for place in range(summed_up, len(records)) if isinstance(records[place], UserRecord)]
        if begins:
            self._summary = _SUMMARY.format(text=summary.text)
            self.trimmed.first = max(self.trimmed.first, begins[0])

    def _limit_image_bytes(self, records: Sequence[Record]) -> None:
        """Leave out the images of all prompts but the newest where they are too many for one request."""
        places = self._places_of_images(records)
        total = sum(image.size_bytes for place in places for image in _images(records[place]))
        if total > IMAGES_MAX_BYTES:
            self.trimmed.images.update(places[:-1])

    def _places_of_images(self, records: Sequence[Record]) -> list[int]:
        """Positions of prompts whose images are sent."""
        if not self.sees_images:
            return []
        places = range(self.trimmed.first, len(records))
        return [place for place in places if _images(records[place]) and place not in self.trimmed.images]

    def _trims(self, records: Sequence[Record]) -> Iterator[None]:
        """Leave out more and more: images of earlier prompts, then text, then the newest prompt's images."""
        newest = max(place for place, record in enumerate(records) if isinstance(record, UserRecord))
        yield from self._trim_images(records, before=newest)
        yield from self._trim_text(records)
        yield from self._trim_images(records, before=len(records))

    def _trim_images(self, records: Sequence[Record], *, before: int) -> Iterator[None]:
        for place in self._places_of_images(records):
            if place < before:
                self.trimmed.images.add(place)
                yield

    def _trim_text(self, records: Sequence[Record]) -> Iterator[None]:
        """Old tool results, then old turns and steps, then parts of the newest results."""
        turns = [place for place, record in enumerate(records) if isinstance(record, UserRecord)]
        recent = _place_of_recent(records)
        for place, record in enumerate(records):
            if place < recent and place not in self.trimmed.outputs and _is_long(record):
                self.trimmed.outputs.add(place)
                yield
        for place in turns[1:]:
            if place > self.trimmed.first:
                self.trimmed.first = place
                yield
        answers = [place for place, record in enumerate(records) if isinstance(record, AnswerRecord)]
        begun = max(self.trimmed.first, self.trimmed.resumed)
        for place in [one for one in answers if begun < one <= recent]:
            self.trimmed.resumed = place
            yield
        for place in range(recent, len(records)):
            if place not in self.trimmed.cut and _is_long(records[place], HARD_CUT_CHARS):
                self.trimmed.cut.add(place)
                yield
        for place in range(recent, len(records)):
            if place not in self.trimmed.outputs and _is_long(records[place]):
                self.trimmed.outputs.add(place)
                yield

    def _built(self, system: str, records: Sequence[Record]) -> tuple[RequestMessage, ...]:
        built = [RequestMessage("system", system)]
        last_user = max((place for place, record in enumerate(records) if isinstance(record, UserRecord)), default=0)
        for place, record in enumerate(records):
            if place < self.trimmed.first or self.trimmed.first < place < self.trimmed.resumed:
                continue
            match record:
                case UserRecord():
                    head = f"{self._summary or _LEFT_OUT}\n\n" if place == self.trimmed.first > 0 else ""
                    head += f"{_STEPS_LEFT_OUT}\n\n" if place == self.trimmed.first < self.trimmed.resumed else ""
                    preamble = self._preamble if all(message.role != "user" for message in built) else ""
                    built.append(self._prompt(place, record, head=preamble + head))
                case AnswerRecord():
                    built.append(self._answer(place, record, current=place > last_user))
                case ToolResultRecord(id=call_id):
                    built.append(RequestMessage("tool", self._output(place, record), tool_call_id=call_id))
                case TurnEndRecord(code=code) if built[-1].role != "assistant":  # many templates want the roles in turn
                    built.append(RequestMessage("assistant", _NO_ANSWER.format(code=code)))
                case _:
                    pass
        return tuple(built)

    def _prompt(self, place: int, record: UserRecord, *, head: str) -> RequestMessage:
        if not record.images or not self.sees_images:
            return RequestMessage("user", head + record.text)
        if place in self.trimmed.images:
            return RequestMessage("user", f"{head}{record.text}\n\n{_IMAGES_LEFT_OUT}")
        return RequestMessage("user", head + record.text, images=tuple(image.name for image in record.images))

    def _answer(self, place: int, record: AnswerRecord, *, current: bool) -> RequestMessage:
        trimmed = place in self.trimmed.outputs
        calls = tuple(
            SentToolCall(call.id, SentFunction(call.name, _short_json(call.arguments) if trimmed else call.arguments))
            for call in record.calls
        )
        thought = record.reasoning if current and calls and not trimmed else ""
        return RequestMessage("assistant", record.text, tool_calls=calls, reasoning_content=thought)

    def _output(self, place: int, record: ToolResultRecord) -> str:
        if place in self.trimmed.outputs:
            size = len(record.output)
            return f"[This result of {record.name} ({size} characters) is left out; call the tool again if needed.]"
        if place in self.trimmed.cut and len(record.output) > HARD_CUT_CHARS:
            half = HARD_CUT_CHARS // 2
            left_out = len(record.output) - 2 * half
            return f"{record.output[:half]}\n[{left_out} characters are left out]\n{record.output[-half:]}"
        return record.output


def _place_of_recent(records: Sequence[Record]) -> int:
    """Position of the newest answers, whose results are sent complete."""
    answers = [place for place, record in enumerate(records) if isinstance(record, AnswerRecord) and record.calls]
    return answers[-KEEP_ANSWERS] if len(answers) >= KEEP_ANSWERS else (answers[0] if answers else len(records))


def _images(record: Record) -> tuple[StoredImage, ...]:
    return record.images if isinstance(record, UserRecord) else ()


def _is_long(record: Record, limit: int = SHORT_CHARS) -> bool:
    match record:
        case ToolResultRecord(output=output):
            return len(output) > limit
        case AnswerRecord(calls=calls, reasoning=reasoning):
            return len(reasoning) + sum(len(call.arguments) for call in calls) > limit
        case _:
            return False


def _short_json(arguments: str) -> str:
    """The arguments with long texts left out, still valid JSON."""
    values = json.loads(arguments)
    short = {
        name: f"[{len(value)} characters are left out]"
        if isinstance(value, str) and len(value) > SHORT_CHARS
        else value
        for name, value in values.items()
    }
    return json.dumps(short, ensure_ascii=False)


def _chars(message: RequestMessage) -> int:
    calls = sum(len(call.function.name) + len(call.function.arguments) + 40 for call in message.tool_calls)
    return len(message.content) + len(message.reasoning_content) + calls
