"""Sessions as resources: boocoder://sessions/{id} and its pending change as a diff."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

import msgspec

from boocoder.client.http_client import Client
from boocoder.errors import InvalidInput, NotFound
from boocoder.integrations.mcp_server.tools.changes import pending_change_id
from boocoder.integrations.mcp_server.tools.conversation import ConversationPage, MessageQuery, read_page
from boocoder.wire.sessions import Session

SESSION_URI = "boocoder://sessions/{session_id}"
DIFF_URI = "boocoder://sessions/{session_id}/diff"
PAGE_SESSIONS = 50
DIFF_MAX_BYTES = 1_000_000  # a longer one is read in pages, with the tool
_URI = re.compile(r"boocoder://sessions/([0-9a-fA-F-]{36})(/diff)?")


class SessionDocument(msgspec.Struct, frozen=True):
    """What the resource of a session holds: its state and its newest messages."""

    session: Session
    conversation: ConversationPage


@dataclass(frozen=True, slots=True)
class ResourceText:
    """The content of a resource."""

    text: str
    media_type: str


async def list_sessions(client: Client, cursor: str | None) -> tuple[list[Session], str | None]:
    """A page of sessions, newest first, and the cursor of the next one; None after the last.

    Raises:
        InvalidInput: cursor_invalid.
    """
    before = None if cursor is None else _uuid(cursor)
    if cursor is not None and before is None:
        raise InvalidInput("cursor_invalid", f"{cursor[:60]!r} is no cursor of this list.", "Begin without one.")
    found = await client.items("/api/sessions", Session, limit=PAGE_SESSIONS, before=before)
    return found, str(found[-1].id) if len(found) == PAGE_SESSIONS else None


async def read_resource(client: Client, uri: str) -> ResourceText:
    """The content of a session's resource.

    Raises:
        NotFound: resource_unknown, session_not_found, no_pending_change.
        InvalidInput: diff_too_long.
    """
    named = _URI.fullmatch(uri)
    session_id = None if named is None else _uuid(named[1])
    if named is None or session_id is None:
        cure = f"There are {SESSION_URI} and {DIFF_URI}."
        raise NotFound("resource_unknown", f"There is no resource {uri[:200]!r}.", cure)
    if named[2]:
        return await _diff(client, session_id)
    session = await client.get(f"/api/sessions/{session_id}", Session)
    page = await read_page(client, MessageQuery(session_id=session_id))
    return ResourceText(msgspec.json.encode(SessionDocument(session, page)).decode(), "application/json")


async def _diff(client: Client, session_id: UUID) -> ResourceText:
    change_id = await pending_change_id(client, session_id)
    diff = await client.request("GET", f"/api/changes/{change_id}/diff")
    if len(diff) > DIFF_MAX_BYTES:
        text = f"The diff of change {change_id} has {len(diff):,} bytes, more than {DIFF_MAX_BYTES:,}."
        raise InvalidInput("diff_too_long", text, "Read it in pages with the tool read_diff.")
    return ResourceText(diff.decode("utf-8", "replace"), "text/x-diff")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
