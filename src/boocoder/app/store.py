"""Opens the database with its schema and this host's row, and the broker over it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import platform
from dataclasses import dataclass

from boocoder.app.host import ServiceHost
from boocoder.broker.broker import Broker
from boocoder.broker.database_reader import DatabaseReader
from boocoder.broker.outbox import Outbox
from boocoder.db.core.migrate import migrate
from boocoder.db.core.pool import Database
from boocoder.db.registry import projects
from boocoder.db.server.embedded import EmbeddedPostgres
from boocoder.db.tasks import hosts
from boocoder.errors import Unavailable
from boocoder.maintenance.data_location import record_location
from boocoder.maintenance.host_claim import claim_host
from boocoder.maintenance.relocation import repoint_git

log = logging.getLogger(__name__)

OTHER_CONNECTIONS = 2  # the one that listens, and one while another command looks at the database


@dataclass(frozen=True, slots=True)
class Store:
    """Where everything durable is, and who delivers it."""

    database: Database
    broker: Broker
    outbox: Outbox


async def open_store(host: ServiceHost) -> Store:
    """Start the embedded PostgreSQL unless the settings name a database; migrate, connect, register this host."""
    settings = host.settings
    dsn = settings.database_url
    if not dsn:
        embedded = EmbeddedPostgres(data_dir=settings.data_dir, runtime_dir=settings.surroundings.runtime_dir)
        host.on_stop(embedded.stop)
        dsn = await embedded.start()
    await migrate(dsn)
    pooled = settings.database_connections - OTHER_CONNECTIONS
    relaxed = max(1, pooled * 2 // 7)  # for streamed text
    database = Database(dsn=dsn, data_dir=settings.data_dir.resolve(), size=pooled - relaxed, relaxed_size=relaxed)
    host.on_stop(database.close)
    await database.open()
    await _follow_move(host, database)
    await claim_host(
        database,
        host_id=host.host_id,
        instance_id=host.instance_id,
        name=platform.node(),
        data_dir=settings.data_dir,
        ttl_s=settings.lease_ttl_s,
        preference=settings.host_preference,
        max_turns=settings.max_turns,
    )
    host.on_stop(lambda: _unregister(host, database))
    broker = Broker(reader=DatabaseReader(database=database))
    await host.start(broker)
    return Store(database, broker, Outbox(database=database, publisher=broker))


async def _follow_move(host: ServiceHost, database: Database) -> None:
    """Repair what names the place where the data directory was before, and remember the new one."""
    here, before = host.settings.data_dir.resolve(), host.moved_from
    if before is not None:
        written = await asyncio.to_thread(repoint_git, here, before)
        async with database.connection() as conn:
            await projects.follow_data_dir(conn, before, here)
        log.warning("data directory moved", extra={"before": str(before), "now": str(here), "files": written})
    record_location(here, host.host_id)


async def _unregister(host: ServiceHost, database: Database) -> None:
    with contextlib.suppress(Unavailable):  # the lease runs out by itself
        async with database.connection() as conn:
            await hosts.stop_host(conn, host.host_id, host.instance_id)
