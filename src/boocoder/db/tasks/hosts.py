"""Hosts and their leases, by the database's clock. It does not decide what happens to a dead host's turns."""

from __future__ import annotations

from uuid import UUID

import msgspec

from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.errors import Conflict, LeaseLost
from boocoder.model.ids import HostId, InstanceId, SessionId, TaskId
from boocoder.wire.service import HostFields


class SessionHost(msgspec.Struct, frozen=True):
    """The host that has a session's files; `alive` while its lease holds."""

    name: str
    alive: bool


class _HostLive(msgspec.Struct, frozen=True):
    task_id: TaskId | None
    epoch: int | None


_REGISTER = statement("hosts", "register_host", row=Done, params=(UUID, UUID, str, int, float))
_RENEW = statement("hosts", "renew_leases", row=_HostLive, params=(UUID, UUID, float))
_STOP = statement("hosts", "stop_host", row=Done, params=(UUID, UUID))
_GET = statement("hosts", "get_hosts", row=HostFields)
_GET_SESSION_HOST = statement("hosts", "get_session_host", row=SessionHost, params=(UUID,))


async def register_host(
    conn: Connection, host_id: HostId, instance_id: InstanceId, name: str, pid: int, ttl_s: float
) -> None:
    """Make this instance the owner of the host, with a lease of `ttl_s` seconds.

    Args:
        host_id: of the data directory.
        instance_id: of this start.
        name: for people.
        pid: of this process.
        ttl_s: seconds until the lease runs out unless renewed.
    """
    await _REGISTER.one(conn, host_id, instance_id, name, pid, ttl_s)


async def renew_leases(
    conn: Connection, host_id: HostId, instance_id: InstanceId, ttl_s: float
) -> list[tuple[TaskId, int]]:
    """Renew the host's lease and those of all its live attempts by `ttl_s` seconds.

    Returns:
        (task, epoch) of every attempt that this instance still owns. One that runs here and is not in the
        list was taken over.

    Raises:
        LeaseLost: host_lease_lost, the host belongs to another instance now or was stopped.
    """
    rows = await _RENEW.all(conn, host_id, instance_id, ttl_s)
    if not rows:
        text = f"Host {host_id} is run by another process now."
        raise LeaseLost("host_lease_lost", text, "Only one boocoder may use a data directory.")
    return [(row.task_id, row.epoch) for row in rows if row.task_id is not None and row.epoch is not None]


async def stop_host(conn: Connection, host_id: HostId, instance_id: InstanceId) -> bool:
    """End the host's lease in an orderly way; False if this instance does not own it."""
    return await _STOP.changed(conn, host_id, instance_id)


async def get_hosts(conn: Connection) -> list[HostFields]:
    """All hosts that ever were, those that run first."""
    return await _GET.all(conn)


async def session_elsewhere(conn: Connection, session_id: SessionId) -> Conflict:
    """The error for a request about a session whose files are on another host: session_elsewhere, with its name."""
    host = await _GET_SESSION_HOST.first(conn, session_id)
    name = host.name if host is not None else "another host"
    text = f"The files of session {session_id} are on {name}"
    if host is not None and not host.alive:
        return Conflict("session_elsewhere", f"{text}, which does not run.", f"Start boocoder on {name}.")
    return Conflict("session_elsewhere", f"{text}.", f"Ask the boocoder service of {name}.")
