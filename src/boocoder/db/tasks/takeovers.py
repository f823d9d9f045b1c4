"""Moving a session from one host to another, as rows. What has to be true of its files is worktrees' business."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.model.ids import HostId, InstanceId, ProjectId, SessionId


class TakeoverCandidate(msgspec.Struct, frozen=True):
    """A session with waiting tasks whose host is gone or drained, and that this host can run."""

    session_id: SessionId
    project_id: ProjectId
    from_host: HostId


class SessionBinding(msgspec.Struct, frozen=True):
    """A session whose host does not change until the transaction ends.

    Args:
        host_name, alive, seen_until: of its host; None where it has none. `seen_until` is when its lease ends or ended.
    """

    host_id: HostId | None
    project_id: ProjectId
    title: str
    host_name: str | None
    alive: bool | None
    seen_until: datetime | None


_LIST = statement("takeovers", "list_takeovers", row=TakeoverCandidate, params=(UUID, float, int, float))
_LOCK = statement("takeovers", "lock_binding", row=SessionBinding, params=(UUID,))
_MOVE = statement("takeovers", "move_session", row=Done, params=(UUID, UUID, UUID, UUID, bool, float))
_FAILED = statement("takeovers", "put_failure", row=Done, params=(UUID, UUID, str, str))
_NOTIFY = statement("takeovers", "notify_session", row=Done, params=(str,))


async def list_takeovers(
    conn: Connection, host_id: HostId, *, after_s: float, limit: int, retry_s: float
) -> list[TakeoverCandidate]:
    """Sessions that this host may go on with.

    Args:
        after_s: how long a host has to be silent; 0: for ever. A drained one gives its sessions away at once.
        limit: sessions at most.
        retry_s: how long a failed try is not repeated.
    """
    return await _LIST.all(conn, host_id, after_s, limit, retry_s)


async def lock_binding(conn: Connection, session_id: SessionId) -> SessionBinding | None:
    """Keep every claim and every other host from the session until the transaction ends; None if there is none."""
    return await _LOCK.first(conn, session_id)


async def move_session(
    conn: Connection,
    session_id: SessionId,
    *,
    before: HostId,
    host_id: HostId,
    instance_id: InstanceId,
    asked: bool,
    after_s: float,
) -> bool:
    """Make `host_id` the session's host. Call it in the transaction that holds `lock_binding`.

    Args:
        before: the session's host until now.
        instance_id: of the new host's process, which must be the one that runs.
        asked: by a person: the host before may run.
        after_s: else, as for `list_takeovers`.

    Returns:
        False where another host was quicker, a turn runs, or the host before is back.
    """
    moved = await _MOVE.changed(conn, session_id, before, host_id, instance_id, asked, after_s)
    if moved:
        await _NOTIFY.one(conn, str(session_id))
    return moved


async def put_failure(conn: Connection, session_id: SessionId, host_id: HostId, text: str, cure: str) -> None:
    """Record why a host could not go on with a session."""
    await _FAILED.one(conn, session_id, host_id, text, cure)
