"""Server-sent events on a connection; the head is sent with the first event, so that a silent call stays silent."""

from __future__ import annotations

import msgspec

from boocoder.scripted_model.connection import ClientConnection

_encode = msgspec.json.encode


class AnswerEvents:
    """The events of one answer."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self.opened = False

    async def send(self, payload: object, name: str = "") -> None:
        """Send one event; waits while the client does not read.

        Args:
            payload: sent as its JSON data.
            name: of the event, "" for none.
        """
        if not self.opened:
            self.opened = True
            self._connection.open_stream()
        head = f"event: {name}\n".encode() if name else b""
        await self._connection.write_chunk(head + b"data: " + _encode(payload) + b"\n\n")

    def end(self) -> None:
        """End the body properly."""
        self._connection.end_stream()

    def drop(self) -> None:
        """Close the connection in the middle."""
        self._connection.close()
