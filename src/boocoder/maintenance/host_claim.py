"""Makes this process the only one that runs as its host: a copied data directory brings the host's id along."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from uuid import getnode

from boocoder.db.core.pool import Database
from boocoder.db.tasks import hosts
from boocoder.db.tasks.hosts import COPY_CURE, HostHolder
from boocoder.errors import Conflict
from boocoder.model.ids import HostId, InstanceId
from boocoder.process.proc_table import boot_id

log = logging.getLogger(__name__)

LOOK_AGAIN_S = 0.5  # a holder that lives renews its lease every LEASE_RENEW_S


def identity_of(data_dir: Path) -> str:
    """Names this machine since it was started, and the directory: what a copy of the directory does not share."""
    found = data_dir.stat()
    return f"{boot_id() or getnode()}:{found.st_dev}:{found.st_ino}"


async def claim_host(
    database: Database,
    *,
    host_id: HostId,
    instance_id: InstanceId,
    name: str,
    data_dir: Path,
    ttl_s: float,
    preference: int = 0,
    max_turns: int = 1,
) -> None:
    """Register this process as the one that runs as the host; call it with the lock of the data directory.

    An instance of another machine or directory that holds its lease is watched: it renews the lease if it lives.

    Args:
        name: of the host, for people.
        ttl_s: length of the lease, and the longest wait for one that is not renewed.
        preference, max_turns: as `hosts.register_host`.

    Raises:
        Conflict: host_id_in_use.
    """
    seen: HostHolder | None = None
    while True:
        async with database.connection() as conn:
            identity = identity_of(data_dir)
            if await hosts.register_host(
                conn,
                host_id,
                instance_id,
                name,
                os.getpid(),
                ttl_s,
                identity,
                preference=preference,
                max_turns=max_turns,
            ):
                return
            holder = await hosts.get_holder(conn, host_id)
        if holder is not None and seen is not None and holder.lease_until != seen.lease_until:
            raise _in_use(holder)
        if seen is None and holder is not None:
            seen = holder
            log.warning(
                "another process may run as this host, waiting for its lease", extra={"name_of_it": holder.name}
            )
        await asyncio.sleep(LOOK_AGAIN_S)


def _in_use(holder: HostHolder) -> Conflict:
    return Conflict(
        "host_id_in_use",
        f"This data directory is a copy: boocoder runs with the same host id on {holder.name} (process {holder.pid}, "
        f"since {holder.started_at:%Y-%m-%d %H:%M} UTC).",
        COPY_CURE,
    )
