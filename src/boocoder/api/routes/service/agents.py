"""Agents of this host: list and probe."""

from __future__ import annotations

from fastapi import APIRouter

from boocoder.api.access import Access, ProjectTokens, StrictRoute, access
from boocoder.api.requests.tasks import ProbeInput
from boocoder.api.services import Services
from boocoder.model.agent import AgentInfo
from boocoder.wire.rules import SandboxInUse

router = APIRouter(prefix="/api/agents", route_class=StrictRoute)


@router.get("")
@access(Access.READ, ProjectTokens.OPEN)
async def list_agents(services: Services) -> list[AgentInfo]:
    """What is known about every agent now."""
    return list(services.agents.known())


@router.get("/{agent}/sandbox")
@access(Access.READ, ProjectTokens.OPEN)
async def get_agent_sandbox(agent: str, services: Services) -> SandboxInUse:
    """What confines the agent's processes on this host, in projects that the settings do not exempt."""
    return services.rules.of_agent(agent)


@router.post("/probe")
@access(Access.WRITE)
async def probe_agents(services: Services, body: ProbeInput | None = None) -> list[AgentInfo]:
    """Ask the agents whether they work, and wait for their answers."""
    return list(await services.agents.probe(body.agents if body else None))
