"""Which worktrees have to go, and in which order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from boocoder.maintenance.gc_policy import GIB, WorktreeLimits, choose
from boocoder.model.ids import ProjectId, SessionId, new_id
from boocoder.model.session import SessionState, WorktreeState
from boocoder.wire.worktrees import WorktreeUsage

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ROOMY = 1000 * GIB


def worktree(
    hours: float,
    *,
    size_gib: float = 1.0,
    state: WorktreeState = WorktreeState.READY,
    archived: bool = False,
    pinned: bool = False,
    has_work: bool = False,
) -> WorktreeUsage:
    used = NOW - timedelta(hours=hours)
    return WorktreeUsage(
        session_id=SessionId(new_id()),
        project_id=ProjectId(new_id()),
        title="",
        path="/w",
        state=state,
        session_state=SessionState.ARCHIVED if archived else SessionState.OPEN,
        pinned=pinned,
        created_at=used,
        used_at=used,
        size_bytes=int(size_gib * GIB),
        measured_at=NOW,
        removed_at=None,
        removed_why="",
        busy_why="",
        has_work=has_work,
        running=has_work,
    )


def gone(rows: list[WorktreeUsage], limits: WorktreeLimits, free_bytes: int = ROOMY) -> list[int]:
    """The places in `rows` of what has to go, in the order of going."""
    ids = [row.session_id for row in rows]
    return [ids.index(one.session_id) for one in choose(rows, limits, now=NOW, free_bytes=free_bytes)]


def test_archived_and_idle_ones_go_whatever_the_room() -> None:
    rows = [worktree(1), worktree(2, archived=True), worktree(24 * 15), worktree(24 * 13)]
    assert gone(rows, WorktreeLimits()) == [2, 1]


def test_what_is_pinned_at_work_or_not_there_stays() -> None:
    rows = [
        worktree(9999, pinned=True),
        worktree(9999, has_work=True, archived=True),
        worktree(9999, state=WorktreeState.GONE),
        worktree(9999, state=WorktreeState.REMOVING),
    ]
    assert gone(rows, WorktreeLimits(number=1, total_bytes=1, free_bytes=ROOMY), free_bytes=0) == []


def test_the_longest_unused_go_until_the_number_fits() -> None:
    rows = [worktree(5), worktree(7), worktree(6), worktree(0.5)]
    assert gone(rows, WorktreeLimits(number=2)) == [1, 2]
    assert gone(rows, WorktreeLimits(number=0)) == [1, 2, 0], "one that was just used stays"


def test_the_longest_unused_go_until_the_disk_fits() -> None:
    rows = [worktree(5, size_gib=4), worktree(7, size_gib=1), worktree(6, size_gib=4)]
    assert gone(rows, WorktreeLimits(total_bytes=8 * GIB)) == [1]
    assert gone(rows, WorktreeLimits(total_bytes=7 * GIB)) == [1, 2]
    assert gone(rows, WorktreeLimits(free_bytes=3 * GIB), free_bytes=2 * GIB) == [1]
    assert gone(rows, WorktreeLimits(free_bytes=3 * GIB), free_bytes=0) == [1, 2]


def test_what_goes_by_itself_makes_room_for_the_others() -> None:
    rows = [worktree(5), worktree(7), worktree(3, archived=True)]
    assert gone(rows, WorktreeLimits(number=2)) == [2]
