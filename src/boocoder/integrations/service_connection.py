"""A client of the service for programs that outlive a restart of it: it is looked for with each request."""

from __future__ import annotations

from collections.abc import Callable

from boocoder.client.discovery import FoundService
from boocoder.client.http_client import Client


class ServiceConnection:
    """One client, replaced when the service is found elsewhere.

    Args:
        find: looks for the service; what it raises is raised to whoever asks for the client.
    """

    def __init__(self, find: Callable[[], FoundService]) -> None:
        self._find = find
        self._found: FoundService | None = None
        self._clients: list[Client] = []  # the newest one last; a request may still use a former one

    def client(self) -> Client:
        """A client of the service that runs now; it stays open until `close`.

        Raises:
            BoocoderError: there is none.
        """
        found = self._find()
        if found != self._found:
            self._clients.append(found.client())
            self._found = found
        return self._clients[-1]

    async def close(self) -> None:
        """Close every client."""
        clients, self._clients, self._found = self._clients, [], None
        for client in clients:
            await client.__aexit__(None, None, None)
