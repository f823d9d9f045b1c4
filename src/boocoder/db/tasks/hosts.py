"""Hosts and their leases, by the database's clock. It does not decide what happens to a dead host's turns."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.errors import Conflict, LeaseLost, NotFound
from boocoder.model.ids import HostId, InstanceId, SessionId, TaskId
from boocoder.wire.service import HostFields

COPY_CURE = (
    "Stop one of both. To run both, delete the file host-id in the data directory of the copy, and start it again."
)


class SessionHost(msgspec.Struct, frozen=True):
    """The host that has a session's files; `alive` while its lease holds."""

    name: str
    alive: bool


class HostHolder(msgspec.Struct, frozen=True):
    """The process that runs as a host; `lease_until` moves while it does."""

    name: str
    pid: int
    started_at: datetime
    lease_until: datetime


class _HostLive(msgspec.Struct, frozen=True):
    task_id: TaskId | None
    epoch: int | None


_REGISTER = statement("hosts", "register_host", row=Done, params=(UUID, UUID, str, int, float, str, int, int))
_HOLDER = statement("hosts", "get_holder", row=HostHolder, params=(UUID,))
_RENEW = statement("hosts", "renew_leases", row=_HostLive, params=(UUID, UUID, float))
_STOP = statement("hosts", "stop_host", row=Done, params=(UUID, UUID))
_DRAIN = statement("hosts", "drain_host", row=Done, params=(UUID, bool))
_REMOVE = statement("hosts", "remove_host", row=Done, params=(UUID,))
_GET = statement("hosts", "get_hosts", row=HostFields)
_GET_SESSION_HOST = statement("hosts", "get_session_host", row=SessionHost, params=(UUID,))


async def register_host(
    conn: Connection,
    host_id: HostId,
    instance_id: InstanceId,
    name: str,
    pid: int,
    ttl_s: float,
    identity: str = "",
    *,
    preference: int = 0,
    max_turns: int = 1,
) -> bool:
    """Make this instance the owner of the host, with a lease of `ttl_s` seconds.

    Returns:
        False while an instance of another identity holds its lease.

    Args:
        host_id: of the data directory.
        instance_id: of this start.
        name: for people.
        pid: of this process.
        ttl_s: seconds until the lease runs out unless renewed.
        identity: of the machine since it was started, and of the data directory: two processes of one identity exclude
            one another by the directory's lock.
        preference: new sessions go to hosts with a higher one first, while these have room.
        max_turns: that it runs at once, >= 1.
    """
    return await _REGISTER.changed(conn, host_id, instance_id, name, pid, ttl_s, identity, preference, max_turns)


async def get_holder(conn: Connection, host_id: HostId) -> HostHolder | None:
    """The process that runs, or ran last, as a host; None if none ever did."""
    return await _HOLDER.first(conn, host_id)


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
        text = (
            f"Another boocoder runs with this host's id, {host_id}, on the same database: a data directory was copied."
        )
        raise LeaseLost("host_lease_lost", text, COPY_CURE)
    return [(row.task_id, row.epoch) for row in rows if row.task_id is not None and row.epoch is not None]


async def stop_host(conn: Connection, host_id: HostId, instance_id: InstanceId) -> bool:
    """End the host's lease in an orderly way; False if this instance does not own it."""
    return await _STOP.changed(conn, host_id, instance_id)


async def get_hosts(conn: Connection) -> list[HostFields]:
    """All hosts that were not removed, those that run first."""
    return await _GET.all(conn)


async def get_host(conn: Connection, host_id: HostId) -> HostFields:
    """One host.

    Raises:
        NotFound: host_not_found, also for one that was removed.
    """
    found = next((host for host in await get_hosts(conn) if host.id == host_id), None)
    if found is None:
        raise NotFound("host_not_found", f"There is no host {host_id}.", "See all: boocoder hosts")
    return found


async def drain_host(conn: Connection, host_id: HostId, *, drained: bool) -> HostFields:
    """Let a host take no new session, or take them again. What it runs goes on; what waits goes to other hosts.

    Raises:
        NotFound: host_not_found.
    """
    await _DRAIN.changed(conn, host_id, drained)
    return await get_host(conn, host_id)


async def remove_host(conn: Connection, host_id: HostId) -> HostFields:
    """Expect a host that does not run no longer; its next start brings it back. Returns what it was.

    Raises:
        NotFound: host_not_found.
        Conflict: host_runs.
    """
    found = await get_host(conn, host_id)
    if not await _REMOVE.changed(conn, host_id):
        raise Conflict("host_runs", f"{found.name} runs.", f"Stop boocoder on {found.name} first.")
    return found


async def session_elsewhere(conn: Connection, session_id: SessionId) -> Conflict:
    """The error for a request about a session whose files are on another host: session_elsewhere, with its name."""
    host = await _GET_SESSION_HOST.first(conn, session_id)
    name = host.name if host is not None else "another host"
    text = f"The files of session {session_id} are on {name}"
    adopt = f"boocoder sessions adopt {session_id}"
    if host is not None and not host.alive:
        start = f"Start boocoder on {name}."
        return Conflict("session_elsewhere", f"{text}, which does not run.", f"{start} Or go on here: {adopt}")
    return Conflict("session_elsewhere", f"{text}.", f"Ask the boocoder service of {name}. Or go on here: {adopt}")
