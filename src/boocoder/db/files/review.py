"""Decisions on units and comments on lines, as rows. Which units a change has is not known here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.errors import NotFound
from boocoder.model.change import Verdict
from boocoder.model.ids import ChangeId, CommentId, SessionId, TaskId, new_id

COMMENTS_MAX = 500  # of a session at a time; a person reads them one by one

Side = Literal["old", "new"]


class DecisionRow(msgspec.Struct, frozen=True):
    """A person's decision on one unit.

    Args:
        path: of the unit.
        kind: hunk, mode, rename or file.
        old_start, old_count: lines of the base's file that it takes the place of, as git counts.
        edited: what a person wants in place of its lines; None for the lines as they are.
        rest_rejected: whether the lines that `edited` replaces are rejected, else they stay open.
    """

    unit_id: str
    path: bytes
    kind: str
    old_start: int
    old_count: int
    verdict: Verdict
    decided_at: datetime
    edited: bytes | None = None
    rest_rejected: bool = False


@dataclass(frozen=True, slots=True)
class UnitLocation:
    """What a decision remembers of its unit; fields as in DecisionRow."""

    unit_id: str
    path: bytes
    kind: str
    old_start: int
    old_count: int


class Comment(msgspec.Struct, frozen=True):
    """A remark on lines of a change.

    Args:
        side: of which tree the lines are.
        first_line, last_line: 1-based, both included; 0 and 0 for the whole file.
        quote: the lines as they were when it was written.
        body: what the person says.
        task_id: the task that sent it to the agent; None while it waits.
    """

    id: CommentId
    session_id: SessionId
    change_id: ChangeId
    path: bytes
    side: str
    first_line: int
    last_line: int
    quote: str
    body: str
    task_id: TaskId | None
    created_at: datetime


class _Count(msgspec.Struct, frozen=True):
    comments: int


_LIST = statement("review", "list_decisions", row=DecisionRow, params=(UUID,))
_PUT = statement(
    "review",
    "put_decisions",
    row=Done,
    params=(UUID, list[str], list[bytes], list[str], list[int], list[int], Verdict),
)
_EDIT = statement("review", "edit_decision", row=Done, params=(UUID, str, bytes | None, bool))
_DELETE = statement("review", "delete_decisions", row=Done, params=(UUID, list[str]))
_INSERT_COMMENT = statement(
    "review", "insert_comment", row=Comment, params=(UUID, UUID, UUID, bytes, str, int, int, str, str)
)
_GET_COMMENT = statement("review", "get_comment", row=Comment, params=(UUID,))
_LIST_COMMENTS = statement("review", "list_comments", row=Comment, params=(UUID, bool, int))
_COUNT_UNSENT = statement("review", "count_unsent", row=_Count, params=(UUID,))
_EDIT_COMMENT = statement("review", "edit_comment", row=Comment, params=(UUID, str))
_DELETE_COMMENT = statement("review", "delete_comment", row=Done, params=(UUID,))
_MARK_SENT = statement("review", "mark_sent", row=Done, params=(list[UUID], UUID))


async def list_decisions(conn: Connection, session_id: SessionId) -> list[DecisionRow]:
    """A session's decisions since it applied something, and those carried over then, oldest first; also on units
    that its change does not have any more."""
    return await _LIST.all(conn, session_id)


async def put_decisions(
    conn: Connection, session_id: SessionId, units: Sequence[UnitLocation], verdict: Verdict
) -> None:
    """Decide units, in place of what was decided about them before."""
    once = {unit.unit_id: unit for unit in units}  # one statement may write a row only once
    columns = [
        [unit.unit_id for unit in once.values()],
        [unit.path for unit in once.values()],
        [unit.kind for unit in once.values()],
        [unit.old_start for unit in once.values()],
        [unit.old_count for unit in once.values()],
    ]
    await _PUT.all(conn, session_id, *columns, verdict)


async def edit_decision(
    conn: Connection, session_id: SessionId, unit_id: str, edited: bytes | None, *, rest_rejected: bool
) -> bool:
    """Set what takes the place of an accepted unit's lines; False if the unit is not accepted."""
    return await _EDIT.changed(conn, session_id, unit_id, edited, rest_rejected)


async def delete_decisions(conn: Connection, session_id: SessionId, unit_ids: Collection[str]) -> None:
    """Open units again."""
    await _DELETE.all(conn, session_id, list(unit_ids))


async def carry_over(
    conn: Connection,
    session_id: SessionId,
    mapping: Mapping[str, str],
    gone: Collection[str],
    *,
    starts: Mapping[str, int] | None = None,
) -> None:
    """Keep a session's decisions after accepted units became part of its base. What is not carried over counts no
    more. Call it in the transaction that marks the change applied.

    Args:
        mapping: old id -> id of the same unit against the new base.
        gone: ids of units that are part of the base now; what was decided about them is forgotten.
        starts: new id -> first line in the new base's file; where it is not given the unit did not move.
    """
    places = starts or {}
    known = [row for row in await list_decisions(conn, session_id) if row.unit_id in mapping]
    await delete_decisions(conn, session_id, {*gone, *(row.unit_id for row in known)})
    for verdict in Verdict:
        kept = [
            UnitLocation(new, row.path, row.kind, places.get(new, row.old_start), row.old_count)
            for row in known
            if row.verdict is verdict
            for new in (mapping[row.unit_id],)
        ]
        if kept:
            await put_decisions(conn, session_id, kept, verdict)
    for row in known:
        if row.edited is not None:
            await edit_decision(conn, session_id, mapping[row.unit_id], row.edited, rest_rejected=row.rest_rejected)


async def insert_comment(
    conn: Connection,
    session_id: SessionId,
    change_id: ChangeId,
    *,
    path: bytes,
    side: Side,
    first_line: int,
    last_line: int,
    quote: str,
    body: str,
) -> Comment:
    """Keep a remark until it is sent.

    Args:
        first_line, last_line: 1-based, both included; 0 and 0 for the whole file.
        body: not empty.
    """
    comment_id = CommentId(new_id())
    return await _INSERT_COMMENT.one(
        conn, comment_id, session_id, change_id, path, side, first_line, last_line, quote, body
    )


async def get_comment(conn: Connection, comment_id: CommentId) -> Comment:
    """One remark.

    Raises:
        NotFound: comment_not_found.
    """
    comment = await _GET_COMMENT.first(conn, comment_id)
    if comment is None:
        text = f"There is no comment {comment_id}."
        raise NotFound("comment_not_found", text, "List the session's comments to see their ids.")
    return comment


async def list_comments(
    conn: Connection, session_id: SessionId, *, unsent: bool = False, limit: int = COMMENTS_MAX
) -> list[Comment]:
    """The newest remarks of a session, oldest of them first; only those that wait if `unsent`."""
    return (await _LIST_COMMENTS.all(conn, session_id, unsent, limit))[::-1]


async def count_unsent(conn: Connection, session_id: SessionId) -> int:
    """How many remarks of a session wait."""
    return (await _COUNT_UNSENT.one(conn, session_id)).comments


async def edit_comment(conn: Connection, comment_id: CommentId, body: str) -> Comment | None:
    """Say something else; None if it does not wait any more."""
    return await _EDIT_COMMENT.first(conn, comment_id, body)


async def delete_comment(conn: Connection, comment_id: CommentId) -> bool:
    """Forget a remark; False if it does not wait any more."""
    return await _DELETE_COMMENT.changed(conn, comment_id)


async def mark_sent(conn: Connection, comment_ids: Sequence[CommentId], task_id: TaskId) -> bool:
    """Make remarks part of a task; False if one of them did not wait any more. Call it in the task's transaction."""
    rows = await _MARK_SENT.all(conn, list(comment_ids), task_id)
    return len(rows) == len(set(comment_ids))
