"""Makes the messages of a model call out of a conversation, so that they fit into the model's context. Pure.

What is left out stays left out, and much is left out at a time: a server that caches what it has read (llama-server)
has to read the changed part only once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from boocoder.backends.native.limits import CHARS_PER_TOKEN
from boocoder.backends.native.store import AgentSaid, Record, ToolSaid, TurnEnded, UserSaid
from boocoder.backends.native.wire import ChatMessage, SentFunction, SentToolCall

MESSAGE_TOKENS = 8  # what a chat template puts around a message
KEEP_ANSWERS = 2  # newest answers whose tool results are kept whole as long as possible
TRIM_TO = 0.7  # of the budget: how far is trimmed once it is full
SHORT_CHARS = 400  # tool results up to here are not worth trimming
HARD_CUT_CHARS = 4_000  # of each recent tool result, when nothing else is left to trim
_CORRECTION = (0.5, 3.0)  # a server's count outside these is not of this text
_LEFT_OUT = "[Earlier messages of this conversation are left out: they no longer fit.]"
_NO_ANSWER = "[This turn ended without an answer: {code}.]"


@dataclass
class Trimmed:
    """What is left out of a conversation so far, by the place of its record.

    Args:
        outputs: tool results (and long arguments of answers) that are left out.
        cut: tool results that are shortened.
        first: place of the first record that is sent.
    """

    outputs: set[int] = field(default_factory=set)
    cut: set[int] = field(default_factory=set)
    first: int = 0

    @property
    def amount(self) -> int:
        """Grows whenever more is left out."""
        return len(self.outputs) + len(self.cut) + self.first


class ContextWindow:
    """The context of one conversation with one model.

    Args:
        context_tokens: what the model can hold.
        answer_tokens: what is kept free for its answer.
        fixed_chars: of tools and system prompt.
    """

    def __init__(self, *, context_tokens: int, answer_tokens: int, fixed_chars: int) -> None:
        self._context_tokens = context_tokens
        self._answer_tokens = answer_tokens
        self._fixed_chars = fixed_chars
        self._correction = 1.0
        self.trimmed = Trimmed()

    @property
    def answer_tokens(self) -> int:
        """What an answer may take, at most a quarter of the context."""
        return min(self._answer_tokens, self._context_tokens // 4)

    @property
    def budget_tokens(self) -> int:
        """What the messages may take."""
        return self._context_tokens - self.answer_tokens

    def estimate(self, messages: Sequence[ChatMessage]) -> int:
        """How many tokens the messages and all around them take, about."""
        chars = self._fixed_chars + sum(_chars(message) for message in messages)
        return int((chars / CHARS_PER_TOKEN + MESSAGE_TOKENS * len(messages)) * self._correction)

    def learn(self, messages: Sequence[ChatMessage], counted_tokens: int) -> None:
        """Correct the estimate by what the server counted for these messages."""
        plain = self.estimate(messages) / self._correction
        if counted_tokens > 0 and plain > 0:
            low, high = _CORRECTION
            self._correction = min(high, max(low, counted_tokens / plain))

    def shrink(self, limit_tokens: int) -> bool:
        """The server says that the last messages were too many; whether there is any sense in trying with less.

        Args:
            limit_tokens: its limit if it named one, else 0.
        """
        smaller = min(limit_tokens or self._context_tokens, int(self._context_tokens * 0.7))
        self._context_tokens = max(smaller, 256)
        return smaller >= 256

    def messages(self, system: str, records: Sequence[Record]) -> tuple[ChatMessage, ...] | None:
        """The messages to send, or None if not even the newest prompt fits."""
        sent = self._built(system, records)
        if self.estimate(sent) <= self.budget_tokens:
            return sent
        goal = int(self.budget_tokens * TRIM_TO)
        for _ in self._trims(records):
            sent = self._built(system, records)
            if self.estimate(sent) <= goal:
                break
        return sent if self.estimate(sent) <= self.budget_tokens else None

    def _trims(self, records: Sequence[Record]) -> Iterator[None]:
        """Leave out more and more: old tool results, then old turns, then what is left of the newest results."""
        recent = _place_of_recent(records)
        for place, record in enumerate(records):
            if place < recent and place not in self.trimmed.outputs and _is_long(record):
                self.trimmed.outputs.add(place)
                yield
        turns = [place for place, record in enumerate(records) if isinstance(record, UserSaid)]
        for place in turns[1:]:
            if place > self.trimmed.first:
                self.trimmed.first = place
                yield
        for place in range(recent, len(records)):
            if place not in self.trimmed.cut and _is_long(records[place], HARD_CUT_CHARS):
                self.trimmed.cut.add(place)
                yield
        for place in range(recent, len(records)):
            if place not in self.trimmed.outputs and _is_long(records[place]):
                self.trimmed.outputs.add(place)
                yield

    def _built(self, system: str, records: Sequence[Record]) -> tuple[ChatMessage, ...]:
        built = [ChatMessage("system", system)]
        last_user = max((place for place, record in enumerate(records) if isinstance(record, UserSaid)), default=0)
        for place, record in enumerate(records):
            if place < self.trimmed.first:
                continue
            match record:
                case UserSaid(text=text):
                    head = f"{_LEFT_OUT}\n\n" if place == self.trimmed.first > 0 else ""
                    built.append(ChatMessage("user", head + text))
                case AgentSaid():
                    built.append(self._answer(place, record, current=place > last_user))
                case ToolSaid(id=call_id):
                    built.append(ChatMessage("tool", self._output(place, record), tool_call_id=call_id))
                case TurnEnded(code=code) if built[-1].role != "assistant":  # many templates want the roles in turn
                    built.append(ChatMessage("assistant", _NO_ANSWER.format(code=code)))
                case _:
                    pass
        return tuple(built)

    def _answer(self, place: int, record: AgentSaid, *, current: bool) -> ChatMessage:
        trimmed = place in self.trimmed.outputs
        calls = tuple(
            SentToolCall(call.id, SentFunction(call.name, _short_json(call.arguments) if trimmed else call.arguments))
            for call in record.calls
        )
        thought = record.reasoning if current and calls and not trimmed else ""
        return ChatMessage("assistant", record.text, tool_calls=calls, reasoning_content=thought)

    def _output(self, place: int, record: ToolSaid) -> str:
        if place in self.trimmed.outputs:
            size = len(record.output)
            return f"[This result of {record.name} ({size} characters) is left out; call the tool again if needed.]"
        if place in self.trimmed.cut and len(record.output) > HARD_CUT_CHARS:
            half = HARD_CUT_CHARS // 2
            left_out = len(record.output) - 2 * half
            return f"{record.output[:half]}\n[{left_out} characters are left out]\n{record.output[-half:]}"
        return record.output


def _place_of_recent(records: Sequence[Record]) -> int:
    """Where the newest answers begin whose results are wanted whole."""
    answers = [place for place, record in enumerate(records) if isinstance(record, AgentSaid) and record.calls]
    return answers[-KEEP_ANSWERS] if len(answers) >= KEEP_ANSWERS else (answers[0] if answers else len(records))


def _is_long(record: Record, limit: int = SHORT_CHARS) -> bool:
    match record:
        case ToolSaid(output=output):
            return len(output) > limit
        case AgentSaid(calls=calls, reasoning=reasoning):
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


def _chars(message: ChatMessage) -> int:
    calls = sum(len(call.function.name) + len(call.function.arguments) + 40 for call in message.tool_calls)
    return len(message.content) + len(message.reasoning_content) + calls
