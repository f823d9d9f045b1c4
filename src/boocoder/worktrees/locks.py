"""Locks a session's worktree for a turn or one other operation at a time.

A worktree lives on one host, and a host is one process: a lock in memory excludes turns, rewinds and removals from
one another. The row in the database prevents the claim of a waiting task in the meantime. It counts only for the
run that wrote it, so no worktree stays locked when that run dies.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from boocoder.db.conversation.sessions import session_not_found
from boocoder.db.core.pool import Connection, Database
from boocoder.db.files import worktree_locks
from boocoder.db.tasks.hosts import session_elsewhere
from boocoder.db.tasks.session_host import HeldSession, hold_session, hold_session_here
from boocoder.errors import BoocoderError, Conflict
from boocoder.model.ids import HostId, InstanceId, SessionId

LOCK_WAIT_S = 5.0  # a person waits for the answer
TURN_WAIT_S = 1_800.0  # as long as writing the files of a very large worktree may take


@dataclass(slots=True)
class _Lock:
    """One session's lock, dropped after its last use."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class WorktreeLocks:
    """Excludes turns, rewinds, undos, resolutions and removals of one session from one another.

    Args:
        database: the truth about running turns.
        host_id, instance_id: of this process; worktrees of other hosts cannot be held here.
    """

    def __init__(self, *, database: Database, host_id: HostId, instance_id: InstanceId) -> None:
        self._database = database
        self._host_id = host_id
        self._instance_id = instance_id
        self._locks: dict[SessionId, _Lock] = {}

    @asynccontextmanager
    async def exclusive(self, session_id: SessionId, why: str, *, wait_s: float = LOCK_WAIT_S) -> AsyncIterator[None]:
        """Have the session's worktree alone for the time of the block; its waiting tasks go on waiting.

        Args:
            why: one word for people, such as "rewind".
            wait_s: seconds to wait for another operation of this process.

        Raises:
            NotFound: session_not_found.
            Conflict: session_without_worktree, session_elsewhere (another host's), session_busy (a turn runs in it,
                or another operation holds it).
        """
        async with self._locked(session_id, wait_s, why):
            try:  # from here on: a caller that is cancelled may have the mark without knowing it
                async with self._database.transaction() as conn:
                    held = await hold_session(conn, session_id)
                    locked = await worktree_locks.lock_worktree(held, self._instance_id, self._host_id, why)
                if not locked:
                    raise await self._refusal(session_id)
                yield
            finally:
                await asyncio.shield(self._release(session_id))

    async def hold(self, conn: Connection, session_id: SessionId) -> HeldSession:
        """Keep the session on this host until the transaction ends; what writes its files says so in one.

        A process whose lease ran out may have lost a session that it had locked.

        Raises:
            NotFound: session_not_found.
            Conflict: session_elsewhere.
        """
        return await hold_session_here(conn, session_id, self._host_id)

    @asynccontextmanager
    async def turn(self, session_id: SessionId) -> AsyncIterator[None]:
        """Have the worktree for a turn, which is known as running already; waits until a holder is done.

        Raises:
            Conflict: session_busy, after TURN_WAIT_S.
        """
        async with self._locked(session_id, TURN_WAIT_S, "turn"):
            yield

    @asynccontextmanager
    async def _locked(self, session_id: SessionId, timeout_s: float, why: str) -> AsyncIterator[None]:
        entry = self._locks.setdefault(session_id, _Lock())
        entry.users += 1
        try:
            try:
                async with asyncio.timeout(timeout_s):
                    await entry.lock.acquire()
            except TimeoutError:
                raise _busy(session_id, f"another operation holds the worktree lock ({why} has to wait)") from None
            try:
                yield
            finally:
                entry.lock.release()
        finally:
            entry.users -= 1
            if not entry.users:
                self._locks.pop(session_id, None)

    async def _release(self, session_id: SessionId) -> None:
        async with self._database.connection() as conn:
            await worktree_locks.unlock_worktree(conn, session_id, self._instance_id)

    async def _refusal(self, session_id: SessionId) -> BoocoderError:
        async with self._database.connection() as conn:
            state = await worktree_locks.get_lock_state(conn, session_id)
            if state is not None and state.exists and state.host_id != self._host_id:
                return await session_elsewhere(conn, session_id)
        if state is None:
            return session_not_found(session_id)
        if not state.exists:
            text = f"Session {session_id} has no worktree yet."
            return Conflict("session_without_worktree", text, "It gets one with its first task.")
        return _busy(session_id, "a turn runs in it" if state.running else f"it is held for: {state.busy_why}")


def _busy(session_id: SessionId, why: str) -> Conflict:
    text = f"The worktree of session {session_id} is in use: {why}."
    return Conflict("session_busy", text, "Wait for the turn or cancel it, then try again.")
