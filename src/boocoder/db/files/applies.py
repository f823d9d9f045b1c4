"""The journal of applying changes, as rows: where a change was put, and what is being written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Literal
from uuid import UUID

import asyncpg
import msgspec

from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.db.tasks.session_host import HeldSession
from boocoder.errors import Conflict
from boocoder.model.change import ApplyState, ApplyTarget
from boocoder.model.ids import ChangeId, HostId, ProjectId, SessionId

_ONE_WRITING = "change_applies_one_writing_per_project"


class WritingApply(msgspec.Struct, frozen=True):
    """An apply that has not ended: the user's checkout goes from `pre_tree` to `post_tree`.

    Args:
        applied_tree: the part of the change; None for all of it.
        ref, old_commit, new_commit: the reference that moves (`HEAD` where no branch is checked out), from which
            commit (None: it is made) to which; all None for a checkout.
        reverts: an earlier apply to the checkout is being undone.
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
    reverts: bool = False


class Applied(msgspec.Struct, frozen=True):
    """Where a change was put.

    Args:
        ref, new_commit: None for a checkout.
        pre_tree, post_tree: the checkout before and after.
        branch_ref, branch_commit: the branch that a change applied elsewhere was put on later.
        host_id, host_name: whose checkout it is; None for a host of an earlier version.
    """

    target: ApplyTarget
    ref: str | None
    new_commit: str | None
    pre_tree: str
    post_tree: str
    branch_ref: str | None
    branch_commit: str | None
    host_id: HostId | None = None
    host_name: str | None = None


class AppliedCommit(msgspec.Struct, frozen=True):
    """The commit that a change was applied as.

    Args:
        tree: the part of the session's files that was applied.
        on_ref: the reference that it was put on.
    """

    tree: str
    on_ref: str
    commit: str


class LastApplied(msgspec.Struct, frozen=True):
    """What a session applied last.

    Args:
        base_tree, tree: the change.
        applied: `base_tree` with what of the change was applied.
        created_at: when the change was measured.
        applied_at: when that was.
    """

    base_tree: str
    tree: str
    applied: str
    created_at: datetime
    applied_at: datetime


class ForkedSession(msgspec.Struct, frozen=True):
    """A fork that has applied nothing itself.

    Args:
        tree: of the snapshot that it began with.
        taken_at: when that was taken.
        base_tree: its base.
        first_tree: the base that it was made with; None where an earlier version of boocoder moved that.
    """

    session_id: SessionId
    tree: str
    taken_at: datetime
    base_tree: str
    first_tree: str | None


_LAST_APPLIED = statement("changes", "last_applied", row=LastApplied, params=(UUID,))
_LIST_FORKS = statement("changes", "list_forks", row=ForkedSession, params=(UUID,))
_APPLIED_COMMIT = statement("changes", "applied_commit", row=AppliedCommit, params=(UUID,))
_BEGIN = statement(
    "changes",
    "begin_apply",
    row=Done,
    params=(UUID, UUID, str, str, ApplyTarget, str | None, str | None, str | None, str | None, UUID | None),
)
_END = statement("changes", "end_apply", row=Done, params=(UUID, ApplyState))
_WRITING = statement("changes", "list_writing_applies", row=WritingApply, params=(UUID | None,))
_FIND_APPLY = statement("changes", "find_apply", row=Applied, params=(UUID,))
_RECORD_BRANCH = statement("changes", "record_branch", row=Done, params=(UUID, str, str))
_BEGIN_REVERT = statement("changes", "begin_revert", row=Done, params=(UUID, str, str))
_ABORT_REVERT = statement("changes", "abort_revert", row=Done, params=(UUID, str, str))
_LAST_BRANCH = statement("changes", "last_branch", row=Applied, params=(UUID,))


async def applied_commit(conn: Connection, session_id: SessionId) -> AppliedCommit | None:
    """The commit that the session's newest applied change became, if its base has not moved since."""
    return await _APPLIED_COMMIT.first(conn, session_id)


async def last_applied(conn: Connection, session_id: SessionId) -> LastApplied | None:
    """What the session applied last to the checkout or as a commit."""
    return await _LAST_APPLIED.first(conn, session_id)


async def list_forks(conn: Connection, session_id: SessionId) -> Sequence[ForkedSession]:
    """The open forks of a session that have applied nothing themselves."""
    return await _LIST_FORKS.all(conn, session_id)


async def begin_apply(
    held: HeldSession,
    change_id: ChangeId,
    project_id: ProjectId,
    host_id: HostId | None,
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
        held: the change's session.
        host_id: whose checkout it is.
        pre_tree, post_tree: the user's checkout before and after; equal where no file is written.
        target, applied_tree, ref, old_commit, new_commit: as in WritingApply.

    Raises:
        Conflict: apply_in_progress, another change is being written into this project.
    """
    with _one_writing():
        return await _BEGIN.changed(
            held.conn,
            change_id,
            project_id,
            pre_tree,
            post_tree,
            target,
            applied_tree,
            ref,
            old_commit,
            new_commit,
            host_id,
        )


@contextmanager
def _one_writing() -> Iterator[None]:
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != _ONE_WRITING:
            raise
        text = "Another change is being written into this project."
        raise Conflict("apply_in_progress", text, "Wait until it is done, then try again.") from error


async def begin_revert(held: HeldSession, change_id: ChangeId, pre_tree: str, post_tree: str) -> bool:
    """Reopen the journal of an apply to the checkout, to write the checkout from `pre_tree` to `post_tree`.

    Args:
        held: the change's session.

    Returns:
        False if the change is not applied to the checkout.

    Raises:
        Conflict: apply_in_progress, another change is being written into the project.
    """
    with _one_writing():
        return await _BEGIN_REVERT.changed(held.conn, change_id, pre_tree, post_tree)


async def abort_revert(conn: Connection, change_id: ChangeId, applied: Applied) -> bool:
    """Close that journal with the trees of the apply, as nothing was written; False if it is closed already."""
    return await _ABORT_REVERT.changed(conn, change_id, applied.pre_tree, applied.post_tree)


async def record_branch(conn: Connection, change_id: ChangeId, ref: str, commit: str) -> bool:
    """Record the branch of a change that was applied elsewhere before; False if it is not applied."""
    return await _RECORD_BRANCH.changed(conn, change_id, ref, commit)


async def end_apply(conn: Connection, change_id: ChangeId, state: Literal[ApplyState.DONE, ApplyState.UNDONE]) -> bool:
    """Close the journal; False if it is closed already."""
    return await _END.changed(conn, change_id, state)


async def list_writing_applies(conn: Connection, host_id: HostId | None) -> list[WritingApply]:
    """Applies to checkouts of this host that have not ended; at a start these were cut short."""
    return await _WRITING.all(conn, host_id)


async def find_apply(conn: Connection, change_id: ChangeId) -> Applied | None:
    """Where a change was put, None if it was not."""
    return await _FIND_APPLY.first(conn, change_id)


async def last_branch(conn: Connection, session_id: SessionId) -> Applied | None:
    """The branch that a session was put on last, None if there is none."""
    return await _LAST_BRANCH.first(conn, session_id)
