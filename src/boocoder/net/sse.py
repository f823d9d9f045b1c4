"""Parser of server-sent events, for opencode's stream and boocoder's own.

Lines end at CR LF, LF or CR and nowhere else (U+2028 and U+0085 are ordinary characters inside JSON), wherever the
transport cuts the stream. Overlong events are dropped and counted.
"""

from __future__ import annotations

from dataclasses import dataclass

EVENT_MAX_BYTES = 16 * 1024 * 1024  # the largest frame is far smaller; a stream without line ends must not fill memory
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event: its id ("" if it has none) and its data."""

    id: str
    data: bytes


class SseParser:
    """Collects events from the bytes of a stream.

    Args:
        max_event_bytes: longer events are dropped.

    Attributes:
        dropped: number of overlong events so far, counted as soon as one exceeds the limit.
    """

    def __init__(self, *, max_event_bytes: int = EVENT_MAX_BYTES) -> None:
        self._max = max_event_bytes
        self._line: list[bytes] = []
        self._line_bytes = 0
        self._id = ""
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._oversized = False
        self._after_cr = False
        self._at_start = True
        self.dropped = 0

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """Take the next bytes and return the events that they complete, in order."""
        if not chunk:
            return []
        lines = self._normalised(chunk).split(b"\n")
        out: list[ServerSentEvent] = []
        self._keep(lines[0])
        for line in lines[1:]:
            self._end_line(out)
            self._keep(line)
        return out

    def _normalised(self, chunk: bytes) -> bytes:
        if self._after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]
        self._after_cr = chunk.endswith(b"\r") if chunk else False
        if b"\r" in chunk:
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return chunk

    def _keep(self, piece: bytes) -> None:
        self._line_bytes += len(piece)
        if self._line_bytes + self._data_bytes > self._max:
            self.dropped += not self._oversized
            self._oversized = True
            self._line.clear()
        elif piece:
            self._line.append(piece)

    def _end_line(self, out: list[ServerSentEvent]) -> None:
        empty = self._line_bytes == 0
        line = b"".join(self._line)
        self._line.clear()
        self._line_bytes = 0
        if self._at_start:
            line = line.removeprefix(_BOM)
            self._at_start = False
        if empty:
            self._end_event(out)
        elif not self._oversized:
            self._take_field(line)

    def _take_field(self, line: bytes) -> None:
        if line.startswith(b"data:"):
            value = line[6:] if line[5:6] == b" " else line[5:]
            self._data.append(value)
            self._data_bytes += len(value) + 1
        elif line.startswith(b"id:"):
            self._id = line[3:].removeprefix(b" ").decode("ascii", "replace")

    def _end_event(self, out: list[ServerSentEvent]) -> None:
        if self._data and not self._oversized:
            out.append(ServerSentEvent(self._id, self._data[0] if len(self._data) == 1 else b"\n".join(self._data)))
        self._id = ""
        self._data.clear()
        self._data_bytes = 0
        self._oversized = False
