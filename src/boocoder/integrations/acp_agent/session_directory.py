"""Sessions of the service, as editors open and list them: by the folder of their project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from acp.schema import ListSessionsResponse, SessionInfo

from boocoder.client.http_client import Client, Json
from boocoder.errors import InvalidInput, NotFound
from boocoder.integrations.acp_agent.choices import AgentChoice, first_choice
from boocoder.integrations.service_connection import ServiceConnection
from boocoder.model.agent import AgentInfo
from boocoder.model.session import SessionState
from boocoder.wire.projects import Project
from boocoder.wire.sessions import Chat, Session

PAGE = 50  # sessions in one answer


@dataclass(frozen=True, slots=True)
class SessionStart:
    """How new sessions begin.

    Args:
        agent: name of the agent; "" for the first that is ready.
        dirty: from the checkout with its uncommitted files, rather than from its commit.
    """

    agent: str = ""
    dirty: bool = False


@dataclass(frozen=True, slots=True)
class FoundSession:
    """A session with its project, and what its next task names."""

    session: Session
    project: Project
    choice: AgentChoice


class SessionDirectory:
    """Creates, finds and lists sessions.

    Args:
        service: the running service.
        start: how new sessions begin.
    """

    def __init__(self, *, service: ServiceConnection, start: SessionStart) -> None:
        self._service = service
        self._start = start
        self._created: list[Session] = []

    async def create(self, cwd: str) -> FoundSession:
        """A new session in the repository of a folder, which becomes a project if it is none.

        Raises:
            InvalidInput: the folder is not in a git repository, or its path is not absolute.
            BoocoderError: no agent is ready, or the service is not there.
        """
        if not Path(cwd).is_absolute():
            raise InvalidInput("cwd_not_absolute", f"The working directory {cwd!r} is not absolute.", "Open a folder.")
        client = self._service.client()
        project = await client.post("/api/projects", Project, {"path": cwd})
        choice = first_choice(await client.items("/api/agents", AgentInfo), self._start.agent)
        body: dict[str, Json] = {"project_id": str(project.id), "start": {"dirty": self._start.dirty}}
        session = await client.post("/api/sessions", Session, body)
        self._created.append(session)
        return FoundSession(session, project, choice)

    async def find(self, session_id: str) -> FoundSession:
        """A session that exists.

        Raises:
            NotFound: session_not_found.
            BoocoderError: no agent is ready, or the service is not there.
        """
        client = self._service.client()
        session = await client.get(f"/api/sessions/{_uuid(session_id)}", Session)
        if session.state is SessionState.ARCHIVED and session.last_task_id is None:
            session = await client.patch(f"/api/sessions/{session.id}", Session, {"state": SessionState.OPEN.value})
        project = await client.get(f"/api/projects/{session.project_id}", Project)
        chats = await client.items(f"/api/sessions/{session.id}/chats", Chat)
        choice = first_choice(await client.items("/api/agents", AgentInfo), self._start.agent, chats)
        return FoundSession(session, project, choice)

    async def page(self, cwd: str | None, cursor: str | None) -> ListSessionsResponse:
        """A page of open sessions, newest first.

        Args:
            cwd: only those of the project that has this folder; None for all.
            cursor: of the answer before; None for the first page.
        """
        client = self._service.client()
        projects = await client.items("/api/projects", Project)
        only = None if cwd is None else _project_of(Path(cwd), projects)
        if cwd is not None and only is None:
            return ListSessionsResponse(sessions=[])
        before = None if cursor is None else _uuid(cursor)
        query = {"project_id": None if only is None else only.id, "state": SessionState.OPEN.value}
        found = await client.items("/api/sessions", Session, **query, limit=PAGE, before=before)
        paths = {one.id: one.path for one in projects}
        listed = [
            SessionInfo(
                session_id=str(one.id),
                cwd=paths[one.project_id],
                title=one.title,
                updated_at=one.updated_at.isoformat(),
            )
            for one in found
            if one.project_id in paths
        ]
        if len(found) < PAGE:
            return ListSessionsResponse(sessions=listed)
        return ListSessionsResponse(sessions=listed, next_cursor=str(found[-1].id))

    async def archive_unused(self) -> None:
        """Archive the sessions that were created here and never got a task: editors open one for each empty view."""
        for created in self._created:
            await _archive_unused(self._service.client(), created)
        self._created.clear()


async def _archive_unused(client: Client, created: Session) -> None:
    session = await client.get(f"/api/sessions/{created.id}", Session)
    if session.last_task_id is None and session.state is SessionState.OPEN:
        await client.patch(f"/api/sessions/{session.id}", Session, {"state": SessionState.ARCHIVED.value})


def _project_of(folder: Path, projects: Sequence[Project]) -> Project | None:
    """The innermost project that has the folder."""
    around = [one for one in projects if folder.is_relative_to(one.path) or folder.resolve().is_relative_to(one.path)]
    return max(around, key=lambda one: len(one.path), default=None)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        message = f"There is no session {text!r}."
        raise NotFound("session_not_found", message, "List them with session/list.") from None
