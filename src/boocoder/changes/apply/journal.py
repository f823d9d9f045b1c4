"""Records applies: the journal entry, the decision, the rest of the change, and the frames."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from boocoder.broker.outbox import Outbox
from boocoder.changes.review.selection import RemainingChange, carry_decisions, measure_remaining, store_remaining
from boocoder.changes.review.state import load_state
from boocoder.db.core.pool import Connection, Database
from boocoder.db.files import applies, changes
from boocoder.db.files.changes import Change
from boocoder.errors import Conflict
from boocoder.events import frames
from boocoder.events.agent_event import NoticeLevel
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.model.change import ApplyState
from boocoder.model.ids import ChangeId, SessionId
from boocoder.model.task import ChangeState

log = logging.getLogger(__name__)

TRIES = 5  # a turn may end and change the rest while it is being measured


class _PendingChanged(Exception):
    """A turn ended or a unit was split in the meantime, so the rest has to be measured again."""


@dataclass(frozen=True, slots=True)
class ApplyJournal:
    """Opens and closes the journal of applies.

    Args:
        outbox: stores and publishes what became of every change.
    """

    database: Database
    outbox: Outbox

    async def undone(self, change_id: ChangeId, session_id: SessionId, notice: str = "") -> None:
        """Close an entry of an apply that was undone."""
        drafts: list[frames.Frame] = [_notice(session_id, "apply_undone", notice)] if notice else []
        async with self.outbox.transaction() as transaction:
            await applies.end_apply(transaction.conn, change_id, ApplyState.UNDONE)
            await transaction.append(session_id, drafts)

    async def finish(
        self, change: Change, shadow: ShadowRepository, applied_tree: str | None, left: Sequence[str] = ()
    ) -> ChangeId | None:
        """Record in one transaction that a change was applied, and what remains of it.

        Args:
            applied_tree: the part; None for all of it.
            left: paths that were edited since and were not written.

        Returns:
            The change that holds the rest, if any.
        """
        for _ in range(TRIES):
            newest = await self._pending(change)
            rest = await measure_remaining(self.database, shadow, change, applied_tree, newest.tree)
            try:
                return await self._record(change, newest, applied_tree, rest, left)
            except _PendingChanged:
                continue
        raise Conflict(
            "apply_unfinished", f"Change {change.id} is applied, but its session kept changing while this was recorded."
        )

    async def _pending(self, change: Change) -> Change:
        """The session's pending change: this one, or one that superseded it."""
        async with self.database.connection() as conn:
            return await _pending_of(conn, change) or change

    async def _record(
        self,
        change: Change,
        newest: Change,
        applied_tree: str | None,
        rest: RemainingChange | None,
        left: Sequence[str],
    ) -> ChangeId | None:
        made: list[frames.Frame] = [_left_notice(change.session_id, left)] if left else []
        async with self.outbox.transaction() as transaction:
            conn = transaction.conn
            found = await _pending_of(conn, change)
            if (found or change).id != newest.id:
                raise _PendingChanged
            if rest is not None and (await load_state(conn, change.session_id)).parts != rest.seen.parts:
                raise _PendingChanged
            await applies.end_apply(conn, change.id, ApplyState.DONE)
            if rest is not None:
                await carry_decisions(conn, newest, rest)
            decided = await changes.decide_change(conn, change.id, ChangeState.APPLIED, applied_tree=applied_tree)
            if decided:
                made.append(updated(change, ChangeState.APPLIED))
                made.extend(await self._store(conn, newest, rest) if found is not None else [])
            await transaction.append(change.session_id, made)
        if not decided:
            log.warning("change decided while it was being applied", extra={"change_id": str(change.id)})
        stored = [one for one in made if isinstance(one, frames.ChangeUpdatedFrame) and one.change_id != change.id]
        return ChangeId(stored[-1].change_id) if stored and stored[-1].state != "withdrawn" else None

    async def _store(self, conn: Connection, newest: Change, rest: RemainingChange | None) -> list[frames.Frame]:
        if rest is not None:
            return await store_remaining(conn, newest, rest)
        withdrawn = await changes.withdraw_change(conn, newest.session_id)
        if withdrawn is None:
            return []
        return [
            frames.ChangeUpdatedFrame(
                session_id=newest.session_id, change_id=withdrawn, state="withdrawn", agent=newest.agent
            )
        ]

    async def reject(self, change: Change) -> bool:
        """Record that a change is rejected; False if it is not pending."""
        async with self.outbox.transaction() as transaction:
            rejected = await changes.decide_change(transaction.conn, change.id, ChangeState.REJECTED)
            if rejected:
                await transaction.append(change.session_id, [updated(change, ChangeState.REJECTED)])
        return rejected


async def _pending_of(conn: Connection, change: Change) -> Change | None:
    found = await changes.list_changes(conn, session_id=change.session_id, state=ChangeState.PENDING, limit=1)
    return found[0] if found else None


def _notice(session_id: SessionId, code: str, text: str) -> frames.NoticeFrame:
    return frames.NoticeFrame(session_id=session_id, code=code, text=text, level=NoticeLevel.WARNING)


def _left_notice(session_id: SessionId, left: Sequence[str]) -> frames.NoticeFrame:
    text = f"An interrupted apply was finished, except for files that changed since: {', '.join(left)}."
    return _notice(session_id, "apply_left_files", text)


def updated(change: Change, state: Literal[ChangeState.APPLIED, ChangeState.REJECTED]) -> frames.ChangeUpdatedFrame:
    """The frame of a decision."""
    return frames.ChangeUpdatedFrame(
        session_id=change.session_id,
        change_id=change.id,
        state="applied" if state is ChangeState.APPLIED else "rejected",
        agent=change.agent,
        files=len(msgspec.json.decode(change.files, type=list[msgspec.Raw])),
        additions=change.additions,
        deletions=change.deletions,
    )
