"""Changes that wait for a decision and the journal of applying them, as rows. No git and no files here."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

import asyncpg
import msgspec

from boocoder.db.pool import Connection
from boocoder.db.sql import Done, statement
from boocoder.errors import Conflict, NotFound
from boocoder.model.ids import ChangeId, ProjectId, SessionId, TaskId, new_id
from boocoder.model.task import ChangeState

_ONE_WRITING = "change_applies_one_writing_per_project"


class ApplyState(StrEnum):
    """writing -> done | undone."""

    WRITING = "writing"
    DONE = "done"
    UNDONE = "undone"


class ApplyTarget(StrEnum):
    """Where a change is put."""

    CHECKOUT = "checkout"
    COMMIT = "commit"  # on what is checked out, and into the checkout
    BRANCH = "branch"


class Change(msgspec.Struct, frozen=True):
    """One change without its diff.

    Args:
        files: JSON list of {path, status, additions, deletions, binary, ...}.
        applied_tree: the part that was applied; None before, and where all of `tree` was.
        diff_stored: False when the diff was too long and is read from the shadow repository.
    """

    id: ChangeId
    session_id: SessionId
    task_id: TaskId
    agent: str
    state: ChangeState
    base_tree: str
    tree: str
    applied_tree: str | None
    files: msgspec.Raw
    additions: int
    deletions: int
    diff_stored: bool
    created_at: datetime
    decided_at: datetime | None


class WritingApply(msgspec.Struct, frozen=True):
    """An apply that has not ended: the user's checkout goes from `pre_tree` to `post_tree`.

    Args:
        applied_tree: the part of the change; None for all of it.
        ref, old_commit, new_commit: the reference that moves (`HEAD` where no branch is checked out), from which
            commit (None: it is made) to which; all None for a checkout.
    """

    change_id: ChangeId
    session_id: SessionId
    project_id: ProjectId
    pre_tree: str
    post_tree: str
    target: ApplyTarget
    applied_tree: str | None
    ref: str | None
    old_commit: str | None
    new_commit: str | None
    started_at: datetime


class Applied(msgspec.Struct, frozen=True):
    """Where a change was put; `ref` and `new_commit` are None for a checkout."""

    target: ApplyTarget
    ref: str | None
    new_commit: str | None


class Step(msgspec.Struct, frozen=True):
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


class _Tree(msgspec.Struct, frozen=True):
    tree: str


class _Id(msgspec.Struct, frozen=True):
    id: ChangeId


class _Diff(msgspec.Struct, frozen=True):
    diff: bytes | None


_SUPERSEDE = statement("changes", "supersede_pending", row=_Id, params=(UUID,))
_INSERT = statement(
    "changes",
    "insert_change",
    row=_Id,
    params=(UUID, UUID, UUID, str, str, str, msgspec.Raw, int, int, bytes | None),
)
_WITHDRAW = statement("changes", "withdraw_change", row=_Id, params=(UUID,))
_GET = statement("changes", "get_change", row=Change, params=(UUID,))
_LIST = statement("changes", "list_changes", row=Change, params=(UUID | None, ChangeState | None, int, UUID | None))
_DIFF = statement("changes", "get_diff", row=_Diff, params=(UUID,))
_DECIDED = statement("changes", "decided_tree", row=_Tree, params=(UUID,))
_DECIDE = statement("changes", "decide_change", row=Done, params=(UUID, ChangeState, str | None))
_BEGIN = statement(
    "changes",
    "begin_apply",
    row=Done,
    params=(UUID, UUID, str, str, ApplyTarget, str | None, str | None, str | None, str | None),
)
_END = statement("changes", "end_apply", row=Done, params=(UUID, ApplyState))
_WRITING = statement("changes", "list_writing_applies", row=WritingApply)
_FIND_APPLY = statement("changes", "find_apply", row=Applied, params=(UUID,))
_LAST_BRANCH = statement("changes", "last_branch", row=Applied, params=(UUID,))
_STEPS = statement("changes", "list_steps", row=Step, params=(UUID, int))
_ASKED = statement("changes", "list_asked", row=Step, params=(UUID, UUID, int))
_BEGIN_UPDATE = statement("changes", "begin_update", row=Done, params=(UUID, str, str))
_END_UPDATE = statement("changes", "end_update", row=Done, params=(UUID,))
_UPDATES = statement("changes", "list_updates", row=WorktreeUpdate)
_MOVE_BASE = statement("changes", "move_base", row=Done, params=(UUID, str, str))


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
    state: ChangeState | None = None,
    limit: int = 100,
    before: ChangeId | None = None,
) -> list[Change]:
    """A page of changes, newest first.

    Args:
        session_id, state: only these.
        limit: rows at most.
        before: id of the last change of the page before.
    """
    return await _LIST.all(conn, session_id, state, limit, before)


async def get_diff(conn: Connection, change_id: ChangeId) -> bytes | None:
    """The stored diff, None if it was too long to store.

    Raises:
        NotFound: change_not_found.
    """
    row = await _DIFF.first(conn, change_id)
    if row is None:
        raise _not_found(change_id)
    return row.diff


async def decided_tree(conn: Connection, session_id: SessionId) -> str | None:
    """The tree that the session applied last: its next change begins there, or a person would review it again.

    None before the first apply, and after the session's base was moved.
    """
    row = await _DECIDED.first(conn, session_id)
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


async def begin_apply(
    conn: Connection,
    change_id: ChangeId,
    project_id: ProjectId,
    pre_tree: str,
    post_tree: str,
    *,
    target: ApplyTarget = ApplyTarget.CHECKOUT,
    applied_tree: str | None = None,
    ref: str | None = None,
    old_commit: str | None = None,
    new_commit: str | None = None,
) -> bool:
    """Open the journal before the first file is written; False if the change does not wait for a decision any
    more or its apply is under way or done.

    Args:
        pre_tree, post_tree: the user's checkout before and after; equal where no file is written.
        target, applied_tree, ref, old_commit, new_commit: as in WritingApply.

    Raises:
        Conflict: apply_in_progress, another change is being written into this project.
    """
    try:
        return await _BEGIN.changed(
            conn, change_id, project_id, pre_tree, post_tree, target, applied_tree, ref, old_commit, new_commit
        )
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != _ONE_WRITING:
            raise
        text = f"Another change is being written into project {project_id}."
        raise Conflict("apply_in_progress", text, "Wait until it is done, then apply this one again.") from error


async def end_apply(conn: Connection, change_id: ChangeId, state: Literal[ApplyState.DONE, ApplyState.UNDONE]) -> bool:
    """Close the journal; False if it is closed already."""
    return await _END.changed(conn, change_id, state)


async def list_writing_applies(conn: Connection) -> list[WritingApply]:
    """Applies that have not ended; at a start these were cut short."""
    return await _WRITING.all(conn)


async def find_apply(conn: Connection, change_id: ChangeId) -> Applied | None:
    """Where a change was put, None if it was not."""
    return await _FIND_APPLY.first(conn, change_id)


async def last_branch(conn: Connection, session_id: SessionId) -> Applied | None:
    """The branch that a session was put on last, None if there is none."""
    return await _LAST_BRANCH.first(conn, session_id)


async def list_steps(conn: Connection, session_id: SessionId, limit: int) -> list[Step]:
    """What the session's turns left since what it applied last, oldest first, at most `limit`."""
    return await _STEPS.all(conn, session_id, limit)


async def list_asked(conn: Connection, session_id: SessionId, task_id: TaskId, limit: int) -> list[Step]:
    """What was asked for in a session up to and with a task, oldest first, at most `limit`; without trees."""
    return await _ASKED.all(conn, session_id, task_id, limit)


async def begin_update(conn: Connection, session_id: SessionId, pre_tree: str, post_tree: str) -> bool:
    """Open the journal before a worktree is brought to another tree; False while one is open."""
    return await _BEGIN_UPDATE.changed(conn, session_id, pre_tree, post_tree)


async def end_update(conn: Connection, session_id: SessionId) -> bool:
    """Close that journal; False if none is open."""
    return await _END_UPDATE.changed(conn, session_id)


async def list_updates(conn: Connection) -> list[WorktreeUpdate]:
    """Worktrees that are being updated; at a start these were cut short."""
    return await _UPDATES.all(conn)


async def move_base(conn: Connection, session_id: SessionId, *, base_commit: str, base_tree: str) -> bool:
    """Measure the session's change against another state of the user's from now on."""
    return await _MOVE_BASE.changed(conn, session_id, base_commit, base_tree)


def _not_found(change_id: ChangeId) -> NotFound:
    return NotFound("change_not_found", f"There is no change {change_id}.", "List the changes to see their ids.")
