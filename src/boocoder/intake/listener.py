"""Turns NOTIFY messages into callbacks. They are hints: every user of it polls as well."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from boocoder.db.core.notifications import (
    EVENTS_CHANNEL,
    FORGES_CHANNEL,
    PERMISSIONS_CHANNEL,
    PROJECTS_CHANNEL,
    TASKS_CHANNEL,
    WEBHOOKS_CHANNEL,
    Notifications,
)
from boocoder.errors import Unavailable
from boocoder.model.ids import ProjectId, SessionId, TaskId
from boocoder.net.backoff import backoff
from boocoder.service import TaskSupervisor

log = logging.getLogger(__name__)

PING_INTERVAL_S = 5.0  # with PING_TIMEOUT_S: a half-open link is noticed within 8 s
PING_TIMEOUT_S = 3.0
CONNECT_TIMEOUT_S = 5.0
BACKOFF_FIRST_S = 0.05
BACKOFF_MAX_S = 2.0
CLOSE_TIMEOUT_S = 1.0
CHANNELS = (
    TASKS_CHANNEL,
    EVENTS_CHANNEL,
    PERMISSIONS_CHANNEL,
    PROJECTS_CHANNEL,
    WEBHOOKS_CHANNEL,
    FORGES_CHANNEL,
)


@dataclass(frozen=True, slots=True)
class ListenerStatistics:
    """State of the connection.

    Args:
        connected: whether notifications arrive now.
        reconnects: how often the connection was made again.
        notifications: how many arrived.
    """

    connected: bool
    reconnects: int
    notifications: int


class QueueListener:
    """Subscribes to the channels and stays subscribed. A `service.Service`; callbacks must not block or raise.

    Args:
        dsn: of the database.
        on_wake: called after every subscription: anything may have happened before it.
        on_ready: a task of this session may be claimed.
        on_cancel: this running task shall end.
        on_events: the session's numbers reach to this one.
        on_permissions: a request was decided, or a rule was added.
        on_project: a project was added, moved, or is another repository now.
        on_forges: a forge said something of a published branch.
        on_webhooks: something waits for a webhook (None), or this webhook was turned off.
        ping_interval_s, ping_timeout_s: a link that answers no ping for their sum is given up.
        connect_timeout_s: one try to connect and subscribe takes at most so long; `start` waits no longer either.
        backoff_max_s: longest wait between two tries to connect.
    """

    def __init__(
        self,
        *,
        dsn: str,
        on_wake: Callable[[], None],
        on_ready: Callable[[SessionId], None],
        on_cancel: Callable[[TaskId], None],
        on_events: Callable[[SessionId, int], None],
        on_permissions: Callable[[], None] | None = None,
        on_project: Callable[[ProjectId], None] | None = None,
        on_webhooks: Callable[[UUID | None], None] | None = None,
        on_forges: Callable[[], None] | None = None,
        ping_interval_s: float = PING_INTERVAL_S,
        ping_timeout_s: float = PING_TIMEOUT_S,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        backoff_max_s: float = BACKOFF_MAX_S,
    ) -> None:
        self._dsn = dsn
        self._on_wake = on_wake
        self._on_ready = on_ready
        self._on_cancel = on_cancel
        self._on_events = on_events
        self._on_permissions = on_permissions
        self._on_project = on_project
        self._on_webhooks = on_webhooks
        self._on_forges = on_forges
        self._ping_interval_s = ping_interval_s
        self._ping_timeout_s = ping_timeout_s
        self._connect_timeout_s = connect_timeout_s
        self._backoff_max_s = backoff_max_s
        self._supervisor = TaskSupervisor("listener")
        self._subscriptions = 0
        self._notifications = 0
        self._connected = asyncio.Event()

    async def start(self) -> None:
        """Begin to listen; returns when subscribed, or after a while without it: polling goes on anyway."""
        self._supervisor.spawn(self._loop(), "listen", vital=True)
        try:
            async with asyncio.timeout(self._connect_timeout_s):
                await self._connected.wait()
        except TimeoutError:
            log.warning("not subscribed yet, polling goes on")

    async def stop(self) -> None:
        """Stop listening. Safe twice and before start."""
        await self._supervisor.stop()

    def statistics(self) -> ListenerStatistics:
        """State of the connection and counts since the start."""
        return ListenerStatistics(self._connected.is_set(), max(0, self._subscriptions - 1), self._notifications)

    async def _loop(self) -> None:
        failures = 0
        while True:
            stayed_s = await self._subscribe()
            failures = 0 if stayed_s > self._ping_interval_s else failures + 1
            await asyncio.sleep(backoff(failures, first_s=BACKOFF_FIRST_S, cap_s=self._backoff_max_s))

    async def _subscribe(self) -> float:
        """Connect and stay until the connection is lost; returns how long that was, 0.0 if it was never made."""
        try:
            notifications = await Notifications.connect(
                self._dsn, CHANNELS, self._on_notification, timeout_s=self._connect_timeout_s
            )
        except Unavailable as error:
            log.warning("cannot listen", extra={"code": error.code, "text": error.text})
            return 0.0
        began = time.monotonic()
        await self._hold_connection(notifications)
        return time.monotonic() - began

    async def _hold_connection(self, notifications: Notifications) -> None:
        """Keep the connection until it is lost, pinging it."""
        self._subscriptions += 1
        self._connected.set()
        try:
            self._on_wake()
            while not await self._lost_within(notifications, self._ping_interval_s):
                if not await notifications.ping(self._ping_timeout_s):
                    break
            log.warning("listening connection lost")
        finally:
            self._connected.clear()
            await notifications.close(CLOSE_TIMEOUT_S)

    async def _lost_within(self, notifications: Notifications, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await notifications.wait_lost()
        except TimeoutError:
            return False
        return True

    def _on_notification(self, channel: str, payload: str) -> None:
        self._notifications += 1
        try:
            self._route(channel, payload)
        except ValueError:
            log.warning("notification not understood", extra={"channel": channel})

    def _route(self, channel: str, payload: str) -> None:
        """Call back for one payload; raises ValueError for one that no statement sends."""
        first, _, second = payload.partition(":")
        hints = {PERMISSIONS_CHANNEL: self._on_permissions, FORGES_CHANNEL: self._on_forges}
        if channel in hints:
            if (call := hints[channel]) is not None:
                call()
        elif channel == PROJECTS_CHANNEL:
            if self._on_project is not None:
                self._on_project(ProjectId(UUID(first)))
        elif channel == WEBHOOKS_CHANNEL:
            if self._on_webhooks is not None:
                self._on_webhooks(UUID(second) if first == "stop" else None)
        elif channel == EVENTS_CHANNEL:
            self._on_events(SessionId(UUID(first)), int(second))
        elif first == "ready":
            self._on_ready(SessionId(UUID(second)))
        elif first == "cancel":
            self._on_cancel(TaskId(UUID(second)))
        else:
            raise ValueError(payload)
