"""Tools that list what there is: projects, agents, sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from boocoder.client.http_client import Client
from boocoder.errors import InvalidInput, NotFound
from boocoder.integrations.mcp_server.tool import ServedTool, ToolArguments, ToolContext
from boocoder.integrations.mcp_server.tools.arguments import Before, Limit, ShortText
from boocoder.model.agent import AgentInfo
from boocoder.model.session import SessionState
from boocoder.wire.projects import Project
from boocoder.wire.sessions import Session

MODELS_SHOWN = 50  # of an agent; some offer hundreds


class NoArguments(ToolArguments, frozen=True):
    """A tool that takes nothing."""


class ProjectList(msgspec.Struct, frozen=True):
    """The projects."""

    projects: tuple[Project, ...]


class AgentOffer(msgspec.Struct, frozen=True):
    """What can be named in a task: an agent with its models and modes; `models_total` counts all of them."""

    name: str
    title: str
    state: str
    reason: str
    models: tuple[str, ...]
    models_total: int
    default_model: str | None
    modes: tuple[str, ...]
    default_mode: str | None
    takes_messages_while_running: bool


class AgentList(msgspec.Struct, frozen=True):
    """The agents."""

    agents: tuple[AgentOffer, ...]


class SessionQuery(ToolArguments, frozen=True):
    """Which sessions to list."""

    project: Annotated[ShortText | None, Meta(description="Only of this project: its id or its name.")] = None
    state: Annotated[SessionState | None, Meta(description="Only sessions in this state.")] = SessionState.OPEN
    limit: Limit = 20
    before: Before = None


class SessionList(msgspec.Struct, frozen=True):
    """A page of sessions; `before` gets the next page, null: there is none."""

    sessions: tuple[Session, ...]
    before: str | None


async def find_project(client: Client, named: str) -> Project:
    """The project with this id, name or path.

    Raises:
        NotFound: project_unknown.
        InvalidInput: project_ambiguous.
    """
    projects = await client.items("/api/projects", Project)
    found = [one for one in projects if named == str(one.id)] or [
        one for one in projects if named in (one.name, one.path)
    ]
    if not found:
        raise NotFound("project_unknown", f"There is no project {named!r}.", "See them with list_projects.")
    if len(found) > 1:
        raise InvalidInput("project_ambiguous", f"{len(found)} projects are called {named!r}.", "Give the id.")
    return found[0]


async def _list_projects(call: ToolContext, _: NoArguments) -> ProjectList:
    return ProjectList(tuple(await call.client.items("/api/projects", Project)))


async def _list_agents(call: ToolContext, _: NoArguments) -> AgentList:
    known = await call.client.items("/api/agents", AgentInfo)
    return AgentList(tuple(_offer(agent) for agent in known if not agent.is_missing))


def _offer(agent: AgentInfo) -> AgentOffer:
    return AgentOffer(
        name=agent.name,
        title=agent.title,
        state=agent.state.value,
        reason=agent.reason,
        models=agent.models[:MODELS_SHOWN],
        models_total=len(agent.models),
        default_model=agent.default_model,
        modes=agent.modes,
        default_mode=agent.default_mode,
        takes_messages_while_running=agent.steering,
    )


async def _list_sessions(call: ToolContext, asked: SessionQuery) -> SessionList:
    project = None if asked.project is None else (await find_project(call.client, asked.project)).id
    state = None if asked.state is None else asked.state.value
    found = await call.client.items(
        "/api/sessions", Session, project_id=project, state=state, limit=asked.limit, before=asked.before
    )
    return SessionList(tuple(found), str(found[-1].id) if len(found) == asked.limit else None)


TOOLS: Sequence[ServedTool[Any]] = (
    ServedTool(
        name="list_projects",
        title="List projects",
        description="List the git repositories that agents can work in.",
        access="read",
        arguments=NoArguments,
        answer=ProjectList,
        run=_list_projects,
    ),
    ServedTool(
        name="list_agents",
        title="List agents",
        description="List the coding agents of this machine with the models and modes that start_task takes.",
        access="read",
        arguments=NoArguments,
        answer=AgentList,
        run=_list_agents,
    ),
    ServedTool(
        name="list_sessions",
        title="List sessions",
        description="List sessions, newest first. A session is a worktree of a project with its conversation and its "
        "pending change; open_requests says how many questions wait in it.",
        access="read",
        arguments=SessionQuery,
        answer=SessionList,
        run=_list_sessions,
    ),
)
