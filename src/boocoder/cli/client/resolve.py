"""Finds what a person names: abbreviated ids, projects by name or path, and the change of the project at hand."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from boocoder.client.http_client import Client
from boocoder.errors import InvalidInput, NotFound
from boocoder.wire.changes import ChangeSummary
from boocoder.wire.projects import Project
from boocoder.wire.search import IdKind, IdMatch
from boocoder.wire.sessions import Session

ID_MIN_CHARS = 4
SHOWN_IDS = 5  # of those that a text could mean
_LISTED_BY = {
    IdKind.PROJECT: "projects list",
    IdKind.SESSION: "sessions list",
    IdKind.TASK: "tasks list",
    IdKind.CHANGE: "changes list",
    IdKind.PERMISSION: "permissions list --state all",
    IdKind.RULE: "permissions rules list",
    IdKind.SNAPSHOT: "snapshots SESSION",
}


async def resolve_id(client: Client, kind: IdKind, text: str, *, session_id: UUID | None = None) -> UUID:
    """The id that a person means: a whole one, the beginning of one, or the name of a project or session.

    Args:
        client: of the service.
        kind: what the id is of.
        text: at least ID_MIN_CHARS of an id.
        session_id: of a snapshot.

    Raises:
        InvalidInput: id_too_short; id_ambiguous.
        NotFound: id_unknown.
    """
    try:
        return UUID(text)
    except ValueError:
        pass
    matches = await client.items(
        "/api/ids", IdMatch, kind=kind.value, text=text, session_id=session_id, limit=SHOWN_IDS + 1
    )
    if len(text) < ID_MIN_CHARS:
        matches = [match for match in matches if match.label == text]
    if len(matches) == 1:
        return matches[0].id
    if matches:
        shown = ", ".join(f"{str(match.id)[:8]} ({match.label[:30].strip()})" for match in matches[:SHOWN_IDS])
        more = ", ..." if len(matches) > SHOWN_IDS else ""
        raise InvalidInput("id_ambiguous", f"{text!r} could be {shown}{more}.", "Give more of the id.")
    if len(text) < ID_MIN_CHARS:
        cure = f"Give at least its first {ID_MIN_CHARS} characters."
        raise InvalidInput("id_too_short", f"{text!r} is too short for an id.", cure)
    cure = f"See: boocoder {_LISTED_BY[kind]}"
    raise NotFound("id_unknown", f"There is no {kind} {text!r}.", cure)


def is_path(text: str) -> bool:
    """Whether a person wrote a path rather than an id or a name."""
    return "/" in text or text in (".", "..", "~") or text.startswith("~")


async def project_at(client: Client, folder: Path) -> Project | None:
    """The listed project whose repository contains a folder; the innermost one where they nest."""
    place = folder.expanduser().resolve()
    around = [one for one in await client.items("/api/projects", Project) if place.is_relative_to(one.path)]
    return max(around, key=lambda one: len(one.path), default=None)


async def resolve_project(client: Client, text: str) -> Project:
    """The listed project that `text` names: by a path in its repository, by its name, or by its id.

    Raises:
        NotFound: project_unknown, id_unknown.
        InvalidInput: id_ambiguous, id_too_short.
    """
    if is_path(text):
        found = await project_at(client, Path(text))
        if found is None:
            cure = "See: boocoder projects list"
            raise NotFound("project_unknown", f"No project contains {text!r}.", cure)
        return found
    return await client.get(f"/api/projects/{await resolve_id(client, IdKind.PROJECT, text)}", Project)


async def resolve_change(client: Client, named: str | None) -> UUID:
    """The id of the change that is meant.

    Args:
        client: of the service.
        named: a change, or a session whose pending change is meant; None for the only pending change of the project
            that contains the current folder.

    Raises:
        NotFound: there is no such change, or none is pending.
        InvalidInput: it could be more than one.
    """
    if named is None:
        return await _only_here(client)
    try:
        return await _known(client, named)
    except NotFound as unknown:
        try:
            session_id = await resolve_id(client, IdKind.SESSION, named)
            session = await client.get(f"/api/sessions/{session_id}", Session)
        except NotFound:
            raise unknown from None
    if session.pending_change_id is None:
        text = f"No change of session {session_id} awaits a decision."
        raise NotFound("change_not_found", text, "See all: boocoder changes list")
    return session.pending_change_id


async def resolve_applied(client: Client, named: str) -> UUID:
    """The id of a change, else of the one that a session applied last.

    Raises:
        NotFound: there is no such change, or the session has applied none.
        InvalidInput: it could be more than one.
    """
    try:
        return await _known(client, named)
    except NotFound as unknown:
        try:
            session_id = await resolve_id(client, IdKind.SESSION, named)
            applied = await client.items("/api/changes", ChangeSummary, session_id=session_id, state="applied", limit=1)
        except NotFound:
            raise unknown from None
    if not applied:
        text = f"Session {named} has applied no change."
        raise NotFound("change_not_found", text, "List changes: boocoder changes list")
    return applied[0].id


async def project_of_change(client: Client, change_id: UUID) -> Project:
    """The project whose checkout a change is applied to."""
    change = await client.get(f"/api/changes/{change_id}", ChangeSummary)
    session = await client.get(f"/api/sessions/{change.session_id}", Session)
    return await client.get(f"/api/projects/{session.project_id}", Project)


async def _known(client: Client, text: str) -> UUID:
    """The id of a change that there is."""
    change_id = await resolve_id(client, IdKind.CHANGE, text)
    if str(change_id) == text.lower():  # a whole id is not looked up
        await client.get(f"/api/changes/{change_id}", ChangeSummary)
    return change_id


async def _only_here(client: Client) -> UUID:
    project = await project_at(client, Path.cwd())
    if project is None:
        text = f"{Path.cwd()} belongs to no project, so the change needs its id."
        raise InvalidInput("change_missing", text, "See the pending ones: boocoder changes list --state pending")
    pending = await client.items("/api/changes", ChangeSummary, project_id=project.id, state="pending", limit=200)
    if not pending:
        text = f"No change of {project.name} awaits a decision."
        raise NotFound("no_pending_change", text, "See those of all projects: boocoder changes list")
    if len(pending) > 1:
        ids = ", ".join(str(change.id)[:8] for change in pending[:SHOWN_IDS])
        more = ", ..." if len(pending) > SHOWN_IDS else ""
        text = f"{len(pending)} changes of {project.name} await a decision: {ids}{more}."
        raise InvalidInput("change_ambiguous", text, "Name one of them, or its session.")
    return pending[0].id
