"""The composition root: builds every service, starts them in order and stops them in reverse. No logic stands here."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import platform
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from boocoder.agent_set import AgentSet, build_agents
from boocoder.api.server import ApiServer
from boocoder.broker.broker import Broker
from boocoder.broker.stored import DatabaseReader
from boocoder.changes.service import ChangeApplier
from boocoder.changes.shadows import Shadows
from boocoder.config import Settings
from boocoder.db import hosts
from boocoder.db.embedded import EmbeddedPostgres
from boocoder.db.migrate import migrate
from boocoder.db.pool import Database
from boocoder.dispatch.dispatcher import Dispatcher, DispatchSettings
from boocoder.dispatch.leases import LeaseKeeper
from boocoder.dispatch.run_turn import TurnServices, TurnSettings
from boocoder.dispatch.workspace import Workspaces
from boocoder.failpoints import Failpoints
from boocoder.hostlock import HostLock
from boocoder.model.ids import HostId, InstanceId
from boocoder.model.limits import LEASE_RENEW_S
from boocoder.model.turn import StopReason
from boocoder.process.host import ProcessHost
from boocoder.queue.listener import Listener
from boocoder.upkeep.rescue import Rescuer, RescueSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServiceInfo:
    """A service that is ready.

    Args:
        url: of its API, without a trailing slash.
        token: for the Authorization header.
        login_url: one-time link for a browser.
    """

    url: str
    token: str
    login_url: str
    host_id: HostId
    instance_id: InstanceId


class _ServiceFile(msgspec.Struct, frozen=True):
    """<data_dir>/service.json: how commands find the running service."""

    url: str
    pid: int


async def serve(settings: Settings, *, ready: Callable[[ServiceInfo], None] | None = None) -> None:
    """Run the service until it is asked to stop by SIGINT or SIGTERM, or one of its vital parts dies.

    Raises:
        BoocoderError: it cannot start; or the error of the part that died.
    """
    async with _application(settings) as application:
        if ready is not None:
            ready(application.info)
        await application.wait_stopped()


@contextlib.asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[ServiceInfo]:
    """The whole service inside this process, for the time of the block; signals are left to the caller."""
    async with _application(settings) as application:
        yield application.info


class _Application:
    """What is alive while the service runs."""

    def __init__(self, info: ServiceInfo, server: ApiServer, dispatcher: Dispatcher) -> None:
        self.info = info
        self._server = server
        self._dispatcher = dispatcher

    async def wait_stopped(self) -> None:
        """Wait for a signal, or for a vital part's death, which is raised."""
        signal = asyncio.ensure_future(self._server.wait_signalled())
        died = asyncio.ensure_future(self._dispatcher.wait_failed())
        try:
            await asyncio.wait({signal, died}, return_when=asyncio.FIRST_COMPLETED)
            if died.done():
                raise died.result()
        finally:
            signal.cancel()
            died.cancel()


@contextlib.asynccontextmanager
async def _application(settings: Settings) -> AsyncIterator[_Application]:
    async with contextlib.AsyncExitStack() as stack:
        lock = HostLock(settings.data_dir)
        host_id = lock.acquire()
        stack.callback(lock.release)
        database = await _open_database(stack, settings)
        await _register(stack, database, host_id, lock.instance_id, settings)
        processes = ProcessHost(state_dir=settings.data_dir / "processes", instance=str(lock.instance_id))
        await _enter(stack, processes)
        broker = Broker(reader=DatabaseReader(database))
        await _enter(stack, broker)
        agents = await build_agents(settings, database=database, host_id=host_id, processes=processes)
        await _enter(stack, agents)
        shadows = Shadows(root=settings.data_dir / "shadows")
        services = _turn_services(settings, database, broker, agents, shadows)
        changes = ChangeApplier(
            database=database, shadows=shadows, broker=broker, indexes=settings.data_dir / "indexes"
        )
        await changes.resume_all()
        dispatcher = await _start_dispatch(stack, settings, host_id, lock.instance_id, services)
        server = ApiServer(
            settings=api_settings(settings),
            database=database,
            broker=broker,
            changes=changes,
            agents=agents,
            host_id=host_id,
            instance_id=lock.instance_id,
        )
        await _enter(stack, server)
        info = ServiceInfo(server.url, server.token, server.login_url, host_id, lock.instance_id)
        _write_service_file(stack, settings.data_dir, info)
        yield _Application(info, server, dispatcher)
