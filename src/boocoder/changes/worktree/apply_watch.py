"""Finds sessions that are not on what was applied: a crash came between, or another host applied it."""

from __future__ import annotations

import asyncio
import logging

from boocoder.changes.worktree.commit_follow import CommitFollower
from boocoder.changes.worktree.fork_follow import ForkFollower
from boocoder.db.core.pool import Database
from boocoder.db.files import changes
from boocoder.db.files.changes import UnfollowedApply
from boocoder.errors import BoocoderError, Unavailable
from boocoder.model.ids import HostId
from boocoder.net.backoff import jittered
from boocoder.service import TaskSupervisor

log = logging.getLogger(__name__)

EVERY_S = 15.0  # each look reads the open sessions of this host


class ApplyWatch:
    """Lets this host's sessions follow what was applied; each apply is tried once. A `service.Service`."""

    def __init__(self, *, database: Database, follower: CommitFollower, forks: ForkFollower, host_id: HostId) -> None:
        self._database = database
        self._follower = follower
        self._forks = forks
        self._host_id = host_id
        self._tried: set[UnfollowedApply] = set()
        self._supervisor = TaskSupervisor("apply-watch")

    async def start(self) -> None:
        """Begin to look."""
        self._supervisor.spawn(self._loop(), "look")

    async def stop(self) -> None:
        """Stop looking. Safe twice and before start."""
        await self._supervisor.stop()

    async def _loop(self) -> None:
        while True:
            try:
                await self.look()
            except Unavailable as error:
                log.warning("did not look for applied changes", extra={"code": error.code})
            await asyncio.sleep(jittered(EVERY_S))

    async def look(self) -> int:
        """Follow what was not followed; returns how much there was that had not been tried.

        Raises:
            Unavailable: the database is away.
        """
        async with self._database.connection() as conn:
            found = await changes.list_unfollowed(conn, self._host_id)
        self._tried.intersection_update(found)
        new = [one for one in found if one not in self._tried]
        for one in new:
            try:
                await self._follow(one)
            except Unavailable:
                raise
            except (BoocoderError, OSError):  # the other sessions do not wait for this one
                log.exception("a session did not follow what was applied", extra={"session": str(one.session_id)})
            self._tried.add(one)
        return len(new)

    async def _follow(self, one: UnfollowedApply) -> None:
        if one.parent is None:
            await self._follower.follow(one.session_id)
        else:
            await self._forks.follow_parent(one.parent, one.session_id)
