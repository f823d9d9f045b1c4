"""Questions about this host's agents, which need no running service."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click

from boocoder.cli.client.connect import any_service
from boocoder.cli.invocation import settings_of
from boocoder.cli.views.service_notices import OwnServiceNotices
from boocoder.client.http_client import Client
from boocoder.model.agent import AgentInfo, AgentState

IDENTIFY_S = 30.0  # identifying takes a second or two an agent, a try of opencode some five
POLL_S = 0.2

T = TypeVar("T")


def ask_agents(ctx: click.Context, question: Callable[[Client], Awaitable[T]]) -> T:
    """Ask the running service, or one of this process alone, which looks at the agents first."""

    async def ask() -> T:
        notices = OwnServiceNotices("to ask the agents")
        async with any_service(settings_of(ctx), notices) as client:
            if notices.started:
                await _wait_identified(client)
            return await question(client)

    return asyncio.run(ask())


async def known_agents(client: Client) -> list[AgentInfo]:
    """The agents as they are known now."""
    return await client.items("/api/agents", AgentInfo)


async def _wait_identified(client: Client) -> None:
    """Wait until every agent is identified, and those that are tried at the start are tried; bounded."""
    deadline = time.monotonic() + IDENTIFY_S
    while time.monotonic() < deadline:
        if all(agent.state is not AgentState.LOADING for agent in await known_agents(client)):
            return
        await asyncio.sleep(POLL_S)
