"""Polls the lists of the model servers and passes them to agents: neither has to be started before the other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from boocoder.backends.opencode.settings import ModelProvider
from boocoder.catalog.model_server import ModelServerConnection
from boocoder.errors import NotFound, Unavailable
from boocoder.model.agent import ModelDetails
from boocoder.model_servers.facts import ModelFacts
from boocoder.service import TaskSupervisor

if TYPE_CHECKING:
    from boocoder.model_servers.server_models import ServerModels

log = logging.getLogger(__name__)

EVERY_S = 60.0  # a model that was added is offered at most so much later
TIMEOUT_S = 2.0  # a start waits no longer for a server that is slow to answer
MISSING_EVERY_S = 5.0  # while a server has no known model

Known = dict[str, tuple[ModelFacts, ...]]


def provider_of(known: ServerModels) -> ModelProvider:
    """A model server as opencode is configured; without a known list it offers the default model alone."""
    server = known.server
    models = tuple(known.rows) or ((server.default,) if server.default else ())
    return ModelProvider(
        base_url=server.base_url,
        models=models,
        default_model=known.default,
        api_key=server.api_key,
        id=server.provider,
        details=tuple(facts.details(facts.id, facts.label) for facts in known.all_facts()),
        options={model: server.options_of(model) for model in models},
        gate=known.gate,
    )


def offer_of(known: ServerModels) -> ModelServerConnection:
    """A model server as other agents are configured."""
    server = known.server
    return ModelServerConnection(
        base_url=server.base_url, api_key=server.api_key, default=known.default, models=tuple(known.rows)
    )


class ModelWatch:
    """Asks the model servers now and then. A `service.Service`.

    Args:
        servers: all; more may be added.
        users: names of the agents that their models are of use to.
        offer: called whenever the known models change.
        on_change: called after a change, to look at the agents of these names again.
    """

    def __init__(
        self,
        *,
        servers: Sequence[ServerModels],
        users: tuple[str, ...],
        offer: Callable[[], None],
        on_change: Callable[[Iterable[str]], Awaitable[object]],
    ) -> None:
        self.users = users
        self._servers = servers
        self._offer = offer
        self._on_change = on_change
        self._offered: Known = {}
        self._unreached: set[str] = set()
        self._supervisor = TaskSupervisor("model-watch")

    async def start(self) -> None:
        """Ask once, then go on in the background."""
        await self._ask()
        self._supervisor.spawn(self._loop(), "ask")

    async def stop(self) -> None:
        """Ask no more."""
        await self._supervisor.stop()
        for known in self._servers:
            await known.close()

    async def refresh(self, agents: Iterable[str]) -> None:
        """Ask now, unless that was done a moment ago: somebody wants to use a model.

        Args:
            agents: names of those that are waited for after a change.
        """
        await asyncio.gather(*(known.ensure_fresh() for known in self._servers))
        if self._publish_models():
            self._supervisor.spawn(self._look_again(), "look-again")
            await self._on_change(agents)

    async def unload(self, named: str) -> ModelDetails:
        """Have its server unload a model, and say what is known of it then.

        Args:
            named: as a task names it.

        Raises:
            NotFound: no server has it.
            Conflict: a turn runs with it, or its server does not unload models on request.
            Unavailable: its server cannot be reached, or refuses.
        """
        from boocoder.model_servers.server_models import find_model  # with an HTTP client, which few services need

        await asyncio.gather(*(known.ensure_fresh() for known in self._servers))
        found = find_model(self._servers, named)
        if found is None or found[1] not in found[0].rows:
            raise NotFound("model_unknown", f"No model server has a model {named!r}.", "See `boocoder models`.")
        known, model = found
        await known.unload(model)
        await self.refresh(())
        name = known.server.task_name
        return known.facts(model).details(name(model), name(known.facts(model).label))

    async def _loop(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S if all(known.rows for known in self._servers) else MISSING_EVERY_S)
            if await self._ask():
                await self._look_again()

    async def _look_again(self) -> None:
        await self._on_change(self.users)

    async def _ask(self) -> bool:
        """Ask all servers; true if anything changed."""
        await asyncio.gather(*(self._ask_one(known) for known in self._servers))
        return self._publish_models()

    async def _ask_one(self, known: ServerModels) -> None:
        name, url = known.server.name, known.server.base_url
        try:
            await known.refresh(timeout_s=TIMEOUT_S)
        except Unavailable as error:
            if name not in self._unreached:  # once, not every few seconds
                log.warning("model server not reached", extra={"url": url, "text": error.text})
            self._unreached.add(name)  # what was known may still be right
            return
        self._unreached.discard(name)

    def _publish_models(self) -> bool:
        """Offer what is known to the agents; whether it is news."""
        known = {one.server.name: one.all_facts() for one in self._servers}
        if known == self._offered:
            return False
        self._offered = known
        self._offer()
        return True
