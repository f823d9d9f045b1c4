"""The composition root: starts every service in order and stops them in reverse."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import msgspec

from boocoder import logs
from boocoder.app.agent_host import open_agents
from boocoder.app.host import ServiceHost
from boocoder.app.redaction import build_redactor
from boocoder.app.store import open_store
from boocoder.app.turns import Dispatching, build_agent_tokens, start_dispatch
from boocoder.app.webhooks import build_follower, build_webhooks
from boocoder.app.worktrees import open_session_files, start_collector, start_retention
from boocoder.catalog.watchers import AgentWatch
from boocoder.config.settings import Settings
from boocoder.model.ids import HostId, InstanceId
from boocoder.process.privacy import hide_own_secrets
from boocoder.service import TaskSupervisor
from boocoder.wire.service import PhonePairing, ServiceFile

if TYPE_CHECKING:
    from boocoder.api.server import ApiServer


@dataclass(frozen=True, slots=True)
class ServiceInfo:
    """A service that is ready.

    Args:
        url: of its API, without a trailing slash.
        token: for the Authorization header.
        login_url: one-time link for a browser.
        phone: a one-time link for a phone, with its QR code; None where no phone can reach the service.
        watch_agents: hears of the agents for the time of a block.
    """

    url: str
    token: str
    login_url: str
    host_id: HostId
    instance_id: InstanceId
    watch_agents: Callable[[], contextlib.AbstractContextManager[AgentWatch]]
    phone: PhonePairing | None = None


async def serve(
    settings: Settings, *, ready: Callable[[ServiceInfo], None] | None = None, take_over: bool = False
) -> None:
    """Run the service until it is asked to stop by SIGINT or SIGTERM, or one of its vital parts dies.

    Args:
        ready: called when it serves.
        take_over: as for ServiceHost.

    Raises:
        BoocoderError: it cannot start; or the error of the part that died.
    """
    logs.configure(settings.log_level, settings.log_format, file=settings.data_dir / "logs" / "service.log")
    hide_own_secrets()
    logs.redact_with(build_redactor(settings).text)
    async with _application(settings, take_over=take_over) as application:
        gc.freeze()  # a collection that walks through all that was built would stop the loop for 50 ms and more
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

    def __init__(self, info: ServiceInfo, server: ApiServer, dispatching: Dispatching) -> None:
        self.info = info
        self._server = server
        self._dispatching = dispatching

    async def wait_stopped(self) -> None:
        """Wait for a signal, or for the death of a vital part, which is raised."""
        supervisor = TaskSupervisor("application")
        signalled = supervisor.spawn(self._server.wait_signalled(), "signal")
        died = supervisor.spawn(self._dispatching.wait_failed(), "failure")
        try:
            await asyncio.wait({signalled, died}, return_when=asyncio.FIRST_COMPLETED)
            if died.done():
                raise died.result()
        finally:
            await supervisor.stop()


@contextlib.asynccontextmanager
async def _application(settings: Settings, *, take_over: bool = False) -> AsyncIterator[_Application]:
    """Start everything in order; leaving the block stops it in reverse."""
    async with contextlib.AsyncExitStack() as stack:
        host = ServiceHost(settings, stack, take_over=take_over)
        api = _import_api(host)
        store = await open_store(host)
        agent_host = await open_agents(host, store)
        files = await open_session_files(host, store, agent_host)
        webhooks = build_webhooks(host, store)
        agent_tokens = build_agent_tokens(settings)
        follower = build_follower(host, store, agent_host, files)
        dispatching = await start_dispatch(host, store, agent_host, files, webhooks, follower, agent_tokens)
        await host.start(follower)
        collector = await start_collector(host, store, files)
        await start_retention(host, store, files)
        if files.worktrees.spares is not None:
            await host.start(files.worktrees.spares)
        server = await (await api).start_api(host, store, agent_host, files, collector, agent_tokens)
        webhooks.page_url = server.url
        await host.start(webhooks)
        info = ServiceInfo(
            server.url,
            server.token,
            server.login_url,
            host.host_id,
            host.instance_id,
            agent_host.agents.watch,
            server.pair_phone(),
        )
        _write_service_file(
            stack,
            settings.data_dir / "service.json",
            ServiceFile(server.url, os.getpid(), str(settings.data_dir.resolve()), settings.tls_certificate),
        )
        yield _Application(info, server, dispatching)


def _import_api(host: ServiceHost) -> asyncio.Task[ModuleType]:
    """Import the API, which takes as long as PostgreSQL does to start, while that starts."""
    importing = TaskSupervisor("imports")
    host.on_stop(importing.stop)
    return importing.spawn(asyncio.to_thread(importlib.import_module, "boocoder.app.http"), "api")


def _write_service_file(stack: contextlib.AsyncExitStack, path: Path, content: ServiceFile) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_bytes(msgspec.json.encode(content))
    fresh.replace(path)
    stack.callback(path.unlink, missing_ok=True)
