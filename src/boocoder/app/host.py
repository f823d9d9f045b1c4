"""This host while it starts: its identity, its settings, and what has to be stopped in reverse order."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable

from boocoder.app.host_lock import HostLock
from boocoder.config.settings import Settings
from boocoder.failpoints import Failpoints
from boocoder.maintenance.data_location import find_move
from boocoder.service import Service


class ServiceHost:
    """What every step of the start needs.

    Args:
        stack: stops what was started, the newest first.
        take_over: whether a copied data directory may be served beside its original.

    Raises:
        Conflict: already_running, data_dir_is_copy.
    """

    def __init__(self, settings: Settings, stack: contextlib.AsyncExitStack, *, take_over: bool = False) -> None:
        self.settings = settings
        self.failpoints = Failpoints(settings.failpoints)
        self.stack = stack
        lock = HostLock(settings.data_dir)
        self.host_id = lock.acquire()
        self.instance_id = lock.instance_id
        stack.callback(lock.release)
        self.moved_from = find_move(settings.data_dir, self.host_id, take_over=take_over)

    async def start(self, service: Service) -> None:
        """Start a service; it is stopped before those that were started before it."""
        self.on_stop(service.stop)
        await service.start()

    def on_stop(self, callback: Callable[[], Awaitable[object]]) -> None:
        """Have something called when the host stops."""
        self.stack.push_async_callback(callback)
