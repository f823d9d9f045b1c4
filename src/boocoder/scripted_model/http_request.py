"""Splits a byte stream into HTTP/1.1 requests. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

HEAD_MAX_BYTES = 64 * 1024  # of request line and headers together
BODY_MAX_BYTES = 64 * 1024 * 1024  # agents send whole conversations
_HEAD_END = b"\r\n\r\n"


class MalformedRequest(ValueError):
    """The bytes are not an HTTP/1.1 request, or exceed the limits."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request; header names in lower case, `path` without the query."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def keep_alive(self) -> bool:
        """Whether the client wants to reuse the connection."""
        return self.headers.get("connection", "").lower() != "close"


@dataclass(frozen=True, slots=True)
class _RequestHead:
    method: str
    path: str
    headers: Mapping[str, str]
    length: int | None  # None: the body comes in chunks


class RequestParser:
    """Takes bytes as they arrive and returns complete requests."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._head: _RequestHead | None = None
        self._body = bytearray()

    def feed(self, data: bytes) -> list[HttpRequest]:
        """The requests that `data` completes, oldest first.

        Raises:
            MalformedRequest: not HTTP, or too large; the connection cannot be used any more.
        """
        self._buffer += data
        requests: list[HttpRequest] = []
        while (request := self._next()) is not None:
            requests.append(request)
        return requests

    def _next(self) -> HttpRequest | None:
        if self._head is None:
            self._head = self._take_head()
        head = self._head
        if head is None:
            return None
        whole = self._take_chunks() if head.length is None else self._take_length(head.length)
        if not whole:
            return None
        request = HttpRequest(head.method, head.path, head.headers, bytes(self._body))
        self._head = None
        self._body = bytearray()
        return request

    def _take_head(self) -> _RequestHead | None:
        end = self._buffer.find(_HEAD_END)
        if end > HEAD_MAX_BYTES or (end < 0 and len(self._buffer) > HEAD_MAX_BYTES):
            raise MalformedRequest("head too large")
        if end < 0:
            return None
        lines = bytes(self._buffer[:end]).decode("latin-1").split("\r\n")
        del self._buffer[: end + len(_HEAD_END)]
        return _read_head(lines)

    def _take_length(self, length: int) -> bool:
        if len(self._buffer) < length:
            return False
        self._body = self._buffer[:length]
        del self._buffer[:length]
        return True

    def _take_chunks(self) -> bool:
        while (line_end := self._buffer.find(b"\r\n")) >= 0:
            size = _chunk_size(bytes(self._buffer[:line_end]))
            start = line_end + 2
            if len(self._buffer) < start + size + 2:
                break
            self._body += self._buffer[start : start + size]
            del self._buffer[: start + size + 2]
            if len(self._body) > BODY_MAX_BYTES:
                raise MalformedRequest("body too large")
            if size == 0:
                return True
        return False


def _read_head(lines: list[str]) -> _RequestHead:
    try:
        method, target, version = lines[0].split(" ")
        pairs = [line.split(":", 1) for line in lines[1:]]
        headers = {name.strip().lower(): value.strip() for name, value in pairs}
        length = int(headers.get("content-length", "0"))
    except ValueError as error:
        raise MalformedRequest("not an HTTP/1.1 request") from error
    if not version.startswith("HTTP/1.") or not 0 <= length <= BODY_MAX_BYTES:
        raise MalformedRequest("not an HTTP/1.1 request, or a body too large")
    chunked = "chunked" in headers.get("transfer-encoding", "").lower()
    return _RequestHead(method, target.split("?", 1)[0], headers, None if chunked else length)


def _chunk_size(line: bytes) -> int:
    try:
        size = int(line.split(b";")[0], 16)
    except ValueError as error:
        raise MalformedRequest("not a chunk size") from error
    if not 0 <= size <= BODY_MAX_BYTES:
        raise MalformedRequest("chunk too large")
    return size
