"""Keeps the database within bounds: folds what clients need no more, deletes old answers and archived sessions.

Each turn is a transaction of its own, so that nothing waits for it; a run that is cut short goes on where it was.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from boocoder.db.conversation import retention
from boocoder.db.conversation.overflow import OverflowFiles
from boocoder.db.core.pool import Connection, Database
from boocoder.errors import BoocoderError
from boocoder.model.ids import HostId, SessionId
from boocoder.service import TaskSupervisor

log = logging.getLogger(__name__)

FIRST_S = 60.0  # leaves the database to the starting service
PAGE_SESSIONS = 100
PAUSE_S = 0.002  # between two turns: running turns come first
_FIRST = UUID(int=0)

PageOfSessions = Callable[[Connection, HostId, UUID, int, Sequence[str]], Awaitable[list[SessionId]]]


@dataclass(frozen=True, slots=True)
class RetentionRules:
    """What may go; 0 for what stays.

    Args:
        every_s: time between two looks; 0 for none.
        fold_s: turns that ended longer ago are folded.
        answers_s: what agents said in turns that ended longer ago is deleted.
        answers_turns: so is what they said before the newest turns of a session.
        archived_s: sessions that were archived longer ago are deleted.
        kept: absolute paths of projects that are left alone.
    """

    every_s: float = 0.0
    fold_s: float = 0.0
    answers_s: float = 0.0
    answers_turns: int = 0
    archived_s: float = 0.0
    kept: tuple[str, ...] = ()


@dataclass(slots=True)
class Retained:
    """What one look did: rows of the stream that were folded, answers and sessions that were deleted."""

    folded_rows: int = 0
    answers: int = 0
    sessions: int = 0


class Retention:
    """Looks now and then. A `service.Service`.

    Args:
        overflow: long texts of this host's answers.
        delete_session: deletes a session for good.
    """

    def __init__(
        self,
        *,
        database: Database,
        overflow: OverflowFiles,
        delete_session: Callable[[SessionId], Awaitable[object]],
        host_id: HostId,
        rules: RetentionRules,
    ) -> None:
        self._database = database
        self._overflow = overflow
        self._delete_session = delete_session
        self._host_id = host_id
        self._rules = rules
        self._supervisor = TaskSupervisor("retention")

    async def start(self) -> None:
        """Look now and then, in the background."""
        if self._rules.every_s > 0:
            self._supervisor.spawn(self._loop(), "look")

    async def stop(self) -> None:
        """Leave what is not done to the next start."""
        await self._supervisor.stop()

    async def apply(self) -> Retained:
        """Look now.

        Raises:
            Unavailable: the database is away; what was done is done.
        """
        done = Retained()
        if self._rules.archived_s:
            await self._delete_archived(done)
        if self._rules.answers_s or self._rules.answers_turns:
            async for session_id in self._sessions(retention.list_with_answers):
                await self._turns(session_id, self._delete_answers, done)
        if self._rules.fold_s:
            async for session_id in self._sessions(retention.list_unfolded):
                await self._turns(session_id, self._fold, done)
        return done

    async def _loop(self) -> None:
        pause_s = min(FIRST_S, self._rules.every_s)
        while True:
            await asyncio.sleep(pause_s)
            pause_s = self._rules.every_s
            try:
                done = await self.apply()
            except (BoocoderError, OSError) as error:
                log.warning("retention failed", exc_info=error)
            else:
                if done != Retained():
                    counts = {"rows": done.folded_rows, "answers": done.answers, "sessions": done.sessions}
                    log.info("old data deleted", extra=counts)

    async def _sessions(self, page: PageOfSessions) -> AsyncIterator[SessionId]:
        after = _FIRST
        while True:
            async with self._database.connection() as conn:
                found = await page(conn, self._host_id, after, PAGE_SESSIONS, self._rules.kept)
            for session_id in found:
                yield session_id
            if len(found) < PAGE_SESSIONS:
                return
            after = found[-1]

    async def _turns(
        self, session_id: SessionId, one: Callable[[SessionId, Retained], Awaitable[bool]], done: Retained
    ) -> None:
        while await one(session_id, done):
            await asyncio.sleep(PAUSE_S)

    async def _fold(self, session_id: SessionId, done: Retained) -> bool:
        """Fold the next turn of a session; False where none is left."""
        async with self._database.transaction() as conn:
            mark = await retention.lock_stream(conn, session_id)
            end = None if mark is None else await retention.next_end(conn, session_id, mark.folded_seq)
            if mark is None or end is None or end.age_s < self._rules.fold_s:
                return False
            done.folded_rows += await retention.fold_turn(conn, session_id, mark.folded_seq, end.seq)
        return True

    async def _delete_answers(self, session_id: SessionId, done: Retained) -> bool:
        """Delete the answers of the next turn of a session; False where none is left."""
        rules = self._rules
        async with self._database.transaction() as conn:
            mark = await retention.lock_stream(conn, session_id)
            end = None if mark is None else await retention.next_end(conn, session_id, mark.emptied_seq)
            if mark is None or end is None:
                return False
            too_old = rules.answers_s > 0 and end.age_s >= rules.answers_s
            if not too_old and not await self._beyond_number(conn, session_id, end.seq):
                return False
            messages = await retention.delete_answers(conn, session_id, mark.emptied_seq, end.seq)
        await self._overflow.delete(messages)
        done.answers += len(messages)
        return True

    async def _beyond_number(self, conn: Connection, session_id: SessionId, seq: int) -> bool:
        if not self._rules.answers_turns:
            return False
        newest = await retention.newest_end(conn, session_id, self._rules.answers_turns)
        return newest is not None and seq <= newest.seq

    async def _delete_archived(self, done: Retained) -> None:
        rules = self._rules
        async with self._database.connection() as conn:
            found = await retention.list_archived(conn, self._host_id, rules.archived_s, PAGE_SESSIONS, rules.kept)
        for session_id in found:
            try:
                await self._delete_session(session_id)
            except BoocoderError as error:  # pinned, forked from, or a process works in its worktree
                log.info("archived session kept", extra={"session_id": session_id, "why": error.text})
            else:
                done.sessions += 1
