"""The rows around an apply: the journal's entry, the decision, what is left of the change, and the frames."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import msgspec

from boocoder.changes.selection import Rest, rest_of, store_rest
from boocoder.db import changes, events
from boocoder.db.changes import ApplyState, Change
from boocoder.db.pool import Connection, Database
from boocoder.errors import Conflict
from boocoder.events import frames
from boocoder.events.agent_event import NoticeLevel
from boocoder.git.shadow import ShadowRepository
from boocoder.model.ids import ChangeId, SessionId
from boocoder.model.task import ChangeState

log = logging.getLogger(__name__)

TRIES = 5  # a turn may end, and change what is left, while it is being measured


class Publisher(Protocol):
    """What the broker does for us."""

    def commit(
        self, session_id: SessionId, first_seq: int, last_seq: int, frames: Sequence[frames.Frame], /
    ) -> None: ...


class _Changed(Exception):
    """A turn has ended meanwhile: what is left has to be measured again."""


@dataclass(frozen=True, slots=True)
class Journal:
    """Opens and closes the journal of applies.

    Args:
        broker: told of every change that moved, after the commit.
    """

    database: Database
    broker: Publisher

    async def undone(self, change_id: ChangeId, session_id: SessionId, notice: str = "") -> None:
        """Close an entry: nothing of it is left."""
        drafts: list[frames.Frame] = [_notice(session_id, "apply_undone", notice)] if notice else []
        async with self.database.transaction() as conn:
            await changes.end_apply(conn, change_id, ApplyState.UNDONE)
            first = await events.append_frames(conn, session_id, drafts) if drafts else 0
        if drafts:
            self.broker.commit(session_id, first, first, drafts)

    async def finish(
        self, change: Change, shadow: ShadowRepository, applied_tree: str | None, left: Sequence[str] = ()
    ) -> ChangeId | None:
        """Record that a change was applied, and what is left of it, in one transaction.

        Args:
            applied_tree: the part; None for all of it.
            left: paths that somebody changed since, and that were not written.

        Returns:
            The change that holds the rest, if any.
        """
        for _ in range(TRIES):
            newest = await self._pending(change)
            rest = await rest_of(self.database, shadow, change, applied_tree, newest.tree)
            try:
                return await self._record(change, newest, applied_tree, rest, left)
            except _Changed:
                continue
        raise Conflict(
            "apply_unfinished", f"Change {change.id} is applied, but its session kept changing while this was recorded."
        )

    async def _pending(self, change: Change) -> Change:
        """The change that waits in the session: this one, or one that superseded it."""
        async with self.database.connection() as conn:
            return await _pending_of(conn, change) or change

    async def _record(
        self, change: Change, newest: Change, applied_tree: str | None, rest: Rest | None, left: Sequence[str]
    ) -> ChangeId | None:
        made: list[frames.Frame] = [_left_notice(change.session_id, left)] if left else []
        async with self.database.transaction() as conn:
            found = await _pending_of(conn, change)
            if (found or change).id != newest.id:
                raise _Changed
            await changes.end_apply(conn, change.id, ApplyState.DONE)
            decided = await changes.decide_change(conn, change.id, ChangeState.APPLIED, applied_tree=applied_tree)
            if decided:
                made.append(updated(change, ChangeState.APPLIED))
                made.extend(await self._store(conn, newest, rest) if found is not None else [])
            first = await events.append_frames(conn, change.session_id, made) if made else 0
        if not decided:
            log.warning("a change was decided while it was being applied", extra={"change_id": str(change.id)})
        if made:
            self.broker.commit(change.session_id, first, first + len(made) - 1, made)
        stored = [one for one in made if isinstance(one, frames.ChangeUpdated) and one.change_id != change.id]
        return ChangeId(stored[-1].change_id) if stored and stored[-1].state != "withdrawn" else None

    async def _store(self, conn: Connection, newest: Change, rest: Rest | None) -> list[frames.Frame]:
        if rest is not None:
            return await store_rest(conn, newest, rest)
        withdrawn = await changes.withdraw_change(conn, newest.session_id)
        if withdrawn is None:
            return []
        return [
            frames.ChangeUpdated(
                session_id=newest.session_id, change_id=withdrawn, state="withdrawn", agent=newest.agent
            )
        ]

    async def reject(self, change: Change) -> bool:
        """Record that a person does not want a change; False if it does not wait for a decision."""
        async with self.database.transaction() as conn:
            if not await changes.decide_change(conn, change.id, ChangeState.REJECTED):
                return False
            made = [updated(change, ChangeState.REJECTED)]
            first = await events.append_frames(conn, change.session_id, made)
        self.broker.commit(change.session_id, first, first, made)
        return True


async def _pending_of(conn: Connection, change: Change) -> Change | None:
    found = await changes.list_changes(conn, session_id=change.session_id, state=ChangeState.PENDING, limit=1)
    return found[0] if found else None


def _notice(session_id: SessionId, code: str, text: str) -> frames.Notice:
    return frames.Notice(session_id=session_id, code=code, text=text, level=NoticeLevel.WARNING)


def _left_notice(session_id: SessionId, left: Sequence[str]) -> frames.Notice:
    text = f"Applying was cut short and has been finished, except for what changed since: {', '.join(left)}."
    return _notice(session_id, "apply_left_files", text)


def updated(change: Change, state: Literal[ChangeState.APPLIED, ChangeState.REJECTED]) -> frames.ChangeUpdated:
    """The frame that tells a decision."""
    return frames.ChangeUpdated(
        session_id=change.session_id,
        change_id=change.id,
        state="applied" if state is ChangeState.APPLIED else "rejected",
        agent=change.agent,
        files=len(msgspec.json.decode(change.files, type=list[msgspec.Raw])),
        additions=change.additions,
        deletions=change.deletions,
    )
