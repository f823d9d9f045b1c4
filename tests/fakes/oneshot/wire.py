"""What the fake prints, and what it is answered."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
from typing import Any

Json = dict[str, Any]


def write_all(data: bytes, fd: int = 1) -> None:
    """Write every byte, however slow the reader is."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


class Wire:
    """Prints messages of one session.

    Args:
        session_id: stands in each of them.
    """

    def __init__(self, session_id: str) -> None:
        self.session_id = session_id
        self._numbers = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[Json]] = {}

    def send(self, message: Json) -> None:
        """Print a message."""
        write_all(json.dumps({**message, "session_id": self.session_id}).encode() + b"\n")

    def raw(self, data: bytes) -> None:
        """Print anything."""
        write_all(data)

    def stream(self, event: Json) -> None:
        """Print a piece of the model's answer."""
        self.send({"type": "stream_event", "event": event, "parent_tool_use_id": None})

    async def ask(self, request: Json) -> Json:
        """Ask for something and wait for the answer."""
        id = f"ask-{os.getpid()}-{next(self._numbers)}"
        self._waiting[id] = asyncio.get_running_loop().create_future()
        self.send({"type": "control_request", "request_id": id, "request": request})
        try:
            return await self._waiting[id]
        finally:
            del self._waiting[id]

    def answered(self, response: Json) -> None:
        """An answer has come."""
        waiting = self._waiting.get(str(response.get("request_id")))
        if waiting is not None and not waiting.done():
            waiting.set_result(response)


def complain(text: str) -> None:
    """Print to stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
