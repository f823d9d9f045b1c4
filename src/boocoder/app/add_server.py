"""Takes over model servers that were found on this machine, while the service runs and for its next starts."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from boocoder.config.added_servers import add_server
from boocoder.errors import NotFound
from boocoder.model_servers.found_server import FoundServer, UsualPlace
from boocoder.model_servers.server import ModelServer

if TYPE_CHECKING:
    from boocoder.model_servers.server_models import ServerModels


class ServerAdder:
    """Finds and adds servers.

    Args:
        servers: those that are used; an added one is appended.
        places: where to look.
        data_dir: where added ones are written down.
        turn_wait_s: a turn waits no longer for a model of an added one.
    """

    def __init__(
        self, *, servers: list[ServerModels], places: tuple[UsualPlace, ...], data_dir: Path, turn_wait_s: float
    ) -> None:
        self._servers = servers
        self._places = places
        self._data_dir = data_dir
        self._turn_wait_s = turn_wait_s
        self._adding = asyncio.Lock()

    async def find(self) -> tuple[FoundServer, ...]:
        """The servers that run and are not used."""
        from boocoder.model_servers.discovery import find_servers  # with an HTTP client, which few services need

        return await find_servers([known.server for known in self._servers], places=self._places)

    async def add(self, base_url: str) -> FoundServer:
        """Use one of them.

        Raises:
            NotFound: none runs there, or it is used already.
        """
        from boocoder.model_servers.server_models import ServerModels

        async with self._adding:
            for found in await self.find():
                if found.base_url == base_url:
                    await asyncio.to_thread(add_server, self._data_dir, found)
                    server = ModelServer(found.base_url, name=found.name)
                    self._servers.append(ServerModels(server, turn_wait_s=self._turn_wait_s))
                    return found
        text = f"No unused model server was found at {base_url}."
        raise NotFound("model_server_not_found", text, "Start it, or set models.base_url in the settings file.")
