"""No line of an agent or a model server can break a decoder or reach the database as text that it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boocoder.backends.acp.protocol.message import RpcNotification, read_line
from boocoder.backends.acp.settings import AcpAgent
from boocoder.backends.acp.updates.parser import read_update
from boocoder.backends.acp.updates.translator import AcpTranslator
from boocoder.backends.acp.updates.usage import SessionTotals, UsageLedger
from boocoder.backends.native.model.wire import read_chunk
from boocoder.backends.oneshot.formats.registry import FORMATS, reader_of
from boocoder.backends.oneshot.stdio import control
from boocoder.backends.opencode.events.text_dedup import TextDeduplicator
from boocoder.backends.opencode.events.translator import OpenCodeTranslator
from boocoder.backends.opencode.http.wire import PartDelta, StoredMessage, decode_event, peek_event
from boocoder.events import frames, json_coerce
from boocoder.events.agent_event import AgentEvent
from boocoder.events.transcript import Transcript, TurnIds
from boocoder.model.ids import ChatId, MessageId, SessionId, TaskId

CORPUS = Path(__file__).resolve().parents[2] / "golden" / "outside_text" / "lines.jsonl"
LINES = CORPUS.read_bytes().splitlines()
ODD = st.sampled_from([rb"\ud83d", rb"\ude00", rb"\u0000", rb"\\ud83d", b"\xed\xa0\xbd", b"\xff", "\u2028".encode()])


def stored(events: Iterable[AgentEvent]) -> None:
    """Take the events the way to the database and the clients; both refuse NUL and half surrogate pairs."""
    ids = TurnIds(SessionId(uuid4()), ChatId(uuid4()), TaskId(uuid4()), MessageId(uuid4()))
    transcript = Transcript(ids, agent="some")
    live = [transcript.apply(event) for event in events]
    transcript.close_tools()
    items, durable, _ = transcript.take()
    for frame in (*live, *durable):
        if frame is not None:
            assert b"\\u0000" not in frames.encode(frame).replace(rb"\\u0000", b"")
    assert items or not any(live)


def by_opencode(lines: list[bytes]) -> None:
    translator = OpenCodeTranslator(session_id="ses_1", prompt_id="msg_1")
    events: list[AgentEvent] = []
    for line in lines:
        with suppress(msgspec.DecodeError):
            head = peek_event(line)
            if head is not None:
                events += translator.on_event(decode_event(head))
    stored(events)


def by_opencode_store(lines: list[bytes]) -> None:
    """The lines as one page of the store, from which a turn is read again; it is refused whole or taken whole."""
    translator = OpenCodeTranslator(session_id="ses_1", prompt_id="msg_1")
    with suppress(msgspec.DecodeError):
        page = json_coerce.decode_as(b"[" + b",".join(lines) + b"]", msgspec.json.Decoder(list[StoredMessage]).decode)
        stored(translator.on_messages(page, "ses_1"))


def by_acp(lines: list[bytes]) -> None:
    agent = AcpAgent("some", ("some",))
    translator = AcpTranslator(ledger=UsageLedger(meaning=agent.usage, totals=SessionTotals()))
    events: list[AgentEvent] = []
    for message in (message for line in lines for message in read_line(line).messages):
        if isinstance(message, RpcNotification):
            events += translator.on_update(read_update(message.params.get("update")))
    stored([*events, *translator.close_tools(completed=True)])


def by_format(name: str) -> Callable[[list[bytes]], None]:
    def read(lines: list[bytes]) -> None:
        reader = reader_of(name)
        events = [event for line in lines for event in reader.take(line)]
        stored([*events, *reader.finish(), *reader.story.close_tools(completed=True)])

    return read


def by_control(lines: list[bytes]) -> None:
    for line in lines:
        control.read_control(line)


def by_model(lines: list[bytes]) -> None:
    for line in lines:
        with suppress(msgspec.DecodeError):
            read_chunk(line)


DECODERS: dict[str, Callable[[list[bytes]], None]] = {
    "opencode": by_opencode,
    "opencode-store": by_opencode_store,
    "acp": by_acp,
    "control": by_control,
    "model": by_model,
    **{f"oneshot-{name}": by_format(name) for name in FORMATS},
}


@pytest.mark.parametrize("decoder", DECODERS)
def test_no_line_of_the_corpus_breaks_a_decoder(decoder: str) -> None:
    for line in LINES:
        DECODERS[decoder]([line])
    DECODERS[decoder](LINES)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A line of the corpus with odd pieces put in and parts cut out."""
    line = draw(st.sampled_from(LINES))[:4000]
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(line)))
        cut = draw(st.integers(0, 3))
        line = line[:at] + draw(ODD | st.binary(max_size=4)) + line[at + cut :]
    return line


@pytest.mark.parametrize("decoder", DECODERS)
@given(lines=st.lists(mutated(), max_size=4))
def test_no_mutated_line_breaks_a_decoder(decoder: str, lines: list[bytes]) -> None:
    DECODERS[decoder](lines)


@given(st.text(st.characters()), st.integers(0, 50))
def test_a_typed_decoder_reads_what_json_reads_but_for_half_pairs(text: str, cut: int) -> None:
    escaped = json.dumps(text[:cut] + "\ud83d" + text[cut:])
    read = json_coerce.decode_as(escaped.encode(), msgspec.json.Decoder(str).decode)
    joined = json.loads(escaped).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert read == joined


def delta(text: str) -> PartDelta:
    properties = json.dumps({"sessionID": "s", "messageID": "m", "partID": "p", "field": "text", "delta": text})
    head = peek_event(b'{"payload":{"type":"message.part.delta","properties":' + properties.encode() + b"}}")
    assert head is not None
    event = decode_event(head)
    assert isinstance(event, PartDelta)
    return event


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), st.data())
def test_an_emoji_cut_between_two_deltas_arrives_whole_and_once(text: str, data: st.DataObject) -> None:
    text += "😀"
    units = text.encode("utf-16-le")
    cut = 2 * data.draw(st.integers(0, len(units) // 2))
    pieces = [part.decode("utf-16-le", "surrogatepass") for part in (units[:cut], units[cut:])]
    account = TextDeduplicator()
    account.whole("p", "", closed=False, trusted=True)
    passed = "".join(account.delta("p", delta(piece).delta, trusted=True) for piece in pieces)
    assert passed + account.whole("p", text, closed=True, trusted=True) == text
    assert not account.disagreements
