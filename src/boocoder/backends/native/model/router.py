"""Finds the server and the model that a task names, and keeps what is known of each model."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from boocoder.backends.native.limits import DEFAULT_CONTEXT_TOKENS, NativeLimits
from boocoder.backends.native.model.client import ModelClient
from boocoder.backends.native.model.completion import ModelHabits
from boocoder.backends.native.model.errors import ModelError
from boocoder.backends.native.no_server import NO_SERVER, SET_SERVER
from boocoder.errors import Unavailable
from boocoder.model.agent import AgentInfo, AgentState, ModelDetails
from boocoder.model_servers.facts import ModelFacts
from boocoder.model_servers.server_models import ServerModels, find_model
from boocoder.model_servers.turn_gate import TurnGate

_ADD_MODEL = "Add a model to the server's configuration."


@dataclass(frozen=True, slots=True)
class RoutedModel:
    """The destination of a turn's model calls.

    Args:
        client: client of its server.
        model: the server's id for the model.
        facts: its properties.
        habits: known peculiarities of its answers.
        gate: lets turns wait for its server.
        output_tokens: configured limit of one answer, 0 for none.
        server: knows more of the model once it is loaded.
    """

    client: ModelClient
    model: str
    facts: ModelFacts
    habits: ModelHabits
    gate: TurnGate
    output_tokens: int
    server: ServerModels

    async def learn_context(self) -> int:
        """Ask the server for the model's context; 0 if it does not say."""
        return await self.server.learn_context(self.model)


class ModelRouter:
    """The model servers of the native agent.

    Args:
        servers: the first one has the default model; more may be added.
        limits: limits of model calls.
    """

    def __init__(self, servers: Sequence[ServerModels], limits: NativeLimits) -> None:
        self._servers = servers
        self._limits = limits
        self._clients: dict[str, ModelClient] = {}
        self._habits: dict[tuple[str, str], ModelHabits] = {}

    async def close(self) -> None:
        """Close all connections. Safe twice."""
        for client in self._clients.values():
            await client.close()
        for server in self._servers:
            await server.close()

    async def choose(self, wanted: str | None) -> RoutedModel:
        """The model that a task names, or the default.

        Raises:
            ModelError: the task names none, and no server lists one.
        """
        if not self._servers:
            raise ModelError("model_unreachable", NO_SERVER, SET_SERVER)
        found = self._find(wanted or "")
        if found is None or not found[0].rows:
            await asyncio.gather(*(server.ensure_fresh() for server in self._servers))
            found = self._find(wanted or "")
        if found is None and not wanted:
            raise await self._why_none()
        server, model = found or (self._servers[0], wanted or "")
        await server.ensure_fresh()
        name = server.server.name
        return RoutedModel(
            client=self._client(server),
            model=model,
            facts=server.facts(model),
            habits=self._habits.setdefault((name, model), ModelHabits()),
            gate=server.gate,
            output_tokens=server.server.options_of(model).output_tokens,
            server=server,
        )

    async def probe(self, about: AgentInfo) -> AgentInfo:
        """Ask every server for its models; never raises.

        Args:
            about: description of the agent, without models.
        """
        if not self._servers:
            return _with(about, AgentState.UNAVAILABLE, NO_SERVER, SET_SERVER)
        errors = await asyncio.gather(*(_refresh(server) for server in self._servers))
        default, details = self._default, tuple(self._details())
        if default is None or not details:
            error = await self._why_none()
            return _with(about, AgentState.ERROR, error.text, error.cure)
        server, model = default
        facts = server.facts(model)
        texts = [facts.describe(DEFAULT_CONTEXT_TOKENS), *(error.text for error in errors if error is not None)]
        cures = [f"{facts.warning} {facts.cure}".strip(), *(error.cure for error in errors if error is not None)]
        cure = " ".join(cure for cure in cures if cure)
        name = server.server.task_name(model)
        return _with(about, AgentState.READY, ". ".join(texts), cure, details=details, default=name)

    @property
    def _default(self) -> tuple[ServerModels, str] | None:
        return next(((server, server.default) for server in self._servers if server.default), None)

    def _details(self) -> Iterator[ModelDetails]:
        for server in self._servers:
            for facts in server.all_facts():
                name = server.server.task_name
                yield facts.details(name(facts.id), name(facts.label))

    def _client(self, server: ServerModels) -> ModelClient:
        name = server.server.name
        if name not in self._clients:
            self._clients[name] = ModelClient(state=server.client, server=server.server, limits=self._limits)
        return self._clients[name]

    def _find(self, named: str) -> tuple[ServerModels, str] | None:
        """The server of a model: the one that lists it, or the one named by its prefix."""
        return find_model(self._servers, named) if named else self._default

    async def _why_none(self) -> ModelError:
        """The reason why no server lists a model."""
        errors = [error for error in [await _refresh(server) for server in self._servers] if error is not None]
        if errors:
            return ModelError("model_unreachable", " ".join(e.text for e in errors), " ".join(e.cure for e in errors))
        where = ", ".join(server.server.base_url for server in self._servers)
        return ModelError("model_unknown", f"The model server at {where} lists no model.", _ADD_MODEL)


async def _refresh(server: ServerModels) -> Unavailable | None:
    try:
        await server.refresh()
    except Unavailable as error:
        return error
    return None


def _with(
    about: AgentInfo,
    state: AgentState,
    reason: str,
    cure: str,
    *,
    details: tuple[ModelDetails, ...] = (),
    default: str | None = None,
) -> AgentInfo:
    models = tuple(one.id for one in details)
    return replace(
        about, state=state, reason=reason, cure=cure, models=models, model_details=details, default_model=default
    )
