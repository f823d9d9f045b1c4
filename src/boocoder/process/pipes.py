"""Reads and writes a pipe on the event loop, with bounded buffers."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import IO

CHUNK_BYTES = 256 * 1024  # one read; a pipe holds 64 KiB unless somebody enlarged it


class PipeReader:
    """Passes every chunk of a pipe to `sink` as it arrives.

    Args:
        pipe: the read end, owned by this object from now on.
        sink: called on the loop with each non-empty chunk; it may call `pause`.
        on_end: called once, when the writers have closed the pipe or `close` was called.
    """

    def __init__(
        self, pipe: IO[bytes], sink: Callable[[bytes], None], on_end: Callable[[], None] | None = None
    ) -> None:
        self._pipe = pipe
        self._fd = pipe.fileno()
        self._sink = sink
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._reading = False
        self.ended = asyncio.Event()
        os.set_blocking(self._fd, False)
        self.resume()

    def _ready(self) -> None:
        try:
            data = os.read(self._fd, CHUNK_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if data:
            self._sink(data)
        else:
            self.close()

    def pause(self) -> None:
        """Stop reading, so that the writer blocks."""
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._fd)

    def resume(self) -> None:
        """Resume reading. Harmless after the end."""
        if not self._reading and not self.ended.is_set():
            self._reading = True
            self._loop.add_reader(self._fd, self._ready)

    def close(self) -> None:
        """Stop reading for good. Safe twice."""
        if not self.ended.is_set():
            self.pause()
            self.ended.set()
            self._pipe.close()
            if self._on_end is not None:
                self._on_end()


class PipeWriter:
    """Writes to a pipe without blocking. Each message is written completely, or the pipe is closed.

    Args:
        pipe: the write end, owned by this object from now on.
    """

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._fd = pipe.fileno()
        self._loop = asyncio.get_running_loop()
        self._left = memoryview(b"")
        self._last = False
        self.idle = asyncio.Event()
        self.idle.set()
        self.closed = False
        os.set_blocking(self._fd, False)

    def put(self, data: bytes, *, last: bool = False) -> None:
        """Start writing `data`; `idle` is set when all of it is in the pipe, or the pipe is closed.

        The caller waits for `idle` first, so that at most one message is buffered.

        Args:
            data: the message.
            last: close the pipe after it.
        """
        assert self.idle.is_set()
        self._last = last
        self._left = memoryview(data)
        self.idle.clear()
        self._push()
        if not self.idle.is_set():
            self._loop.add_writer(self._fd, self._push)

    def _push(self) -> None:
        try:
            written = os.write(self._fd, self._left) if self._left and not self.closed else 0
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.close()
            return
        self._left = self._left[written:]
        if not self._left:
            self._finish()

    def _finish(self) -> None:
        if self._last:
            self.close()
        elif not self.closed:
            self._loop.remove_writer(self._fd)
        self.idle.set()

    def close(self) -> None:
        """Close the pipe; the reader sees the end after the data already written. Safe twice."""
        if not self.closed:
            self.closed = True
            self._loop.remove_writer(self._fd)
            self._left = memoryview(b"")
            self._pipe.close()
            self.idle.set()


class StreamTail:
    """The last bytes of a stream.

    Args:
        limit_bytes: how many are kept.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._data = bytearray()

    def add(self, data: bytes) -> None:
        """Add more of the stream."""
        self._data += data
        if len(self._data) > 2 * self._limit:
            del self._data[: -self._limit]

    def text(self) -> str:
        """The kept bytes as text; invalid UTF-8 is replaced."""
        return bytes(self._data[-self._limit :]).decode("utf-8", "replace")
