"""Sessions and their chats."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.routes.starts import require_start
from boocoder.api.services import Services
from boocoder.api.shapes.inputs import PAGE_DEFAULT, Limit, NewChat, NewSession, SessionPatch, SessionPath
from boocoder.api.shapes.outputs import ChatOut, SessionOut
from boocoder.db import chats, projects, sessions, starts
from boocoder.db.sessions import SessionState
from boocoder.model.ids import ChatId, ProjectId, SessionId, new_id
from boocoder.queue.enqueue import check_start

router = APIRouter(prefix="/api/sessions", route_class=StrictRoute)


@router.post("", status_code=201)
@access(Access.WRITE)
async def open_session(body: NewSession, services: Services) -> SessionOut:
    """Open a session; its worktree is made when its first task runs."""
    session_id, project_id = SessionId(new_id()), ProjectId(body.project_id)
    start_from, start_dirty = body.start.from_, body.start.dirty
    check_start(start_from, start_dirty)
    if start_from is not None:
        await require_start(services, project_id, start_from)
    async with services.database.transaction() as conn:
        project = await projects.hold_project(conn, project_id)
        await sessions.insert_session(conn, session_id, project.id, body.title or "New session")
        await starts.set_start(conn, session_id, start_from=start_from, start_dirty=start_dirty)
        return SessionOut.model_validate(await sessions.get_session(conn, session_id))


@router.get("")
@access(Access.READ)
async def list_sessions(
    services: Services,
    project_id: Annotated[UUID | None, Query()] = None,
    state: Annotated[SessionState | None, Query()] = None,
    limit: Limit = PAGE_DEFAULT,
    before: Annotated[UUID | None, Query()] = None,
) -> list[SessionOut]:
    """A page of sessions, newest first; `before` is the last id of the page before."""
    async with services.database.connection() as conn:
        rows = await sessions.list_sessions(
            conn,
            project_id=None if project_id is None else ProjectId(project_id),
            state=state,
            limit=limit,
            before=None if before is None else SessionId(before),
        )
    return [SessionOut.model_validate(row) for row in rows]


@router.get("/{session_id}")
@access(Access.READ)
async def get_session(session_id: SessionPath, services: Services) -> SessionOut:
    """One session."""
    async with services.database.connection() as conn:
        return SessionOut.model_validate(await sessions.get_session(conn, session_id))


@router.patch("/{session_id}")
@access(Access.WRITE)
async def change_session(session_id: SessionPath, body: SessionPatch, services: Services) -> SessionOut:
    """Rename, archive or reopen a session."""
    async with services.database.transaction() as conn:
        row = await sessions.update_session(conn, session_id, title=body.title, state=body.state)
    return SessionOut.model_validate(row)


@router.post("/{session_id}/chats", status_code=201)
@access(Access.WRITE)
async def begin_chat(session_id: SessionPath, services: Services, body: NewChat | None = None) -> ChatOut:
    """Begin a chat: a fresh context over the session's files."""
    chat_id = ChatId(new_id())
    title = (body.title if body else None) or "New chat"
    async with services.database.transaction() as conn:
        await sessions.get_session(conn, session_id)
        await chats.insert_chat(conn, chat_id, session_id, title)
        return ChatOut.model_validate(await chats.get_chat(conn, chat_id))


@router.get("/{session_id}/chats")
@access(Access.READ)
async def list_chats(session_id: SessionPath, services: Services) -> list[ChatOut]:
    """The chats of a session, oldest first."""
    async with services.database.connection() as conn:
        await sessions.get_session(conn, session_id)
        return [ChatOut.model_validate(row) for row in await chats.list_chats(conn, session_id)]
