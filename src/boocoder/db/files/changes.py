"""Changes that wait for a decision, as rows. No git and no files here."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from boocoder.db.core.list_filter import EVERYTHING, ListFilter
from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.db.tasks.session_host import HeldSession
from boocoder.errors import NotFound
from boocoder.model.ids import ChangeId, HostId, ProjectId, SessionId, TaskId, new_id
from boocoder.model.task import ChangeState
from boocoder.wire.changes import ChangeSummary


class LatestChange(msgspec.Struct, frozen=True):
    """The newest change of a session."""

    id: ChangeId
    state: ChangeState
    base_tree: str
    tree: str


class Change(ChangeSummary, frozen=True):
    """One change without its diff.

    Args:
        files: JSON list of {path, status, additions, deletions, binary, ...}.
        applied_tree: the part that was applied; None before, and where all of `tree` was.
        diff_stored: False when the diff was too long and is read from the shadow repository.
        applied_target, applied_ref: where an applied change was put; the branch, also one that it was put on later.
    """

    base_tree: str
    tree: str
    applied_tree: str | None
    files: msgspec.Raw
    diff_stored: bool


class TurnStep(msgspec.Struct, frozen=True):
    """What one turn left: a tree, and what was asked of whom."""

    tree: str
    prompt: str
    agent: str
    model: str | None


class WorktreeUpdate(msgspec.Struct, frozen=True):
    """A worktree that is being brought from one tree to another."""

    session_id: SessionId
    project_id: ProjectId
    path: str
    pre_tree: str
    post_tree: str


class CommitRange(msgspec.Struct, frozen=True):
    """Where the commits of a change's agent are.

    Args:
        head: what the session's branch was on when the change was taken.
        base: the commit that the session's change is measured against.
        path: of the session's worktree.
        applied: what the branch was on for changes that are applied.
    """

    head: str
    base: str
    path: str
    applied: list[str]


class PastBase(msgspec.Struct, frozen=True):
    """What a session's change was measured against for a time.

    Args:
        until: the end of that time; None for now.
    """

    tree: str
    until: datetime | None


class UnfollowedApply(msgspec.Struct, frozen=True):
    """A session that is not on what was applied.

    Args:
        parent: the session whose change it was; None for its own.
        at: when that was.
    """

    session_id: SessionId
    parent: SessionId | None
    at: datetime


class _Tree(msgspec.Struct, frozen=True):
    tree: str


class _ChangeIdRow(msgspec.Struct, frozen=True):
    id: ChangeId


class _Diff(msgspec.Struct, frozen=True):
    diff: bytes | None


_SUPERSEDE = statement("changes", "supersede_pending", row=_ChangeIdRow, params=(UUID,))
_INSERT = statement(
    "changes",
    "insert_change",
    row=_ChangeIdRow,
    params=(UUID, UUID, UUID, str, str, str, msgspec.Raw, int, int, bytes | None),
)
_WITHDRAW = statement("changes", "withdraw_change", row=_ChangeIdRow, params=(UUID,))
_GET = statement("changes", "get_change", row=Change, params=(UUID,))
_LIST = statement(
    "changes",
    "list_changes",
    row=Change,
    params=(
        *(UUID | None, ChangeState | None, int, UUID | None, UUID | None),
        *(str | None, datetime | None, datetime | None),
    ),
)
_DIFF = statement("changes", "get_diff", row=_Diff, params=(UUID,))
_DECIDED = statement("changes", "decided_tree", row=_Tree, params=(UUID, UUID | None))
_DECIDE = statement("changes", "decide_change", row=Done, params=(UUID, ChangeState, str | None))
_UNAPPLY = statement("changes", "unapply_change", row=Done, params=(UUID,))
_RANGE = statement("changes", "commit_range", row=CommitRange, params=(UUID,))
_STEPS = statement("changes", "list_steps", row=TurnStep, params=(UUID, int))
_ASKED = statement("changes", "list_asked", row=TurnStep, params=(UUID, UUID, int))
_BEGIN_UPDATE = statement("changes", "begin_update", row=Done, params=(UUID, str, str))
_END_UPDATE = statement("changes", "end_update", row=Done, params=(UUID,))
_UPDATES = statement("changes", "list_updates", row=WorktreeUpdate)
_LATEST = statement("changes", "latest_change", row=LatestChange, params=(UUID,))
_MOVE_BASE = statement("changes", "move_base", row=Done, params=(UUID, str, str, datetime | None))
_REPLACE_BASE = statement("changes", "replace_base", row=Done, params=(UUID, str, str))

_BASES_SINCE = statement("changes", "bases_since", row=PastBase, params=(UUID, datetime))
_SET_BASE = statement("changes", "set_base", row=Done, params=(UUID, datetime | None, str))
_UNFOLLOWED = statement("changes", "list_unfollowed", row=UnfollowedApply, params=(UUID,))


async def supersede_change(
    conn: Connection,
    session_id: SessionId,
    *,
    task_id: TaskId,
    agent: str,
    base_tree: str,
    tree: str,
    files_json: bytes,
    additions: int,
    deletions: int,
    diff: bytes | None,
) -> ChangeId:
    """Store the session's change as it is after a turn, in place of the one that waits. Call it in a transaction.

    Args:
        task_id: the turn that made it.
        base_tree, tree: full object ids, not equal.
        files_json: JSON list, one object a file.
        additions, deletions: lines.
        diff: None past DIFF_STORE_MAX_BYTES.
    """
    await _SUPERSEDE.all(conn, session_id)
    change_id = ChangeId(new_id())
    row = await _INSERT.one(
        conn, change_id, session_id, task_id, agent, base_tree, tree, files_json, additions, deletions, diff
    )
    return row.id


async def withdraw_change(conn: Connection, session_id: SessionId) -> ChangeId | None:
    """Take back the change that waits, as the agent has reverted it; None if none waits."""
    row = await _WITHDRAW.first(conn, session_id)
    return None if row is None else row.id


async def get_change(conn: Connection, change_id: ChangeId) -> Change:
    """One change.

    Raises:
        NotFound: change_not_found.
    """
    change = await _GET.first(conn, change_id)
    if change is None:
        raise _not_found(change_id)
    return change


async def list_changes(
    conn: Connection,
    *,
    session_id: SessionId | None = None,
    project_id: ProjectId | None = None,
    state: ChangeState | None = None,
    only: ListFilter = EVERYTHING,
    limit: int = 100,
    before: ChangeId | None = None,
) -> list[Change]:
    """A page of changes, newest first.

    Args:
        session_id, project_id, state: only these.
        only: by agent and time of creation.
        limit: rows at most.
        before: id of the last change of the page before.
    """
    return await _LIST.all(conn, session_id, state, limit, before, project_id, *only.values)


async def get_diff(conn: Connection, change_id: ChangeId) -> bytes | None:
    """The stored diff, None if it was too long to store.

    Raises:
        NotFound: change_not_found.
    """
    row = await _DIFF.first(conn, change_id)
    if row is None:
        raise _not_found(change_id)
    return row.diff


async def commit_range(conn: Connection, change_id: ChangeId) -> CommitRange | None:
    """Where the commits of a change's agent are; None where no turn left the change's files as they are in it."""
    return await _RANGE.first(conn, change_id)


async def decided_tree(conn: Connection, session_id: SessionId, *, without: ChangeId | None = None) -> str | None:
    """The tree that the session applied last: its next change begins there, or a person would review it again.

    None before the first apply, and after the session's base was moved. `without` leaves one applied change out.
    """
    row = await _DECIDED.first(conn, session_id, without)
    return None if row is None else row.tree


async def decide_change(
    conn: Connection,
    change_id: ChangeId,
    state: Literal[ChangeState.APPLIED, ChangeState.REJECTED],
    *,
    applied_tree: str | None = None,
) -> bool:
    """Record a person's decision; False if the change does not wait for one any more.

    Args:
        applied_tree: the part that was applied; None for all of it.
    """
    return await _DECIDE.changed(conn, change_id, state, applied_tree)


async def unapply_change(conn: Connection, change_id: ChangeId) -> bool:
    """Record that an apply was undone; False if the change is not applied."""
    return await _UNAPPLY.changed(conn, change_id)


async def list_steps(conn: Connection, session_id: SessionId, limit: int) -> list[TurnStep]:
    """What the session's turns left since what it applied last, oldest first, at most `limit`."""
    return await _STEPS.all(conn, session_id, limit)


async def list_asked(conn: Connection, session_id: SessionId, task_id: TaskId, limit: int) -> list[TurnStep]:
    """What was asked for in a session up to and with a task, oldest first, at most `limit`; without trees."""
    return await _ASKED.all(conn, session_id, task_id, limit)


async def begin_update(held: HeldSession, pre_tree: str, post_tree: str) -> bool:
    """Open the journal before a worktree is brought to another tree; False while one is open."""
    return await _BEGIN_UPDATE.changed(held.conn, held.session_id, pre_tree, post_tree)


async def end_update(conn: Connection, session_id: SessionId) -> bool:
    """Close that journal; False if none is open."""
    return await _END_UPDATE.changed(conn, session_id)


async def list_updates(conn: Connection) -> list[WorktreeUpdate]:
    """Worktrees that are being updated; at a start these were cut short."""
    return await _UPDATES.all(conn)


async def move_base(
    conn: Connection, session_id: SessionId, *, base_commit: str, base_tree: str, since: datetime | None = None
) -> bool:
    """Measure the session's change against another state of the user's from now on.

    Args:
        since: when the first snapshot with the new base was taken; None where there is none yet.
    """
    return await _MOVE_BASE.changed(conn, session_id, base_commit, base_tree, since)


async def replace_base(conn: Connection, session_id: SessionId, *, base_tree: str, first_tree: str) -> bool:
    """Measure a fork's change against another tree, also as at its snapshots since its base moved.

    Args:
        first_tree: what its base should have been when it was made; `base_tree` where it has not moved since.
    """
    return await _REPLACE_BASE.changed(conn, session_id, base_tree, first_tree)


async def bases_since(conn: Connection, session_id: SessionId, since: datetime) -> list[PastBase]:
    """What the session's change was measured against since it was moved at or after a time, the present one last."""
    return await _BASES_SINCE.all(conn, session_id, since)


async def set_base(conn: Connection, session_id: SessionId, base: PastBase) -> None:
    """Put another tree in the place of one of `bases_since`."""
    await _SET_BASE.changed(conn, session_id, base.until, base.tree)


async def list_unfollowed(conn: Connection, host_id: HostId) -> list[UnfollowedApply]:
    """The host's sessions that are not on what was applied, of their own or of the session they were forked from."""
    return await _UNFOLLOWED.all(conn, host_id)


def _not_found(change_id: ChangeId) -> NotFound:
    return NotFound("change_not_found", f"There is no change {change_id}.", "List the changes to see their ids.")


async def latest_change(conn: Connection, session_id: SessionId) -> LatestChange | None:
    """The newest change of a session, decided or not; None if it never had one."""
    return await _LATEST.first(conn, session_id)
