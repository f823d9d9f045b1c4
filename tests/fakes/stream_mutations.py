"""Damages the streams of model servers in every way that networks, proxies and servers do; a seed says how exactly."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tests.fakes.native_model import Reply

CONTENT = "BEGIN\n" + "".join(f'line {number} with a \U0001f600 and a "quote"\n' for number in range(5)) + "END\n"
TEXT = "Let me say it: \u00fc, \U0001f600 and `code`.\n\nThat was all, in 3 lines."
WRONG = (None, 7, -1.5, True, "text", "", [], {}, [None], {"a": 1}, "x" * 300, 1e308, "\ud83d")

Event = dict[str, Any]
Events = list[Event | str]  # an event of the stream, or the data of one that is no JSON object


@dataclass(frozen=True, slots=True)
class MutatedStream:
    """A stream after its mutations.

    Args:
        base, seed: with which it can be made again.
        faithful: nothing of its meaning is changed: the answer must be the same.
        events: as they stand in it.
        spoiled: single bytes were changed, so that the events are not what a client reads.
        reply: what the model server sends.
    """

    base: str
    seed: int
    faithful: bool
    events: Events
    spoiled: bool
    reply: Reply

    def arguments(self) -> str:
        """The arguments of its tool call as plain concatenation reads them."""
        end = self.events.index("[DONE]") if "[DONE]" in self.events else None
        return "".join(call["function"]["arguments"] for event in self.events[:end] for call in _calls_of(event))

    def text(self) -> str | None:
        """What plain concatenation reads before the first reason for an end; None if there is none."""
        said = ""
        for event in self.events:
            choices = event.get("choices") if isinstance(event, dict) else None
            choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
            delta = choice.get("delta")
            content = delta.get("content") if isinstance(delta, dict) else None
            said += content if isinstance(content, str) else ""
            if isinstance(choice.get("finish_reason"), str) and choice["finish_reason"]:
                return said
        return None


def base_stream(name: str) -> Events:
    """A whole stream: "call" writes a file, "text" says TEXT, "written" writes the file by a call in its text."""
    match name:
        case "call":
            arguments = json.dumps({"path": "new.txt", "content": CONTENT})
            head = {"index": 0, "id": "w1", "type": "function", "function": {"name": "write", "arguments": ""}}
            pieces = [arguments[at : at + 40] for at in range(0, len(arguments), 40)]
            calls = [head, *({"index": 0, "function": {"arguments": piece}} for piece in pieces)]
            return [*_opening(), *(_delta(tool_calls=[call]) for call in calls), *_ending("tool_calls")]
        case "written":
            call = json.dumps({"name": "write", "arguments": {"path": "new.txt", "content": CONTENT}})
            return [*_opening(), *_words(f"<tool_call>\n{call}\n</tool_call>"), *_ending("stop")]
        case _:
            return [*_opening(), _delta(reasoning_content="I think."), *_words(TEXT), *_ending("stop")]


def mutated_stream(base: str, seed: int) -> MutatedStream:
    """The stream of that name with one to three mutations.

    Args:
        base: see `base_stream`.
        seed: chooses them; the same seed gives the same bytes.
    """
    chance = random.Random(f"{base} {seed}")
    faithful = chance.random() < 0.4
    events = copy.deepcopy(base_stream(base))
    for _ in range(chance.randint(1, 3)):
        mutate = chance.choice(_FAITHFUL if faithful else _HARMFUL)
        events = mutate(events, chance)
    data = _written(events, chance)
    end = True
    spoiled = False
    if not faithful and chance.random() < 0.3:
        spoiled, end = chance.random() < 0.5, chance.random() < 0.5
        data = _spoil_bytes(data, chance) if spoiled else data[: chance.randint(0, len(data))]
    return MutatedStream(base, seed, faithful, events, spoiled, Reply(_pieces(data, chance), end=end))


def _delta(finish: str | None = None, **fields: Any) -> Event:
    return (
        {"choices": [{"index": 0, "delta": fields, "finish_reason": finish}]}
        if finish
        else {"choices": [{"index": 0, "delta": fields}]}
    )


def _opening() -> Events:
    progress = {"total": 1382, "cache": 0, "processed": 690, "time_ms": 7}
    return [_delta(role="assistant", content=None) | {"prompt_progress": progress}]


def _words(text: str) -> Events:
    return [_delta(content=text[at : at + 14]) for at in range(0, len(text), 14)]


def _ending(reason: str) -> Events:
    usage = {"prompt_tokens": 1382, "completion_tokens": 36, "prompt_tokens_details": {"cached_tokens": 5}}
    timings = {"cache_n": 5, "prompt_n": 1377, "predicted_per_second": 44.5}
    return [_delta(reason), {"choices": [], "usage": usage, "timings": timings}, "[DONE]"]


def _calls_of(event: Event | str) -> list[Any]:
    found: list[Any] = []
    if isinstance(event, dict):
        for choice in event["choices"] if isinstance(event.get("choices"), list) else []:
            delta = choice.get("delta") if isinstance(choice, dict) else None
            calls = delta.get("tool_calls") if isinstance(delta, dict) else None
            found += calls if isinstance(calls, list) else []
    return [
        call
        for call in found
        if isinstance(call, dict)
        and isinstance(call.get("function"), dict)
        and isinstance(call["function"].get("arguments"), str)
    ]


# Mutations that change nothing of the meaning.


def _reorder_fields(events: Events, chance: random.Random) -> Events:
    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            names = list(value)
            chance.shuffle(names)
            return {name: shuffled(value[name]) for name in names}
        return [shuffled(one) for one in value] if isinstance(value, list) else value

    return [shuffled(event) for event in events]


def _add_unknown_fields(events: Events, chance: random.Random) -> Events:
    for event in events:
        if isinstance(event, dict):
            event[f"x_{chance.randint(0, 9)}"] = chance.choice(WRONG)
    return events


def _spoil_spare_fields(events: Events, chance: random.Random) -> Events:
    for event in events:
        if isinstance(event, dict):
            for name in ("usage", "timings", "prompt_progress", "created", "id"):
                if chance.random() < 0.4:
                    event[name] = chance.choice(WRONG)
    return events


def _insert_empty(events: Events, chance: random.Random) -> Events:
    empty: list[Event | str] = [{"choices": []}, {"choices": None}, {}, _delta(content=None), _delta(content="")]
    for _ in range(chance.randint(1, 5)):
        events.insert(chance.randint(0, len(events) - 1), copy.deepcopy(chance.choice(empty)))
    return events


def _split_texts(events: Events, chance: random.Random) -> Events:
    """Each text in two events, cut in mid-character too: the halves of a surrogate pair."""
    out: Events = []
    for event in events:
        texts = [event] if isinstance(event, dict) and _text_of(event) else []
        if not texts or chance.random() < 0.5:
            out.append(event)
            continue
        units = _text_of(event).encode("utf-16-le", "surrogatepass")
        at = 2 * chance.randint(0, len(units) // 2)
        halves = [half.decode("utf-16-le", "surrogatepass") for half in (units[:at], units[at:])]
        out += [_delta(content=half) for half in halves]
    return out


def _text_of(event: Event | str) -> str:
    if not isinstance(event, dict) or not event.get("choices"):
        return ""
    content = event["choices"][0]["delta"].get("content")
    return content if isinstance(content, str) and content else ""


def _no_done(events: Events, chance: random.Random) -> Events:
    return [event for event in events if event != "[DONE]"]


# Mutations that lose or change something.


def _drop(events: Events, chance: random.Random) -> Events:
    del events[chance.randrange(len(events))]
    return events or ["[DONE]"]


def _repeat(events: Events, chance: random.Random) -> Events:
    at = chance.randrange(len(events))
    return [*events[:at], *[copy.deepcopy(events[at])] * chance.randint(2, 4), *events[at + 1 :]]


def _swap(events: Events, chance: random.Random) -> Events:
    one, other = chance.randrange(len(events)), chance.randrange(len(events))
    events[one], events[other] = events[other], events[one]
    return events


def _cut_events(events: Events, chance: random.Random) -> Events:
    return events[: chance.randint(1, len(events))]


def _insert_error(events: Events, chance: random.Random) -> Events:
    peg = "The model produced output that does not match the expected peg-native format"
    errors: list[Any] = [
        {"error": {"code": 500, "message": peg, "type": "server_error"}},
        {"error": {"message": "request exceeds the available context size", "n_ctx": 4096}},
        {"error": "model not found"},
        {"error": chance.choice(WRONG)},
    ]
    events.insert(chance.randint(0, len(events)), chance.choice(errors))
    return events


def _insert_garbage(events: Events, chance: random.Random) -> Events:
    garbage = ["<html>502</html>", "{", '{"choices": [', "null", "7", "[]", '"x"', '{"choices": [{"delta": {"conte']
    events.insert(chance.randint(0, len(events)), chance.choice(garbage))
    return events


def _spoil_a_field(events: Events, chance: random.Random) -> Events:
    """One value anywhere in the stream becomes another, often of the wrong type."""
    places: list[tuple[Any, Any]] = []

    def walk(value: Any) -> None:
        for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
            places.append((value, key))
            walk(value[key])

    for event in events:
        walk(event)
    if places:
        holder, key = chance.choice(places)
        holder[key] = copy.deepcopy(chance.choice(WRONG))
    return events


_FAITHFUL: list[Callable[[Events, random.Random], Events]] = [
    _reorder_fields,
    _add_unknown_fields,
    _spoil_spare_fields,
    _insert_empty,
    _split_texts,
    _no_done,
]
_HARMFUL: list[Callable[[Events, random.Random], Events]] = [
    _drop,
    _repeat,
    _swap,
    _cut_events,
    _insert_error,
    _insert_garbage,
    _spoil_a_field,
]


def _written(events: Events, chance: random.Random) -> bytes:
    """The events as bytes, in one of the forms that event streams may have."""
    line_end = chance.choice(["\n", "\r\n"])
    plain = chance.random() < 0.3
    out = [":comment" + line_end * 2] if chance.random() < 0.3 else []
    for event in events:
        data = event
        if not isinstance(event, str):
            data = json.dumps(event, ensure_ascii=not plain)
            data = json.dumps(event) if _lone_surrogate(data) else data
        out.append(f"data:{'' if chance.random() < 0.2 else ' '}{data}{line_end * 2}")
    return "".join(out).encode()


def _lone_surrogate(text: str) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in text)


def _spoil_bytes(data: bytes, chance: random.Random) -> bytes:
    spoiled = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        spoiled[chance.randrange(len(spoiled))] = chance.choice(b'\x00\xff\n"{},:\\a')
    return bytes(spoiled)


def _pieces(data: bytes, chance: random.Random) -> list[bytes]:
    """The bytes as a network delivers them: split anywhere, even within a character, or in one piece."""
    if chance.random() < 0.3 or len(data) < 2:
        return [data] if data else []
    cuts = sorted({0, len(data), *(chance.randint(1, len(data)) for _ in range(chance.randint(1, 12)))})
    return [data[start:end] for start, end in pairwise(cuts)]
