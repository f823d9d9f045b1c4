"""A session's pending change, and applying or rejecting it."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from boocoder.client.http_client import Client, Json
from boocoder.errors import NotFound
from boocoder.wire.changes import ApplyResult, ChangeInfo, ChangeSummary

APPLY_TIMEOUT_S = 600.0  # thousands of files on a slow disk


async def pending_change(client: Client, session_id: UUID) -> ChangeInfo | None:
    """The session's change that waits for a decision, with its files."""
    waiting = await client.items("/api/changes", ChangeSummary, session_id=session_id, state="pending")
    if not waiting:
        return None
    try:
        return await client.get(f"/api/changes/{waiting[0].id}", ChangeInfo)
    except NotFound:
        return None


async def apply_change(client: Client, change_id: UUID, options: Mapping[str, Json] | None = None) -> ApplyResult:
    """Apply a change: all of it to the checkout, if `options`, the body of the request, do not say otherwise.

    Raises:
        Conflict: files are in the way; nothing was touched.
    """
    return await client.post(f"/api/changes/{change_id}/apply", ApplyResult, options, timeout_s=APPLY_TIMEOUT_S)


async def reject_change(client: Client, change_id: UUID) -> ChangeInfo:
    """Reject a change; the session's files stay."""
    return await client.post(f"/api/changes/{change_id}/reject", ChangeInfo)
