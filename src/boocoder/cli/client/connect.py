"""Connects to the running service of a data directory, or runs one inside this process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Protocol

from boocoder.cli.client.service_users import ServiceUsers
from boocoder.client.discovery import FoundService, find_service
from boocoder.client.http_client import Client
from boocoder.config.settings import Settings
from boocoder.errors import Conflict, Unavailable
from boocoder.wire.service import ServiceHealth

OTHER_START_S = 60.0  # initdb and the first start on a busy machine
POLL_S = 0.3
OWN_STREAM_S = 1.0  # until the service has noticed that this command's own stream is closed


@asynccontextmanager
async def running_service(settings: Settings) -> AsyncIterator[Client]:
    """A client of the running service.

    Raises:
        Unavailable: none runs, or the one that is named does not answer.
    """
    users = ServiceUsers(settings.data_dir)
    await users.join()
    try:
        found = find_service(settings.data_dir)
        if found is None:
            raise Unavailable(
                "service_not_running",
                f"No boocoder service runs for {settings.data_dir}.",
                "Start one with: boocoder serve",
            )
        async with found.client() as client:
            await client.health()
            yield client
    finally:
        users.leave()


class ServiceNotices(Protocol):
    """Notices about a service inside this process."""

    def starting(self) -> None:
        """It starts, which takes seconds."""

    def in_use(self) -> None:
        """It keeps running because others use it."""


@asynccontextmanager
async def any_service(settings: Settings, notices: ServiceNotices) -> AsyncIterator[Client]:
    """A client of the running service if there is one that answers, else of one inside this process.

    The latter runs until it is idle and no other command uses it: other terminals may have joined it.

    Raises:
        BoocoderError: it cannot be started.
    """
    async with AsyncExitStack() as stack:
        users = ServiceUsers(settings.data_dir)
        stack.callback(users.leave)
        await users.join()
        client = await _joined(stack, settings)
        if client is not None:
            yield client
            return
        users.leave()  # the owner's part is that of no user
        notices.starting()
        try:
            client = await _started(stack, settings)
        except Conflict as conflict:
            if conflict.code != "already_running":
                raise
            # another process starts one at this moment
            await users.join()
            client = await _wait_for_other(stack, settings, conflict)
            yield client
            return
        yield client
        await _wait_for_users(client, users, notices)


async def _joined(stack: AsyncExitStack, settings: Settings) -> Client | None:
    found = find_service(settings.data_dir)
    if found is None:
        return None
    client = await stack.enter_async_context(found.client())
    return client if await client.answers() else None


async def _started(stack: AsyncExitStack, settings: Settings) -> Client:
    from boocoder.app import application

    # No other program needs its port, and the usual one may be taken.
    info = await stack.enter_async_context(application.running(replace(settings, port=0)))
    own = FoundService(info.url, info.token, settings.tls_certificate)
    return await stack.enter_async_context(own.client())


async def _wait_for_other(stack: AsyncExitStack, settings: Settings, conflict: Conflict) -> Client:
    deadline = time.monotonic() + OTHER_START_S
    while time.monotonic() < deadline:
        client = await _joined(stack, settings)
        if client is not None:
            return client
        await asyncio.sleep(POLL_S)
    raise conflict


async def _wait_for_users(client: Client, users: ServiceUsers, notices: ServiceNotices) -> None:
    """Wait until no task is pending or running, no client watches a session and no other command uses the service."""
    said, began = False, time.monotonic()
    while True:
        health = await client.get("/api/health", ServiceHealth)
        if not (health.pending_tasks or health.running_tasks or health.subscriptions) and users.alone():
            return
        if not said and time.monotonic() - began > OWN_STREAM_S:
            notices.in_use()
            said = True
        await asyncio.sleep(POLL_S)
