"""Follows the list of the model server and tells agents of it, so that neither has to be started before the other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from boocoder.backends.opencode.settings import ModelProvider
from boocoder.catalog.model_server import ModelServerOffer
from boocoder.catalog.models import fetch_models
from boocoder.config.settings import ModelServer
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


def offer_of(server: ModelServer, models: tuple[str, ...]) -> ModelServerOffer:
    """The model server as every other agent is told of it."""
    return ModelServerOffer(base_url=server.base_url, api_key=server.api_key, default=server.default, models=models)


class ModelWatch:
    """Asks the model server now and then. A `service.Service`.

    Args:
        server: where it is; it has a base URL.
        users: names of the agents, besides opencode, that its models are of use to.
        offer: told of every new list.
        on_change: called after a change, to look at the agents again.
    """

    def __init__(
        self,
        *,
        server: ModelServer,
        users: tuple[str, ...],
        offer: Callable[[tuple[str, ...]], None],
        on_change: Callable[[], Awaitable[object]],
    ) -> None:
        self.users = users
        self._server = server
        self._offer = offer
        self._on_change = on_change
        self._known: tuple[str, ...] = ()
        self._supervisor = Supervisor("model-watch")

    async def start(self) -> None:
        """Ask once, then go on in the background."""
        await self._ask()
        self._supervisor.spawn(self._loop(), "ask")

    async def stop(self) -> None:
        """Ask no more."""
        await self._supervisor.stop()

    async def refresh(self) -> None:
        """Ask now if no model is known: somebody wants to use one."""
        if not self._known and await self._ask():
            await self._on_change()

    async def _loop(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S if self._known else MISSING_EVERY_S)
            if await self._ask():
                await self._on_change()

    async def _ask(self) -> bool:
        """Whether its list is another one now."""
        try:
            models = await fetch_models(self._server.base_url, api_key=self._server.api_key, timeout_s=TIMEOUT_S)
        except Unavailable as error:
            log.warning("model server not reached", extra={"url": self._server.base_url, "text": error.text})
            return False  # what was known may still be right
        if models == self._known:
            return False
        self._known = models
        self._offer(models)
        return True
