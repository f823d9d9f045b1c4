"""Agents as each host's last probe found them. Probing is catalog's business."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from boocoder.db.pool import Connection
from boocoder.db.sql import Done, statement
from boocoder.model.agent import AgentInfo, AgentState
from boocoder.model.ids import HostId


class AvailableAgent(msgspec.Struct, frozen=True):
    """One agent on one host; the fields are AgentInfo's."""

    host_id: HostId
    name: str
    backend: str
    state: AgentState
    reason: str
    cure: str
    version: str
    program: str
    models: list[str]
    modes: list[str]
    default_model: str | None
    probed_at: datetime


_PUT = statement(
    "agents",
    "put_agent",
    row=Done,
    params=(UUID, str, str, AgentState, str, str, str, str, list[str], list[str], str | None),
)
_LIST = statement("agents", "list_agents", row=AvailableAgent, params=(UUID | None,))


async def put_agent(conn: Connection, host_id: HostId, agent: AgentInfo) -> None:
    """Store what a probe found, in place of the result before."""
    await _PUT.one(
        conn,
        host_id,
        agent.name,
        agent.backend,
        agent.state,
        agent.reason,
        agent.cure,
        agent.version,
        agent.program,
        list(agent.models),
        list(agent.modes),
        agent.default_model,
    )


async def list_agents(conn: Connection, host_id: HostId | None = None) -> list[AvailableAgent]:
    """The agents of one host, or of all, by name."""
    return await _LIST.all(conn, host_id)
