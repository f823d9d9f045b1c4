"""Follows the list of the model server and tells opencode of it, so that neither has to be started before the other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from boocoder.backends.opencode.backend import OpenCodeBackend
from boocoder.backends.opencode.settings import ModelProvider
from boocoder.catalog.models import fetch_models
from boocoder.config import ModelServer
from boocoder.errors import Unavailable
from boocoder.service import Supervisor

log = logging.getLogger(__name__)

TIMEOUT_S = 2.0  # a model server on this machine or network; nobody waits longer for its list
EVERY_S = 60.0  # a model that was added is offered at most so much later
MISSING_EVERY_S = 5.0  # while no model is known at all


def provider_of(server: ModelServer, models: tuple[str, ...]) -> ModelProvider | None:
    """The model server as opencode is told of it; one whose list is not known offers its default model alone."""
    if not server.base_url:
        return None
    known = models or ((server.default,) if server.default else ())
    return ModelProvider(base_url=server.base_url, models=known, default_model=server.default, api_key=server.api_key)


class ModelWatch:
    """Asks the model server now and then. A `service.Service`.

    Args:
        server: where it is; without a base URL nothing is asked.
        backend: told of every change.
        on_change: called after a change, to look at the agent again.
    """

    def __init__(
        self, *, server: ModelServer, backend: OpenCodeBackend, on_change: Callable[[], Awaitable[object]]
    ) -> None:
        self._server = server
        self._backend = backend
        self._on_change = on_change
        self._known: tuple[str, ...] = ()
        self._supervisor = Supervisor("model-watch")

    async def start(self) -> None:
        """Ask once, then go on in the background."""
        if self._server.base_url:
            await self._ask()
            self._supervisor.spawn(self._loop(), "ask")

    async def stop(self) -> None:
        """Ask no more."""
        await self._supervisor.stop()

    async def refresh(self) -> None:
        """Ask now if no model is known: somebody wants to use one."""
        if self._server.base_url and not self._known and await self._ask():
            await self._on_change()

    async def _loop(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S if self._known else MISSING_EVERY_S)
            if await self._ask():
                await self._on_change()

    async def _ask(self) -> bool:
        try:
            self._known = await fetch_models(self._server.base_url, api_key=self._server.api_key, timeout_s=TIMEOUT_S)
        except Unavailable as error:
            log.warning("model server not reached", extra={"url": self._server.base_url, "text": error.text})
            return False  # what was known may still be right
        return self._backend.offer(provider_of(self._server, self._known))
