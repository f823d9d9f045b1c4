"""What decides where a waiting task can run, as rows. The words for it are placement's."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import msgspec

from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import statement
from boocoder.model.ids import HostId, ProjectId, SessionId


class PlacementAgent(msgspec.Struct, frozen=True):
    """An agent on a host: its state, and why it is not ready with what to do about it."""

    state: str
    reason: str = ""
    cure: str = ""


class PlacementHost(msgspec.Struct, frozen=True):
    """A host, with what it has of the projects and agents that were asked for; `alive` while it runs."""

    id: HostId
    name: str
    alive: bool
    drained: bool
    projects: dict[str, str]
    agents: dict[str, PlacementAgent]


class PlacementSession(msgspec.Struct, frozen=True):
    """Where a session is bound to, if anywhere, and where its project is.

    Args:
        stored: whether a snapshot of it is stored for other hosts.
        failures: why hosts, by their ids, could not go on with it.
    """

    id: SessionId
    host_id: HostId | None
    project_path: str
    has_files: bool
    stored: bool = False
    failures: dict[str, str] = {}


class _RunningHost(msgspec.Struct, frozen=True):
    id: HostId


class _HostRow(msgspec.Struct, frozen=True):
    id: HostId
    name: str
    alive: bool
    drained: bool
    projects: msgspec.Raw
    agents: msgspec.Raw


class _SessionRow(msgspec.Struct, frozen=True):
    id: SessionId
    host_id: HostId | None
    project_path: str
    has_files: bool
    stored: bool
    failures: msgspec.Raw


_HOSTS = statement("placement", "list_placement_hosts", row=_HostRow, params=(list[UUID], list[str], list[UUID]))
_RUNNING = statement("placement", "find_running_host", row=_RunningHost, params=(UUID,))
_SESSIONS = statement("placement", "list_placement_sessions", row=_SessionRow, params=(list[UUID],))


async def list_placement_hosts(
    conn: Connection, *, projects: Collection[ProjectId], agents: Collection[str], sessions: Collection[SessionId]
) -> list[PlacementHost]:
    """The hosts by name; one that was removed only where it has files of these sessions."""
    return [
        PlacementHost(
            row.id,
            row.name,
            row.alive,
            row.drained,
            msgspec.json.decode(row.projects, type=dict[str, str]),
            msgspec.json.decode(row.agents, type=dict[str, PlacementAgent]),
        )
        for row in await _HOSTS.all(conn, list(projects), list(agents), list(sessions))
    ]


async def list_placement_sessions(conn: Connection, sessions: Collection[SessionId]) -> list[PlacementSession]:
    """Where these sessions are bound to."""
    return [
        PlacementSession(
            row.id,
            row.host_id,
            row.project_path,
            row.has_files,
            row.stored,
            msgspec.json.decode(row.failures, type=dict[str, str]),
        )
        for row in await _SESSIONS.all(conn, list(sessions))
    ]


async def has_running_host(conn: Connection, session_id: SessionId) -> bool:
    """Whether the session is bound to a host that runs, which takes its tasks."""
    return await _RUNNING.first(conn, session_id) is not None
