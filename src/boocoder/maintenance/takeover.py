"""Goes on with sessions of hosts that are gone or drained, where their tasks wait."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from boocoder.db.core.pool import Database
from boocoder.db.tasks import takeovers
from boocoder.db.tasks.takeovers import TakeoverCandidate
from boocoder.errors import BoocoderError, Unavailable
from boocoder.model.ids import HostId
from boocoder.net.backoff import jittered
from boocoder.service import TaskSupervisor
from boocoder.worktrees.stored.adoption import SessionAdopter

log = logging.getLogger(__name__)

DISK_CURE = "Make room on the disk, or make boocoder's data directory writable; it is tried again."
AT_ONCE = 4  # each starts about ten git processes


@dataclass(frozen=True, slots=True)
class TakeoverSchedule:
    """When sessions are looked for.

    Args:
        after_s: how long a host has to be silent; 0: for ever. A drained one gives its sessions away at once.
        every_s: time between looks.
        retry_s: after a session could not be taken over.
    """

    after_s: float
    every_s: float = 2.0
    retry_s: float = 60.0


class SessionTakeover:
    """Looks for sessions that this host can go on with. A `service.Service`."""

    def __init__(
        self, *, database: Database, adopter: SessionAdopter, host_id: HostId, schedule: TakeoverSchedule
    ) -> None:
        self._database = database
        self._adopter = adopter
        self._host_id = host_id
        self._schedule = schedule
        self._supervisor = TaskSupervisor("takeover")

    async def start(self) -> None:
        """Begin to look."""
        self._supervisor.spawn(self._loop(), "look")

    async def stop(self) -> None:
        """Stop looking; a session that is half taken over stays where it was. Safe twice and before start."""
        await self._supervisor.stop()

    async def _loop(self) -> None:
        while True:
            await asyncio.sleep(jittered(self._schedule.every_s))
            try:
                while await self._look():
                    pass
            except Unavailable as error:
                log.warning("did not look for sessions of other hosts", extra={"code": error.code})

    async def _look(self) -> int:
        """Take over what is waiting; returns how many sessions were found."""
        async with self._database.connection() as conn:
            found = await takeovers.list_takeovers(
                conn,
                self._host_id,
                after_s=self._schedule.after_s,
                limit=AT_ONCE,
                retry_s=self._schedule.retry_s,
            )
        moved = await asyncio.gather(*(self._take(one) for one in found))
        return sum(moved)

    async def _take(self, one: TakeoverCandidate) -> bool:
        """Whether the session is here now; why not is stored, for the person whose tasks wait."""
        try:
            moved = await self._adopter.adopt(one.session_id, asked=False)
        except Unavailable:
            raise
        except (BoocoderError, OSError) as error:
            ours = error if isinstance(error, BoocoderError) else None
            text, cure = (ours.text, ours.cure) if ours else (f"Files could not be written: {error}.", DISK_CURE)
            log.warning("session not taken over", extra={"session_id": one.session_id, "why": text})
            async with self._database.connection() as conn:
                await takeovers.put_failure(conn, one.session_id, self._host_id, text, cure)
            return False
        if moved:
            log.info("session taken over", extra={"session_id": one.session_id, "from_host": one.from_host})
        return moved
