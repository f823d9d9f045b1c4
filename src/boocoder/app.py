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

from boocoder import logs
from boocoder.agent_set import AgentSet, build_agents, silence_limits
from boocoder.api.bind import is_loopback
from boocoder.api.server import ApiServer, ApiSettings
from boocoder.broker.broker import Broker
from boocoder.broker.stored import DatabaseReader
from boocoder.changes.desk import ChangeDesk, change_desk
from boocoder.changes.review_desk import ReviewDesk, review_desk
from boocoder.config.settings import Settings
from boocoder.db import hosts
from boocoder.db.embedded import EmbeddedPostgres
from boocoder.db.migrate import migrate
from boocoder.db.pool import Database
from boocoder.dispatch.asking import AskSettings, Decisions
from boocoder.dispatch.dispatcher import Dispatcher, DispatchSettings
from boocoder.dispatch.leases import LeaseKeeper
from boocoder.dispatch.run_turn import TurnServices, TurnSettings
from boocoder.dispatch.workspace import Workspaces
from boocoder.errors import Unavailable
from boocoder.failpoints import Failpoints
from boocoder.git.shadows import Shadows
from boocoder.hostlock import HostLock
from boocoder.model.ids import HostId, InstanceId, TaskId
from boocoder.model.limits import LEASE_RENEW_S
from boocoder.model.turn import StopReason
from boocoder.process.host import ProcessHost
from boocoder.queue.listener import Listener
from boocoder.service import Service, Supervisor
from boocoder.upkeep.reaper import Reaper
from boocoder.upkeep.rescue import Rescuer, RescueSettings
from boocoder.worktree_set import build_care, build_reaper
from boocoder.worktrees.care import WorktreeCare
from boocoder.worktrees.checkout_watch import CheckoutWatch
from boocoder.worktrees.holds import Holds
from boocoder.worktrees.making import Worktrees
from boocoder.worktrees.setup import WorktreeSetup
from boocoder.worktrees.snapshots import Snapshots
from boocoder.worktrees.terminals import Terminals

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
    logs.configure(settings.log_level, settings.log_format)
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
        """Wait for a signal, or for the death of a vital part, which is raised."""
        supervisor = Supervisor("application")
        signalled = supervisor.spawn(self._server.wait_signalled(), "signal")
        died = supervisor.spawn(self._dispatcher.wait_failed(), "failure")
        try:
            await asyncio.wait({signalled, died}, return_when=asyncio.FIRST_COMPLETED)
            if died.done():
                raise died.result()
        finally:
            await supervisor.stop()


@contextlib.asynccontextmanager
async def _application(settings: Settings) -> AsyncIterator[_Application]:
    """Start everything in order; leaving the block stops it in reverse."""
    async with contextlib.AsyncExitStack() as stack:
        parts = _Parts(settings, stack)
        await parts.open_store()
        await parts.open_agents()
        await parts.start_dispatch()
        server = await parts.start_api()
        info = ServiceInfo(server.url, server.token, server.login_url, parts.host_id, parts.instance_id)
        _write_service_file(stack, settings.data_dir / "service.json", server.url)
        yield _Application(info, server, parts.dispatcher)


class _Parts:
    """The services in the order in which they are started; each is stopped before those that it stands on."""

    database: Database
    broker: Broker
    processes: ProcessHost
    agents: AgentSet
    shadows: Shadows
    changes: ChangeDesk
    snapshots: Snapshots
    holds: Holds
    review: ReviewDesk
    care: WorktreeCare
    reaper: Reaper
    decisions: Decisions
    turns: TurnServices
    dispatcher: Dispatcher

    def __init__(self, settings: Settings, stack: contextlib.AsyncExitStack) -> None:
        self._settings = settings
        self._stack = stack
        lock = HostLock(settings.data_dir)
        self.host_id = lock.acquire()
        self.instance_id = lock.instance_id
        stack.callback(lock.release)

    async def _start(self, service: Service) -> None:
        self._stack.push_async_callback(service.stop)
        await service.start()

    async def open_store(self) -> None:
        """The database with its schema, this host's row, and the broker over it."""
        dsn = self._settings.database_url
        if not dsn:
            embedded = EmbeddedPostgres(data_dir=self._settings.data_dir, runtime_dir=_runtime_dir(self._settings))
            self._stack.push_async_callback(embedded.stop)
            dsn = await embedded.start()
        await migrate(dsn)
        self.database = Database(dsn=dsn)
        self._stack.push_async_callback(self.database.close)
        await self.database.open()
        async with self.database.connection() as conn:
            await hosts.register_host(
                conn, self.host_id, self.instance_id, platform.node(), os.getpid(), self._settings.lease_ttl_s
            )
        self._stack.push_async_callback(self._unregister)
        self.broker = Broker(reader=DatabaseReader(database=self.database))
        await self._start(self.broker)

    async def _unregister(self) -> None:
        with contextlib.suppress(Unavailable):  # the lease runs out by itself
            async with self.database.connection() as conn:
                await hosts.stop_host(conn, self.host_id, self.instance_id)

    async def open_agents(self) -> None:
        """The process host, which first ends what an earlier run left, and the backends."""
        self.processes = ProcessHost(state_dir=self._settings.data_dir, instance=str(self.instance_id))
        await self._start(self.processes)
        self.agents = await build_agents(
            self._settings, database=self.database, host_id=self.host_id, processes=self.processes
        )
        await self._start(self.agents)

    async def start_dispatch(self) -> None:
        """Finish applies that were cut short, rescue lost turns, then claim new ones."""
        settings = self._settings
        self.shadows = Shadows(root=settings.data_dir / "shadows")
        self._open_review()
        await self._open_changes()
        await self._open_care()
        self.turns = self._turn_services()
        rescuer = Rescuer(
            host_id=self.host_id, instance_id=self.instance_id, services=self.turns, settings=RescueSettings()
        )
        await self._start(rescuer)
        self.dispatcher = Dispatcher(
            host_id=self.host_id,
            instance_id=self.instance_id,
            services=self.turns,
            settings=DispatchSettings(
                max_turns=settings.max_turns,
                poll_s=settings.poll_interval_s,
                lease_ttl_s=settings.lease_ttl_s,
                drain_s=settings.drain_s,
                stop_grace_s=settings.stop_grace_s,
            ),
        )
        await self._start(self._leases(rescuer))
        await self._start(self.dispatcher)
        await self._start(self._listener())
        self.reaper = build_reaper(
            settings, database=self.database, shadows=self.shadows, care=self.care, host_id=self.host_id
        )
        await self._start(self.reaper)

    def _open_review(self) -> None:
        """What people decide with, and what keeps them and turns out of each other's way."""
        indexes = self._settings.data_dir / "indexes"
        self.snapshots = Snapshots(database=self.database, shadows=self.shadows, indexes=indexes)
        self.holds = Holds(database=self.database, host_id=self.host_id, instance_id=self.instance_id)
        self.review = review_desk(
            database=self.database,
            shadows=self.shadows,
            broker=self.broker,
            snapshots=self.snapshots,
            holds=self.holds,
            failpoints=Failpoints(self._settings.failpoints),
        )
        self._stack.push_async_callback(self.review.undoer.stop)

    async def _open_changes(self) -> None:
        """What applies changes; what was cut short is finished or undone before anything else may apply."""
        self.changes = change_desk(
            database=self.database,
            shadows=self.shadows,
            broker=self.broker,
            snapshots=self.snapshots,
            holds=self.holds,
            indexes=self._settings.data_dir / "indexes",
            host_id=self.host_id,
            failpoints=Failpoints(self._settings.failpoints),
        )
        self._stack.push_async_callback(self.changes.stop)
        await self.changes.resume_all()

    async def _open_care(self) -> None:
        """What looks after worktrees; a rewind that was cut short is finished before any turn sees its files."""
        self.care = build_care(
            self._settings,
            database=self.database,
            broker=self.broker,
            snapshots=self.snapshots,
            holds=self.holds,
            agents=self.agents,
            processes=self.processes,
            host_id=self.host_id,
        )
        self._stack.push_async_callback(self.care.rewinder.stop)
        await self.care.rewinder.resume_all()

    def _turn_services(self) -> TurnServices:
        settings, failpoints = self._settings, Failpoints(self._settings.failpoints)
        workspaces = self._workspaces(failpoints)
        self.decisions = Decisions(
            AskSettings(
                timeout_s=settings.permission_timeout_s,
                timeout_allows=settings.permission_timeout_answer == "allow",
                poll_s=settings.poll_interval_s,
            )
        )
        return TurnServices(
            database=self.database,
            broker=self.broker,
            agents=self.agents,
            workspaces=workspaces,
            settings=TurnSettings(
                silence_s=settings.silence_timeout_s,
                silence_by_agent=silence_limits(settings),
                agent_fallback=settings.agent_fallback,
            ),
            decisions=self.decisions,
            failpoints=failpoints,
        )

    def _workspaces(self, failpoints: Failpoints) -> Workspaces:
        watch = CheckoutWatch(shadows=self.shadows)
        self._stack.push_async_callback(watch.stop)
        return Workspaces(
            database=self.database,
            shadows=self.shadows,
            worktrees=Worktrees(
                database=self.database,
                shadows=self.shadows,
                setup=WorktreeSetup(database=self.database, processes=self.processes),
                root=self._settings.data_dir / "worktrees",
                indexes=self._settings.data_dir / "indexes",
                failpoints=failpoints,
            ),
            holds=self.holds,
            watch=watch,
            failpoints=failpoints,
        )

    def _leases(self, rescuer: Rescuer) -> LeaseKeeper:
        return LeaseKeeper(
            database=self.database,
            dispatcher=self.dispatcher,
            host_id=self.host_id,
            instance_id=self.instance_id,
            ttl_s=self._settings.lease_ttl_s,
            renew_s=LEASE_RENEW_S,
            on_abandoned=rescuer.take,
        )

    def _listener(self) -> Listener:
        return Listener(
            dsn=self.database.dsn,
            on_wake=self._wake,
            on_ready=lambda _: self.dispatcher.wake(),
            on_cancel=lambda task_id: self._cancel(task_id),
            on_events=self.broker.heard,
            on_permissions=self.decisions.wake,
        )

    def _wake(self) -> None:
        self.dispatcher.wake()
        self.decisions.wake()

    def _cancel(self, task_id: TaskId) -> None:
        self.dispatcher.ask_to_stop(task_id, StopReason.CANCELLED)

    async def start_api(self) -> ApiServer:
        """The door, opened last and closed first."""
        settings = self._settings
        terminals = self._terminals()
        server = ApiServer(
            settings=ApiSettings(
                data_dir=settings.data_dir,
                host=settings.host,
                port=settings.port,
                allow_remote=settings.allow_remote,
                allowed_hosts=settings.allowed_hosts,
                allowed_origins=settings.allowed_origins,
            ),
            database=self.database,
            broker=self.broker,
            changes=self.changes,
            review=self.review,
            care=self.care,
            reaper=self.reaper,
            shadows=self.shadows,
            agents=self.agents,
            host_id=self.host_id,
            instance_id=self.instance_id,
            terminals=terminals,
        )
        await self._start(server)
        return server

    def _terminals(self) -> Terminals | None:
        """A shell is for whoever sits at this machine, unless the settings say more."""
        settings = self._settings
        alone = is_loopback(settings.host) and not settings.allow_remote and not settings.allowed_hosts
        if settings.terminal == "off" or (settings.terminal == "auto" and not alone):
            return None
        terminals = Terminals(snapshots=self.snapshots, processes=self.processes)
        self._stack.push_async_callback(terminals.stop)
        return terminals


def _runtime_dir(settings: Settings) -> Path | None:
    """Where sockets go: the user's runtime directory if the system has one."""
    return settings.surroundings.runtime_dir


def _write_service_file(stack: contextlib.AsyncExitStack, path: Path, url: str) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_bytes(msgspec.json.encode(_ServiceFile(url, os.getpid())))
    fresh.replace(path)
    stack.callback(path.unlink, missing_ok=True)
