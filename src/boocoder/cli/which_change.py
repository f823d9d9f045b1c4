"""Finds the change that a person means: by its id, by its session, or the only one that waits. It shows nothing."""

from __future__ import annotations

from uuid import UUID

from boocoder.cli import wire
from boocoder.cli.client import Client
from boocoder.cli.service_call import LIST_MAX, full_id
from boocoder.errors import InvalidInput, NotFound

SHOWN_IDS = 5  # of those that could be meant


async def which_change(client: Client, named: str | None) -> UUID:
    """The id of the change that is meant.

    Args:
        client: of the service.
        named: id of a change, or of a session (its pending change), or the beginning of one; None for the only
            change that waits for a decision.

    Raises:
        NotFound: there is no such change, or none waits.
        InvalidInput: it could be more than one.
    """
    if named is None:
        return await _only(client)
    try:
        return await _change(client, named)
    except NotFound as unknown:
        try:
            session_id = await full_id(client, "/api/sessions", named)
            session = await client.get(f"/api/sessions/{session_id}", wire.Session)
        except NotFound:
            raise unknown from None
    if session.pending_change_id is None:
        text = f"No change of session {session_id} waits for a decision."
        raise NotFound("change_not_found", text, "Look at the changes with: boocoder changes list")
    return session.pending_change_id


async def _change(client: Client, named: str) -> UUID:
    change_id = await full_id(client, "/api/changes", named)
    return (await client.get(f"/api/changes/{change_id}", wire.ChangeRow)).id


async def _only(client: Client) -> UUID:
    waiting = await client.items("/api/changes", wire.ChangeRow, state="pending", limit=LIST_MAX)
    if not waiting:
        raise NotFound("no_pending_change", "No change waits for a decision.", "See all: boocoder changes list")
    if len(waiting) > 1:
        ids = ", ".join(str(change.id)[:8] for change in waiting[:SHOWN_IDS])
        text = f"{len(waiting)} changes wait for a decision: {ids}{', ...' * (len(waiting) > SHOWN_IDS)}."
        raise InvalidInput("change_ambiguous", text, "Name one of them, or its session.")
    return waiting[0].id
