"""Lists what the server offers and makes it load a directory."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from boocoder.backends.opencode.events.tool_view import lenient
from boocoder.backends.opencode.http.client import OfferedModel, OpenCodeClient
from boocoder.backends.opencode.models import ModelRef
from boocoder.model.agent import AgentCommand


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """Models as "provider/model", modes and slash commands, in the server's order."""

    models: tuple[str, ...]
    modes: tuple[str, ...]
    commands: tuple[AgentCommand, ...]


async def list_offer(client: OpenCodeClient, directory: Path) -> ServerOptions:
    """What tasks in this directory may name.

    Raises:
        BackendError: the server cannot be asked.
    """
    providers = await client.providers(directory)
    agents = await client.agents(directory)
    commands = await client.commands(directory)
    return ServerOptions(
        models=tuple(f"{provider.id}/{model}" for provider in providers for model in provider.models),
        modes=tuple(agent.name for agent in agents if not agent.hidden and agent.mode in ("primary", "all")),
        commands=tuple(AgentCommand(command.name, command.description) for command in commands),
    )


async def sees_images(client: OpenCodeClient, directory: Path, model: ModelRef) -> bool:
    """Whether a model takes images, by opencode's catalogue.

    Raises:
        BackendError: the server cannot be asked.
    """
    for provider in await client.providers(directory):
        if provider.id == model.provider and (row := provider.models.get(model.model)) is not None:
            return lenient(row, OfferedModel).capabilities.input.image
    return False


async def load_directory(client: OpenCodeClient, directory: Path) -> None:
    """Make the server load what a first turn in this directory would: 1.97 s become 1.07 s.

    Raises:
        BackendError: the server cannot be asked.
    """
    await asyncio.gather(client.providers(directory), client.agents(directory), client.commands(directory))
