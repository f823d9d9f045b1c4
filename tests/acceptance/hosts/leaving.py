"""Three hosts with many sessions, of which one is killed and one drained: where the sessions go, and how fast."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from boocoder.wire.service import HostInfo
from tests.acceptance.hosts.chaos import ChaosPlan, ChaosRun
from tests.acceptance.many_tasks import Created

AT_ONCE = 16  # requests
ENDED = "SELECT count(*) FROM tasks WHERE ended_at IS NOT NULL"
STRANDED = """
    SELECT count(DISTINCT t.session_id) FROM tasks t
    JOIN sessions s ON s.id = t.session_id JOIN hosts h ON h.id = s.host_id
    WHERE t.ended_at IS NULL AND (NOT is_alive(h) OR h.drained_at IS NOT NULL)
"""
LAST_MOVE = "SELECT max(taken_at) FROM snapshots WHERE kind = 'takeover'"
OTHER_TREES = """
    SELECT count(*) FROM snapshots n
    WHERE n.kind = 'takeover' AND NOT EXISTS (
        SELECT FROM snapshots p WHERE p.session_id = n.session_id AND p.taken_at < n.taken_at AND p.tree = n.tree)
"""


@dataclass
class LeavingReport:
    """What became of it.

    Args:
        moved_s: from the kill to the last move of a session.
        other_trees: moved sessions whose files equal no earlier snapshot of theirs.
        left: sessions with open tasks on a host that is dead or drained, at the end.
    """

    moved_s: float = 0.0
    other_trees: int = 0
    left: int = 0


class LeavingRun(ChaosRun):
    """One run; the first host is killed and the second drained, once a third of the tasks have ended."""

    async def leave(self) -> LeavingReport:
        """Do all of it, and judge what is left."""
        before = await self._open()
        await self._queue_all()
        while int(str(await self._ask(ENDED))) < self._plan.tasks // 3:
            await asyncio.sleep(0.2)
        killed_at = datetime.now(UTC)
        await asyncio.to_thread(self._hosts[0].kill)
        self.report.faults["kill"] += 1
        await self._drain(1)
        await self._wait_ended()
        left = LeavingReport(left=int(str(await self._ask(STRANDED))))
        last = await self._ask(LAST_MOVE)
        assert isinstance(last, datetime), "no session moved"
        left.moved_s = (last - killed_at).total_seconds()
        left.other_trees = int(str(await self._ask(OTHER_TREES)))
        await self._judge(before)
        return left

    async def _queue_all(self) -> None:
        """Queue all tasks at once, faster than they run; at the third host, which stays."""
        words = [f"w{uuid4().hex[:10]}" for _ in range(self._plan.tasks)]
        async with self._hosts[2].client() as client:

            async def send(word: str) -> None:
                async with places:
                    made = await client.post("/api/tasks", Created, self._unanswered[word], key=word)
                    self._tasks[word] = made.task_id

            places = asyncio.Semaphore(AT_ONCE)
            for number, word in enumerate(words):
                self._ask_for(word, self._sessions[number % len(self._sessions)])
            await asyncio.gather(*(send(word) for word in words))

    async def _drain(self, place: int) -> None:
        async with self._hosts[place].client() as client:
            host = next(one for one in await client.items("/api/hosts", HostInfo) if one.current)
            await client.patch(f"/api/hosts/{host.id}", HostInfo, {"drained": True})
        self.report.faults["drain"] += 1


def leaving_plan(*, sessions: int, tasks: int) -> ChaosPlan:
    """A plan in which nothing else is stopped."""
    return ChaosPlan(f"{sessions} sessions", seconds=0, sessions=sessions, tasks=tasks)
