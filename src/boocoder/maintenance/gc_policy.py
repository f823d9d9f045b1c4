"""Chooses worktrees to remove: of archived sessions, idle ones, and the longest unused over a limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from boocoder.model.ids import SessionId
from boocoder.model.session import SessionState, WorktreeState
from boocoder.wire.worktrees import WorktreeUsage

GIB = 1024**3
REST = timedelta(hours=1)  # a worktree that was just used is likely to be used again


@dataclass(frozen=True, slots=True)
class WorktreeLimits:
    """What is allowed to stay.

    Args:
        idle_days: unused for longer, it goes.
        number: worktrees of this host at most.
        total_bytes: disk that they take together at most.
        free_bytes: below so much free disk, unused ones go.
    """

    idle_days: float = 14.0
    number: int = 30
    total_bytes: int = 20 * GIB
    free_bytes: int = 2 * GIB


@dataclass(frozen=True, slots=True)
class WorktreeToRemove:
    """A worktree that has to go; `why` is a part of a sentence."""

    session_id: SessionId
    why: str
    size_bytes: int


def choose(
    rows: Sequence[WorktreeUsage], limits: WorktreeLimits, *, now: datetime, free_bytes: int
) -> list[WorktreeToRemove]:
    """Choose what goes, the longest unused first.

    Args:
        rows: of one host, any order.
        now: by the clock that `used_at` is of.
        free_bytes: of the disk that the worktrees are on.
    """
    ready = sorted((row for row in rows if row.state is WorktreeState.READY), key=lambda row: row.used_at)
    may_go = [row for row in ready if not row.pinned and not row.has_work]
    chosen: dict[SessionId, WorktreeToRemove] = {}
    for row in may_go:
        why = _by_itself(row, limits, now)
        if why:
            chosen[row.session_id] = WorktreeToRemove(row.session_id, why, row.size_bytes or 0)
    left = len(ready) - len(chosen)
    total = sum(row.size_bytes or 0 for row in ready) - sum(one.size_bytes for one in chosen.values())
    free = free_bytes + sum(one.size_bytes for one in chosen.values())
    for row in may_go:
        if row.session_id in chosen or now - row.used_at < REST:
            continue
        why = _over(left, total, free, limits)
        if not why:
            break
        size = row.size_bytes or 0
        chosen[row.session_id] = WorktreeToRemove(row.session_id, why, size)
        left, total, free = left - 1, total - size, free + size
    return list(chosen.values())


def _by_itself(row: WorktreeUsage, limits: WorktreeLimits, now: datetime) -> str:
    if row.session_state is SessionState.ARCHIVED:
        return "its session is archived"
    if now - row.used_at > timedelta(days=limits.idle_days):
        return f"it was not used for {limits.idle_days:g} days"
    return ""


def _over(number: int, total: int, free: int, limits: WorktreeLimits) -> str:
    if number > limits.number:
        return f"there are more than {limits.number} worktrees"
    if total > limits.total_bytes:
        return f"worktrees take more than {limits.total_bytes / GIB:g} GiB"
    if free < limits.free_bytes:
        return f"less than {limits.free_bytes / GIB:g} GiB of the disk is free"
    return ""
