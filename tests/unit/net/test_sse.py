"""The byte-level parser of server-sent events."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boocoder.net.sse import EVENT_MAX_BYTES, ServerSentEvent, SseParser

# Code points that str.splitlines takes for line ends, and some that break careless decoders.
ODD = ["\u2028", "\u2029", "\u0085", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\ufeff", "\U0001f600"]

STREAM = (
    b": heartbeat\n\n"
    b'id: 1\ndata: {"text":"a\xe2\x80\xa8b"}\n\n'
    b"data: live\r\n\r\n"
    b"event: x\nid: 3\ndata: one\ndata: two\n\n"
    b"id: 4\n\n"
    b"data:tight\n\n"
)
EVENTS = [
    ServerSentEvent("1", '{"text":"a\u2028b"}'.encode()),
    ServerSentEvent("", b"live"),
    ServerSentEvent("3", b"one\ntwo"),
    ServerSentEvent("", b"tight"),
]


def datas(events: Iterable[ServerSentEvent]) -> list[bytes]:
    return [event.data for event in events]


@pytest.mark.parametrize("odd", ODD)
def test_only_cr_and_lf_end_a_line(odd: str) -> None:
    text = json.dumps({"delta": f"a{odd}b"}, ensure_ascii=False)
    assert datas(SseParser().feed(f"data: {text}\n\n".encode())) == [text.encode()]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_any_line_end_at_any_cut(end: bytes, size: int) -> None:
    lines = [b": comment", b"event: x", b"id: 7", b"data: one", b"data:two", b"", b": beat", b"", b"data: three", b""]
    stream = end.join(lines) + end
    parser = SseParser()
    got = [event.data for at in range(0, len(stream), size) for event in parser.feed(stream[at : at + size])]
    # A lone CR at the very end may be half of a CR LF, yet ends its line at once.
    assert got == [b"one\ntwo", b"three"]


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]))), st.data())
def test_whatever_is_sent_arrives(texts: list[str], data: st.DataObject) -> None:
    stream = b"".join(f"data: {text}\n\n".encode() for text in texts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    parser = SseParser()
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert [event.data.decode() for piece in pieces for event in parser.feed(piece)] == texts


def test_comments_alone_are_no_events() -> None:
    assert SseParser().feed(b": heartbeat\n\n: heartbeat\r\n\r\n\n\n") == []


def test_a_byte_order_mark_is_ignored() -> None:
    assert datas(SseParser().feed(b"\xef\xbb\xbfdata: x\n\n")) == [b"x"]


def test_an_event_beyond_the_bound_is_dropped_and_counted_and_the_next_is_read() -> None:
    parser = SseParser(max_event_bytes=100)
    got = []
    for _ in range(50):
        got += parser.feed(b"data: " + b"x" * 100)
    got += parser.feed(b"\n\ndata: small\n\n")
    got += parser.feed(b"data: " + b"y" * 60 + b"\ndata: " + b"y" * 60 + b"\n\ndata: next\n\n")
    assert datas(got) == [b"small", b"next"]
    assert parser.dropped == 2


@given(st.lists(st.integers(1, 40), max_size=30))
def test_cuts_do_not_matter(sizes: list[int]) -> None:
    parser, got, at = SseParser(), [], 0
    for size in [*sizes, len(STREAM)]:
        got += parser.feed(STREAM[at : at + size])
        at += size
    assert got == EVENTS


def test_an_event_that_never_ends_is_counted_while_it_still_comes() -> None:
    parser = SseParser()
    for _ in range(EVENT_MAX_BYTES // 1_000_000 + 1):
        parser.feed(b"data: " + b"x" * 1_000_000 + b"\n")
    assert parser.dropped == 1
