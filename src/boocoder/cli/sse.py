"""Splits a byte stream of server-sent events into (id, data). Pure; knows nothing of HTTP or frames.

Lines end at LF or CRLF only: text splitters that know more line ends break JSON that holds U+2028.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

EVENT_MAX_BYTES = 16 * 1024 * 1024  # a frame is far smaller; a stream without line ends must not fill the memory


class EventTooLarge(Exception):
    """The stream sent more than EVENT_MAX_BYTES without ending an event."""


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event: its id ("" if it has none) and its data."""

    id: str
    data: bytes


class EventParser:
    """Feed it bytes as they come; it gives the events that are whole."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._id = ""
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[ServerEvent]:
        """The events that `chunk` completes.

        Raises:
            EventTooLarge: no event ended within EVENT_MAX_BYTES.
        """
        self._buffer += chunk
        *lines, self._buffer = self._buffer.split(b"\n")
        for line in lines:
            if field := bytes(line.removesuffix(b"\r")):
                self._field(field)
            elif event := self._take():
                yield event
        if len(self._buffer) + self._size > EVENT_MAX_BYTES:
            raise EventTooLarge

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
            self._size += len(value)
        elif name == b"id":
            self._id = value.decode("ascii", "replace")

    def _take(self) -> ServerEvent | None:
        event = ServerEvent(self._id, b"\n".join(self._data)) if self._data else None
        self._id, self._data, self._size = "", [], 0
        return event
