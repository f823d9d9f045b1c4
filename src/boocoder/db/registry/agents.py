"""Agents as each host's last probe found them. Probing is catalog's business."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec

from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.model.agent import AgentInfo, AgentState
from boocoder.model.ids import HostId


class AvailableAgent(msgspec.Struct, frozen=True):
    """One agent on one host; the fields are AgentInfo's, `commands` a list of AgentCommand, `transport` "" for none."""

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
    title: str
    transport: str
    tried: bool
    thinking: list[str]
    commands: msgspec.Raw
    default_mode: str | None
    signed_in: bool | None
    install: str
    login: str
    steering: bool
    probed_at: datetime


_PUT = statement(
    "agents",
    "put_agent",
    row=Done,
    params=(
        *(UUID, str, str, AgentState, str, str, str, str, list[str], list[str], str | None),
        *(str, str, bool, list[str], msgspec.Raw, str | None, bool | None, str, str, bool),
    ),
)
_KEEP = statement("agents", "keep_agents", row=Done, params=(UUID, list[str]))
_ELSEWHERE = statement("agents", "is_ready_elsewhere", row=Done, params=(UUID, str))
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
        agent.title,
        agent.transport or "",
        agent.tried,
        list(agent.thinking),
        msgspec.Raw(msgspec.json.encode(agent.commands)),
        agent.default_mode,
        agent.signed_in,
        agent.install,
        agent.login,
        agent.steering,
    )


async def keep_agents(conn: Connection, host_id: HostId, names: Iterable[str]) -> None:
    """Delete the host's agents of other names: its settings no longer have them."""
    await _KEEP.all(conn, host_id, list(names))


async def is_ready_elsewhere(conn: Connection, host_id: HostId, name: str) -> bool:
    """Whether another host has an agent of this name, running or not."""
    return await _ELSEWHERE.changed(conn, host_id, name)


async def list_agents(conn: Connection, host_id: HostId | None = None) -> list[AvailableAgent]:
    """The agents of one host, or of all, by name."""
    return await _LIST.all(conn, host_id)
