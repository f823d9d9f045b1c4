"""Which projects each host can serve, as rows. Looking at the disk is placement's business."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

import msgspec

from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.model.ids import HostId, ProjectId


class ProjectState(StrEnum):
    """What a host found at a project's path; UNKNOWN before its first look."""

    UNKNOWN = ""
    READY = "ready"
    MISSING = "missing"
    OTHER_REPOSITORY = "other_repository"


class HostProject(msgspec.Struct, frozen=True):
    """A project as a host sees it; `roots` are the ids of the commits that its history begins with, if known."""

    id: ProjectId
    path: str
    roots: list[str]
    state: ProjectState


class ReadyHost(msgspec.Struct, frozen=True):
    """A host that can serve a project; `alive` while it runs."""

    id: HostId
    name: str
    alive: bool


class _MissingAgent(msgspec.Struct, frozen=True):
    agent: str


_PUT = statement(
    "host_projects", "put_host_project", row=Done, params=(UUID, UUID, ProjectState, str, list[str] | None)
)
_LIST = statement("host_projects", "list_host_projects", row=HostProject, params=(UUID, UUID | None))
_FIND = statement("host_projects", "find_host_project", row=HostProject, params=(UUID, str))
_SET_ROOTS = statement("host_projects", "set_roots", row=Done, params=(UUID, list[str], bool))
_READY = statement("host_projects", "list_ready_hosts", row=ReadyHost, params=(UUID, UUID))
_MISSING = statement("host_projects", "list_missing_agents", row=_MissingAgent, params=(UUID,))


async def put_host_project(
    conn: Connection,
    host_id: HostId,
    project_id: ProjectId,
    state: ProjectState,
    path: str,
    tips: Sequence[str] | None = (),
) -> bool:
    """Store what a host found at a project's path; False if the project has moved by now.

    Args:
        tips: commits that it has, newest first; None where they are not known.
    """
    return await _PUT.changed(conn, host_id, project_id, state, path, None if tips is None else list(tips))


async def list_host_projects(conn: Connection, host_id: HostId, only: ProjectId | None = None) -> list[HostProject]:
    """The projects in the list as a host sees them; or one, removed or not."""
    return await _LIST.all(conn, host_id, only)


async def find_host_project(conn: Connection, host_id: HostId, path: str) -> HostProject | None:
    """The project at a path as a host sees it; None if there is none."""
    return await _FIND.first(conn, host_id, path)


async def set_roots(conn: Connection, project_id: ProjectId, roots: Sequence[str], *, replace: bool = False) -> bool:
    """Store the commits that a project's history begins with; False if others are stored and `replace` is not set."""
    return await _SET_ROOTS.changed(conn, project_id, list(roots), replace)


async def list_ready_hosts(conn: Connection, host_id: HostId, project_id: ProjectId) -> list[ReadyHost]:
    """The other hosts that can serve a project, by name; those that do not run, too, but none that was removed."""
    return await _READY.all(conn, host_id, project_id)


async def list_missing_agents(conn: Connection, host_id: HostId) -> list[str]:
    """Names of agents that tasks wait for, although this host has their project."""
    return [row.agent for row in await _MISSING.all(conn, host_id)]
