"""The byte-level parser of server-sent events."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boocoder.backends.opencode.sse import SseParser

# Code points that str.splitlines takes for line ends, and some that break careless decoders.
ODD = ["\u2028", "\u2029", "\u0085", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\ufeff", "\U0001f600"]


@pytest.mark.parametrize("odd", ODD)
def test_only_cr_and_lf_end_a_line(odd: str) -> None:
    text = json.dumps({"delta": f"a{odd}b"}, ensure_ascii=False)
    assert SseParser().feed(f"data: {text}\n\n".encode()) == [text.encode()]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_any_line_end_at_any_cut(end: bytes, size: int) -> None:
    lines = [b": comment", b"event: x", b"id: 7", b"data: one", b"data:two", b"", b": beat", b"", b"data: three", b""]
    stream = end.join(lines) + end
    parser = SseParser()
    got = [data for at in range(0, len(stream), size) for data in parser.feed(stream[at : at + size])]
    # A lone CR at the very end may be half of a CR LF, yet ends its line at once.
    assert got == [b"one\ntwo", b"three"]


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]))), st.data())
def test_whatever_is_sent_arrives(texts: list[str], data: st.DataObject) -> None:
    stream = b"".join(f"data: {text}\n\n".encode() for text in texts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    parser = SseParser()
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert [got.decode() for piece in pieces for got in parser.feed(piece)] == texts


def test_comments_alone_are_no_events() -> None:
    assert SseParser().feed(b": heartbeat\n\n: heartbeat\r\n\r\n\n\n") == []


def test_a_byte_order_mark_is_ignored() -> None:
    assert SseParser().feed(b"\xef\xbb\xbfdata: x\n\n") == [b"x"]


def test_an_event_beyond_the_bound_is_dropped_and_counted_and_the_next_is_read() -> None:
    parser = SseParser(max_event_bytes=100)
    got = []
    for _ in range(50):
        got += parser.feed(b"data: " + b"x" * 100)
    got += parser.feed(b"\n\ndata: small\n\n")
    got += parser.feed(b"data: " + b"y" * 60 + b"\ndata: " + b"y" * 60 + b"\n\ndata: next\n\n")
    assert got == [b"small", b"next"]
    assert parser.dropped == 2
