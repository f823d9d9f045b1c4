"""The client's event parser, whatever the places at which the bytes are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boocoder.cli.sse import EVENT_MAX_BYTES, EventParser, EventTooLarge, ServerEvent

STREAM = (
    b": heartbeat\n\n"
    b'id: 1\ndata: {"text":"a\xe2\x80\xa8b"}\n\n'
    b"data: live\r\n\r\n"
    b"event: x\nid: 3\ndata: one\ndata: two\n\n"
    b"id: 4\n\n"
    b"data:tight\n\n"
)
EVENTS = [
    ServerEvent("1", '{"text":"a\u2028b"}'.encode()),
    ServerEvent("", b"live"),
    ServerEvent("3", b"one\ntwo"),
    ServerEvent("", b"tight"),
]


@given(st.lists(st.integers(1, 40), max_size=30))
def test_cuts_do_not_matter(sizes: list[int]) -> None:
    parser, got, at = EventParser(), [], 0
    for size in [*sizes, len(STREAM)]:
        got += list(parser.feed(STREAM[at : at + size]))
        at += size
    assert got == EVENTS


def test_an_event_that_never_ends_is_an_error() -> None:
    parser = EventParser()
    with pytest.raises(EventTooLarge):
        for _ in range(EVENT_MAX_BYTES // 1_000_000 + 1):
            list(parser.feed(b"data: " + b"x" * 1_000_000 + b"\n"))
