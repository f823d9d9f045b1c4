"""Keeps what one model server says of its models up to date; all agents share it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress

from boocoder.errors import Conflict, Unavailable
from boocoder.model_servers.answers import ModelRow
from boocoder.model_servers.client import LIST_TIMEOUT_S, ModelServerClient
from boocoder.model_servers.facts import ModelFacts, facts_of
from boocoder.model_servers.report import ModelReport
from boocoder.model_servers.server import ModelServer
from boocoder.model_servers.turn_gate import TurnGate

FRESH_S = 5.0  # a server that was restarted with another context is noticed by the next turn
TURN_WAIT_S = 600.0  # default of models.turn_wait_s: about the longest turn of a coding agent
UNLOAD_WAIT_S = 10.0  # for a server that unloads a model after its answer
UNLOAD_POLL_S = 0.2
TURN_TIMEOUT_S = 2.0  # a turn waits no longer for news of a server that is slow to answer


class ServerModels:
    """The models of one server.

    Args:
        server: which.
        turn_wait_s: a turn waits no longer for its model.

    Attributes:
        gate: where its turns wait for one another.
        client: asks it.
        rows: its models by id, in its order; empty until it was asked.
    """

    def __init__(self, server: ModelServer, *, turn_wait_s: float = TURN_WAIT_S) -> None:
        self.server = server
        self.client = ModelServerClient(server)
        self.gate = TurnGate(
            client=self.client, limit=self._turns_at_once, total=server.all_turns_at_once, wait_s=turn_wait_s
        )
        self.rows: dict[str, ModelRow] = {}
        self._facts: dict[str, ModelFacts] = {}
        self._asked_at = -FRESH_S
        self._asking = asyncio.Lock()

    async def close(self) -> None:
        """Close its connections. Safe twice."""
        await self.client.close()

    async def refresh(self, *, timeout_s: float = LIST_TIMEOUT_S) -> None:
        """Ask for its models and what it says of them.

        Raises:
            Unavailable: the server cannot be reached, refuses, or has no such list; what was known stays.
        """
        rows = await self.client.models(timeout_s=timeout_s)
        reports = await self.client.reports(rows)
        self.rows = {row.id: row for row in rows if reports.get(row.id, ModelReport()).chats}
        self._facts = {
            name: facts_of(row, reports.get(name), self.server.options_of(name), self._facts.get(name))
            for name, row in self.rows.items()
        }
        self._asked_at = time.monotonic()

    async def ensure_fresh(self) -> bool:
        """Ask again unless that was done a moment ago; whether the server answered then or now."""
        async with self._asking:
            if time.monotonic() - self._asked_at < FRESH_S:
                return True
            try:
                await self.refresh(timeout_s=TURN_TIMEOUT_S)
            except Unavailable:
                return False
            return True

    async def learn_context(self, model: str) -> int:
        """Ask for the context of a model that was loaded meanwhile; 0 if the server does not say."""
        with suppress(Unavailable):
            await self.refresh(timeout_s=TURN_TIMEOUT_S)
        return self.facts(model).context_tokens

    async def unload(self, model: str) -> None:
        """Have the server unload a model.

        Args:
            model: the server's id.

        Raises:
            Conflict: a turn runs with it, or the server does not unload models on request.
            Unavailable: the server cannot be reached, or refuses.
        """
        if turns := self.gate.running(model):
            text = f"{self.facts(model).label} is in use by {turns} running turn{'' if turns == 1 else 's'}."
            raise Conflict("model_in_use", text, "Wait until the turn has ended, or cancel it.")
        await self.client.unload(model)
        with suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(UNLOAD_WAIT_S):
                await self.refresh()
                while self.facts(model).loaded:
                    await asyncio.sleep(UNLOAD_POLL_S)
                    await self.refresh()

    def _turns_at_once(self, model: str) -> int:
        return self.server.options_of(model).turns_at_once or self.facts(model).slots

    @property
    def default(self) -> str:
        """Id of the model for tasks that name none, "" if none is known."""
        wanted = self.server.default
        return (self.resolve(wanted) or wanted) if wanted else next(iter(self.rows), "")

    def resolve(self, named: str) -> str | None:
        """The id of a model that is named by its id, an alias or its name for people; None if there is none."""
        if named in self.rows:
            return named
        for name, row in self.rows.items():
            if named in row.other_names or self.facts(name).label == named:
                return name
        return None

    def facts(self, model: str) -> ModelFacts:
        """What is known of a model."""
        options = self.server.options_of(model)
        return self._facts.get(model) or ModelFacts(model, label=model, context_tokens=options.context_tokens)

    def all_facts(self) -> tuple[ModelFacts, ...]:
        """What is known of all models, in the server's order."""
        return tuple(self.facts(model) for model in self.rows)


def find_model(servers: Sequence[ServerModels], named: str) -> tuple[ServerModels, str] | None:
    """The server of a model and the model's id there, None if there is none of that name.

    Args:
        servers: where to look, in this order.
        named: as a task names it: with its server's name or another agent's prefix before it, or alone. The model of a
            server that is named need not be on its list.
    """
    head, slash, rest = named.partition("/")
    for server in servers:
        if server.server.name and slash and head == server.server.name:
            return server, server.resolve(rest) or rest
    for name in (named, rest):  # as another agent spells it: provider/model
        for server in servers:
            if name and (model := server.resolve(name)) is not None:
                return server, model
    return None
