"""The hosts of the database: list, drain, remove."""

from __future__ import annotations

from fastapi import APIRouter

from boocoder.api.access import Access, ProjectTokens, StrictRoute, access
from boocoder.api.answers.rows import from_row
from boocoder.api.requests.fields import HostPath
from boocoder.api.requests.hosts import HostPatch
from boocoder.api.services import ApiServices, Services
from boocoder.db.tasks import hosts
from boocoder.wire.service import HostFields, HostInfo

router = APIRouter(prefix="/api/hosts", route_class=StrictRoute)


@router.get("")
@access(Access.READ, ProjectTokens.NEVER)
async def list_hosts(services: Services) -> list[HostInfo]:
    """The hosts of the database, those that run first."""
    async with services.database.connection() as conn:
        found = await hosts.get_hosts(conn)
    return [_info(services, one) for one in found]


@router.patch("/{host_id}")
@access(Access.WRITE, ProjectTokens.NEVER)
async def drain_host(host_id: HostPath, body: HostPatch, services: Services) -> HostInfo:
    """Let a host take no new session, or take them again; what it runs goes on."""
    async with services.database.connection() as conn:
        return _info(services, await hosts.drain_host(conn, host_id, drained=body.drained))


@router.delete("/{host_id}")
@access(Access.WRITE, ProjectTokens.NEVER)
async def remove_host(host_id: HostPath, services: Services) -> HostInfo:
    """Remove a host that does not run from the list; no task waits for it any more, unless its files are there."""
    async with services.database.connection() as conn:
        return _info(services, await hosts.remove_host(conn, host_id))


def _info(services: ApiServices, host: HostFields) -> HostInfo:
    return from_row(HostInfo, host, current=host.id == services.info.host_id)
