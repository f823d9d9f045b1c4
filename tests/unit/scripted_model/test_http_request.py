"""Cutting bytes into HTTP requests, however they are split on their way."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boocoder.scripted_model.http_request import BODY_MAX_BYTES, HttpRequest, MalformedRequest, RequestParser

STREAM = (
    b"POST /v1/chat/completions?x=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
    b"GET /v1/models HTTP/1.1\r\nConnection: close\r\n\r\n"
    b"POST /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\n\r\n"
)


def parsed(pieces: list[bytes]) -> list[HttpRequest]:
    parser = RequestParser()
    return [request for piece in pieces for request in parser.feed(piece)]


@given(st.lists(st.integers(0, len(STREAM)), max_size=30))
def test_any_split_gives_the_same_requests(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    requests = parsed([STREAM[start:end] for start, end in pairwise(edges)])
    assert [(request.method, request.path, request.body, request.keep_alive) for request in requests] == [
        ("POST", "/v1/chat/completions", b"hello", True),
        ("GET", "/v1/models", b"", False),
        ("POST", "/p", b"abcde", True),
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"hello\r\n\r\n",
        b"GET / SPDY/1\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (BODY_MAX_BYTES + 1),
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"x" * 70_000,
    ],
)
def test_what_is_no_request_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedRequest):
        parsed([data])


@given(st.binary(max_size=300))
def test_garbage_is_refused_or_waits_for_more(data: bytes) -> None:
    try:
        requests = parsed([data])
    except MalformedRequest:
        return
    assert all(request.method for request in requests)
