"""One connection that listens for NOTIFY: opened, pinged, dropped. intake.listener decides when to reconnect."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import asyncpg

from boocoder.db.core.driver_errors import DRIVER_ERRORS, translate
from boocoder.db.core.statements import Done, statement
from boocoder.errors import Unavailable

TASKS_CHANNEL = "boocoder_tasks"  # 'ready:<session>' and 'cancel:<task>', sent by the trigger of tasks
PERMISSIONS_CHANNEL = "boocoder_permissions"  # a request was decided, or a rule was added
EVENTS_CHANNEL = "boocoder_events"  # '<session>:<last seq>', sent by every write to a stream
WEBHOOKS_CHANNEL = "boocoder_webhooks"  # 'ready' or 'stop:<webhook>'
FORGES_CHANNEL = "boocoder_forges"  # a forge said something of a published branch
PROJECTS_CHANNEL = "boocoder_projects"  # '<project>': added, moved, or another repository; by the trigger of projects

OnMessage = Callable[[str, str], None]
"""Called on the loop with (channel, payload). It must not raise and must not block."""

_PING = statement("notifications", "ping", row=Done)


class Notifications:
    """A connection that is subscribed. Make it by `connect`; it never comes back once it is lost."""

    def __init__(self, conn: Any) -> None:
        self._conn = conn
        self._lost = asyncio.Event()
        conn.add_termination_listener(lambda _: self._lost.set())

    @classmethod
    async def connect(
        cls, dsn: str, channels: Sequence[str], on_message: OnMessage, *, timeout_s: float
    ) -> Notifications:
        """Connect and subscribe; when it returns, no later NOTIFY of these channels is missed.

        Args:
            dsn: of the database; it must not lead through a PgBouncer that pools by transaction.
            channels: names to LISTEN to.
            on_message: gets every notification.
            timeout_s: for all of it, seconds.

        Raises:
            Unavailable: database_unavailable or database_slow.
        """
        conn: Any = None
        try:
            async with asyncio.timeout(timeout_s):
                conn = await asyncpg.connect(dsn, server_settings={"application_name": "boocoder listener"})
                for channel in channels:
                    await conn.add_listener(channel, lambda _conn, _pid, name, payload: on_message(name, payload))
        except BaseException as error:
            if conn is not None:
                conn.terminate()
            if not isinstance(error, DRIVER_ERRORS):
                raise
            raise translate(error) or Unavailable("database_unavailable", f"Cannot listen: {error}.") from error
        return cls(conn)

    async def ping(self, timeout_s: float) -> bool:
        """Whether the server answers within `timeout_s` seconds; if not, the connection is dropped.

        The driver's own time limit is not used: on a dead link it would ask the server to cancel, and wait for that.
        """
        try:
            async with asyncio.timeout(timeout_s):
                return await _PING.changed(self._conn)
        except (Unavailable, TimeoutError, *DRIVER_ERRORS):
            self.drop()
            return False

    async def wait_lost(self) -> None:
        """Wait until the connection is known to be lost."""
        await self._lost.wait()

    def drop(self) -> None:
        """Close the socket at once, without a word to the server. Safe twice."""
        self._conn.terminate()
        self._lost.set()

    async def close(self, timeout_s: float) -> None:
        """Say goodbye, for at most `timeout_s` seconds, then drop. Safe twice."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._conn.close()
        except (TimeoutError, *DRIVER_ERRORS):
            pass
        finally:
            self.drop()
