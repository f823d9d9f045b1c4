"""Sessions and their chats."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.files_host import SESSION_FILES_HERE
from boocoder.api.requests.fields import PAGE_DEFAULT, EmptyBody, Filter, Limit, SessionPath
from boocoder.api.requests.sessions import NewChat, NewSession, SessionPatch
from boocoder.api.services import Services
from boocoder.db.conversation import chats, sessions
from boocoder.db.files import start_points
from boocoder.db.registry import projects
from boocoder.intake.new_task import check_start
from boocoder.model.ids import ChatId, ProjectId, SessionId, new_id
from boocoder.model.session import SessionActivity, SessionState
from boocoder.wire.rules import SessionRules
from boocoder.wire.sessions import Chat, DeletedSessions, Session, SessionCounts, SessionDeletion

router = APIRouter(prefix="/api/sessions", route_class=StrictRoute)


@router.post("", status_code=201)
@access(Access.START)
async def add_session(body: NewSession, services: Services) -> Session:
    """Open a session; its worktree is made when its first task runs."""
    session_id, project_id = SessionId(new_id()), ProjectId(body.project_id)
    start_from, start_dirty = body.start.from_, body.start.dirty
    check_start(start_from, start_dirty)
    start_host = None
    if start_from is not None or start_dirty:
        start_host = await services.resolver.check_start(project_id, start_from=start_from, start_dirty=start_dirty)
    async with services.database.transaction() as conn:
        project = await projects.hold_project(conn, project_id)
        await sessions.insert_session(conn, session_id, project.id, body.title or "New session")
        await start_points.set_start(
            conn, session_id, start_from=start_from, start_dirty=start_dirty, host_id=start_host
        )
        return await sessions.get_session(conn, session_id)


@router.get("")
@access(Access.READ)
async def list_sessions(
    services: Services,
    only: Filter,
    project_id: Annotated[UUID | None, Query()] = None,
    state: Annotated[SessionState | None, Query()] = None,
    limit: Limit = PAGE_DEFAULT,
    before: Annotated[UUID | None, Query()] = None,
    activity: Annotated[SessionActivity | None, Query()] = None,
    title: Annotated[str, Query(max_length=200)] = "",
    by_change: Annotated[bool, Query()] = False,
    pinned: Annotated[bool | None, Query()] = None,
) -> list[Session]:
    """A page of sessions, newest first; `before` is the last id of the page before, `title` has words of the title."""
    async with services.database.connection() as conn:
        return await sessions.list_sessions(
            conn,
            project_id=None if project_id is None else ProjectId(project_id),
            state=state,
            only=only,
            limit=limit,
            before=None if before is None else SessionId(before),
            activity=activity,
            words=title.split(),
            by_change=by_change,
            pinned=pinned,
        )


@router.get("/counts")
@access(Access.READ)
async def count_sessions(services: Services, project_id: Annotated[ProjectId | None, Query()] = None) -> SessionCounts:
    """Count the sessions of a project, or all, by what happens in them."""
    async with services.database.connection() as conn:
        return await sessions.count_sessions(conn, project_id)


@router.get("/{session_id}")
@access(Access.READ)
async def get_session(session_id: SessionPath, services: Services) -> Session:
    """One session."""
    async with services.database.connection() as conn:
        return await sessions.get_session(conn, session_id)


@router.get("/{session_id}/rules", dependencies=[SESSION_FILES_HERE])
@access(Access.READ)
async def get_session_rules(
    session_id: SessionPath, services: Services, agent: Annotated[str | None, Query(max_length=100)] = None
) -> SessionRules:
    """The rule files that are in force for its next turn, those that are not, and the sandbox of its agent."""
    return await services.rules.of_session(session_id, agent)


@router.patch("/{session_id}")
@access(Access.WRITE)
async def change_session(session_id: SessionPath, body: SessionPatch, services: Services) -> Session:
    """Rename, archive or reopen a session."""
    async with services.database.transaction() as conn:
        return await sessions.update_session(conn, session_id, title=body.title, state=body.state)


@router.get("/{session_id}/deletion")
@access(Access.READ)
async def get_session_deletion(session_id: SessionPath, services: Services) -> SessionDeletion:
    """What would go if the session were deleted."""
    return await services.deleter.preview(session_id)


@router.delete("/{session_id}", dependencies=[SESSION_FILES_HERE])
@access(Access.WRITE)
async def delete_session(
    session_id: SessionPath, services: Services, with_forks: Annotated[bool, Query()] = False
) -> DeletedSessions:
    """Delete a session for good: its files, its conversation, its changes and its snapshots.

    `with_forks`: also the sessions that were forked from it or started by its agents, which need it.
    """
    deleted = await services.deleter.delete(session_id, begun_from=with_forks)
    for one in deleted:
        services.broker.notify_change(one)
    return DeletedSessions(tuple(deleted))


@router.post("/{session_id}/seen")
@access(Access.WRITE)
async def mark_session_seen(session_id: SessionPath, services: Services, body: EmptyBody | None = None) -> Session:
    """Record that a person looks at the session now: it is not unread any more."""
    async with services.database.transaction() as conn:
        await sessions.mark_seen(conn, session_id)
        return await sessions.get_session(conn, session_id)


@router.post("/{session_id}/chats", status_code=201)
@access(Access.START)
async def add_chat(session_id: SessionPath, services: Services, body: NewChat | None = None) -> Chat:
    """Begin a chat: a fresh context over the session's files."""
    chat_id = ChatId(new_id())
    title = (body.title if body else None) or "New chat"
    async with services.database.transaction() as conn:
        await sessions.get_session(conn, session_id)
        await chats.insert_chat(conn, chat_id, session_id, title)
        return await chats.get_chat(conn, chat_id)


@router.get("/{session_id}/chats")
@access(Access.READ)
async def list_chats(session_id: SessionPath, services: Services) -> list[Chat]:
    """The chats of a session, oldest first."""
    async with services.database.connection() as conn:
        await sessions.get_session(conn, session_id)
        return await chats.list_chats(conn, session_id)
