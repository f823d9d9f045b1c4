"""Agents of this host: what is known, and asking them anew."""

from __future__ import annotations

from fastapi import APIRouter

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.services import Services
from boocoder.api.shapes.agents import AgentOut, agent_out
from boocoder.api.shapes.inputs import ProbeInput

router = APIRouter(prefix="/api/agents", route_class=StrictRoute)


@router.get("")
@access(Access.READ)
async def list_agents(services: Services) -> list[AgentOut]:
    """What is known about every agent now."""
    return [agent_out(info) for info in services.agents.known()]


@router.post("/probe")
@access(Access.WRITE)
async def probe_agents(services: Services, body: ProbeInput | None = None) -> list[AgentOut]:
    """Ask the agents whether they work, and wait for their answers."""
    return [agent_out(info) for info in await services.agents.probe(body.agents if body else None)]
