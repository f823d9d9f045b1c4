"""Every recording of both versions through the translator: whole, and with the stream cut at every event."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field

import msgspec
import pytest

from boocoder.backends.opencode.events.translator import OpenCodeTranslator
from boocoder.backends.opencode.http.wire import PartDelta, ServerEvent, StoredMessage, decode_event, peek_event
from boocoder.events.agent_event import AgentEvent, ReasoningDelta, TextDelta, ToolCall, ToolStatus
from tests.fakes import opencode_recording
from tests.fakes.opencode_recording import RecordedPrompt, Recording, StoreReplica

_ORDER = [ToolStatus.PENDING, ToolStatus.RUNNING]


@dataclass
class Shown:
    """What a client would have on its screen."""

    texts: dict[str, str] = field(default_factory=lambda: defaultdict(str))
    tools: dict[str, list[ToolCall]] = field(default_factory=lambda: defaultdict(list))

    def take(self, events: list[AgentEvent]) -> None:
        for event in events:
            match event:
                case TextDelta() | ReasoningDelta():
                    self.texts[event.part] += event.text
                case ToolCall():
                    self.tools[event.part].append(event)
                case _:
                    pass


@dataclass
class Replay:
    """A recording decoded once, with the store's answer before every event.

    Args:
        events: decoded, None for those that nobody reads.
        stores: the answer of GET /session/{id}/message before event i; one more at the end.
        gaps: events before which the recorder had lost the stream.
    """

    prompt: RecordedPrompt
    events: list[ServerEvent | None]
    stores: list[list[StoredMessage]]
    gaps: frozenset[int]

    def run(self, *, cut: int, lost: int) -> Shown:
        """Replay with the events [cut, cut + lost) never received; the store fills in behind them and at the end."""
        translator = OpenCodeTranslator(session_id=self.prompt.session_id, prompt_id=self.prompt.message_id)
        shown = Shown()
        back = min(cut + lost, len(self.events))
        self._feed(translator, shown, self.prompt.begins, cut)
        translator.on_gap()
        shown.take(translator.on_messages(self.stores[back], self.prompt.session_id))
        self._feed(translator, shown, back, len(self.events))
        shown.take(translator.on_messages(self.stores[-1], self.prompt.session_id))
        shown.take(translator.close_tools(ToolStatus.CANCELLED))
        assert translator.disagreement() is None
        return shown

    def run_swapped(self, at: int) -> Shown | None:
        """Replay with events `at` and `at + 1` in the other order; None where both are deltas, which are ordered."""
        pair = self.events[at : at + 2]
        if len(pair) < 2 or all(isinstance(event, PartDelta) for event in pair):
            return None
        swapped = Replay(
            self.prompt, [*self.events[:at], *reversed(pair), *self.events[at + 2 :]], self.stores, self.gaps
        )
        return swapped.run(cut=len(self.events), lost=0)

    def run_without_store(self, *, lost: int | None = None) -> Shown | None:
        """Replay with the answer to the prompt instead of the store, and one event silently lost; None if not whole."""
        translator = OpenCodeTranslator(session_id=self.prompt.session_id, prompt_id=self.prompt.message_id)
        shown = Shown()
        for index in range(self.prompt.begins, len(self.events)):
            if index != lost:
                self._feed(translator, shown, index, index + 1)
        shown.take(translator.on_messages(self.stores[-1][-1:], self.prompt.session_id))
        return shown if translator.whole else None

    def _feed(self, translator: OpenCodeTranslator, shown: Shown, begin: int, end: int) -> None:
        for index in range(begin, end):
            event = self.events[index]
            if index in self.gaps:
                translator.on_gap()
            if event is not None:
                shown.take(translator.on_event(event))

    def expected(self) -> dict[str, str]:
        """The server's own texts of the turn."""
        return {
            part.id: part.text
            for message in self.stores[-1]
            if message.info.role == "assistant" and message.info.mode != "compaction"
            if message.info.id > self.prompt.message_id
            for part in message.parts
            if part.type in ("text", "reasoning") and part.text
        }


def replays(recording: Recording) -> list[Replay]:
    """One replay for every prompt of a recording."""
    decoded = []
    for event in recording.events:
        peeked = peek_event(json.dumps(event).encode())
        decoded.append(decode_event(peeked) if peeked is not None else None)
    return [
        Replay(prompt, _family(prompt, decoded), _stores(recording, prompt), recording.gaps)
        for prompt in recording.prompts
    ]


def _family(prompt: RecordedPrompt, events: list[ServerEvent | None]) -> list[ServerEvent | None]:
    """The events that the stream would route to this prompt's turn: its session's and its children's."""
    family = {prompt.session_id}
    out: list[ServerEvent | None] = []
    for event in events:
        info = getattr(event, "info", None)
        if getattr(info, "parent_id", "") in family and info is not None:
            family.add(info.id)
        out.append(event if event is not None and event.session_id in family else None)
    return out


def _stores(recording: Recording, prompt: RecordedPrompt) -> list[list[StoredMessage]]:
    store = StoreReplica()
    answers = []
    for payload in recording.payloads():
        answers.append(store.messages(prompt.session_id))
        store.take(payload)
    answers.append(store.messages(prompt.session_id))
    encoded = [msgspec.json.encode(answer) for answer in answers]
    known: dict[bytes, list[StoredMessage]] = {}
    for data in encoded:
        if data not in known:
            known[data] = msgspec.json.decode(data, type=list[StoredMessage])
    return [known[data] for data in encoded]


def check_tools(shown: Shown) -> None:
    """Tools only move forward, come to one end and keep their name."""
    for states in shown.tools.values():
        statuses = [state.status for state in states]
        assert statuses[-1].final
        assert all(not status.final for status in statuses[:-1])
        ranks = [_ORDER.index(status) for status in statuses[:-1]]
        assert ranks == sorted(ranks)
        assert len({state.name for state in states}) == 1


@pytest.mark.parametrize(("version", "name"), opencode_recording.names())
def test_text_is_the_servers_wherever_the_stream_is_cut(version: str, name: str) -> None:
    for replay in replays(opencode_recording.load(version, name)):
        expected = replay.expected()
        end = len(replay.events)
        for cut in range(replay.prompt.begins, end + 1):
            for lost in (0, 1, 7, end):
                shown = replay.run(cut=cut, lost=lost)
                assert shown.texts == expected, (cut, lost)
                check_tools(shown)


@pytest.mark.parametrize(("version", "name"), opencode_recording.names())
def test_an_event_may_overtake_its_neighbour(version: str, name: str) -> None:
    for replay in replays(opencode_recording.load(version, name)):
        expected = replay.expected()
        for at in range(replay.prompt.begins, len(replay.events)):
            shown = replay.run_swapped(at)
            assert shown is None or shown.texts == expected, at


def test_a_stream_that_counts_as_whole_needs_no_store() -> None:
    whole = 0
    for entry in opencode_recording.names():
        for replay in replays(opencode_recording.load(*entry)):
            expected = replay.expected()
            whole += replay.run_without_store() is not None
            closing = [at for at, event in enumerate(replay.events) if not isinstance(event, PartDelta | None)]
            for lost in (None, *(closing if not replay.gaps else ())):  # a lost delta is repaired by no store either
                shown = replay.run_without_store(lost=lost)
                assert shown is None or shown.texts == expected, (entry, lost)
                if shown is not None:
                    check_tools(shown)
    assert whole >= 40


def test_a_delta_that_overtakes_its_part_is_still_streamed() -> None:
    (replay,) = replays(opencode_recording.load("v1.18.33", "long-stream-300-words"))
    first = next(index for index, event in enumerate(replay.events) if isinstance(event, PartDelta))
    events = list(replay.events)
    events[first - 1], events[first] = events[first], events[first - 1]
    translator = OpenCodeTranslator(session_id=replay.prompt.session_id, prompt_id=replay.prompt.message_id)
    deltas = [
        shown
        for event in events
        if event is not None
        for shown in translator.on_event(event)
        if isinstance(shown, TextDelta)
    ]
    assert len(deltas) == 300
    assert "".join(delta.text for delta in deltas) == next(iter(replay.expected().values()))


def test_recordings_hold_what_they_are_there_for() -> None:
    prompts = sum(len(opencode_recording.load(*entry).prompts) for entry in opencode_recording.names())
    texts = sum(
        len(replay.expected())
        for entry in opencode_recording.names()
        for replay in replays(opencode_recording.load(*entry))
    )
    assert prompts >= 80
    assert texts >= 100
