"""Splits a byte stream into server-sent events. It knows bytes only: no decoding, no I/O, no meaning.

Lines end at CR LF, LF or CR and nowhere else (U+2028 and U+0085 are ordinary characters inside JSON), whatever
the places at which the transport cuts the stream.
"""

from __future__ import annotations

_BOM = b"\xef\xbb\xbf"


class SseParser:
    """Collects the data of events.

    Args:
        max_event_bytes: an event whose data is longer is dropped and counted in `dropped`.
    """

    def __init__(self, *, max_event_bytes: int = 16 * 1024 * 1024) -> None:
        self._max = max_event_bytes
        self._line: list[bytes] = []
        self._line_bytes = 0
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._oversized = False
        self._after_cr = False
        self._at_start = True
        self.dropped = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take the next bytes and return the data of every event that they complete, in order."""
        if not chunk:
            return []
        lines = self._normalised(chunk).split(b"\n")
        out: list[bytes] = []
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
            self._oversized = True
            self._line.clear()
        elif piece:
            self._line.append(piece)

    def _end_line(self, out: list[bytes]) -> None:
        empty = self._line_bytes == 0
        line = b"".join(self._line)
        self._line.clear()
        self._line_bytes = 0
        if self._at_start:
            line = line.removeprefix(_BOM)
            self._at_start = False
        if empty:
            self._dispatch(out)
        elif line.startswith(b"data:") and not self._oversized:
            value = line[6:] if line[5:6] == b" " else line[5:]
            self._data.append(value)
            self._data_bytes += len(value) + 1

    def _dispatch(self, out: list[bytes]) -> None:
        if self._oversized:
            self.dropped += 1
        elif self._data:
            out.append(self._data[0] if len(self._data) == 1 else b"\n".join(self._data))
        self._data.clear()
        self._data_bytes = 0
        self._oversized = False
