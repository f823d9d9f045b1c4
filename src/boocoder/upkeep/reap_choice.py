"""Which worktrees have to go: those of archived sessions, idle ones, and the longest unused over a limit. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from boocoder.db.kept import KeptWorktree
from boocoder.db.sessions import SessionState
from boocoder.db.worktrees import WorktreeState
from boocoder.model.ids import SessionId

GIB = 1024**3
REST = timedelta(hours=1)  # somebody who just used a worktree is likely to go on


@dataclass(frozen=True, slots=True)
class ReapLimits:
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
class Doomed:
    """A worktree that has to go; `why` is a part of a sentence."""

    session_id: SessionId
    why: str
    size_bytes: int


def choose(rows: Sequence[KeptWorktree], limits: ReapLimits, *, now: datetime, free_bytes: int) -> list[Doomed]:
    """Choose what goes, the longest unused first.

    Args:
        rows: of one host, any order.
        now: by the clock that `used_at` is of.
        free_bytes: of the disk that the worktrees are on.
    """
    ready = sorted((row for row in rows if row.state is WorktreeState.READY), key=lambda row: row.used_at)
    may_go = [row for row in ready if not row.pinned and not row.has_work]
    doomed: dict[SessionId, Doomed] = {}
    for row in may_go:
        why = _by_itself(row, limits, now)
        if why:
            doomed[row.session_id] = Doomed(row.session_id, why, row.size_bytes or 0)
    left = len(ready) - len(doomed)
    total = sum(row.size_bytes or 0 for row in ready) - sum(one.size_bytes for one in doomed.values())
    free = free_bytes + sum(one.size_bytes for one in doomed.values())
    for row in may_go:
        if row.session_id in doomed or now - row.used_at < REST:
            continue
        why = _over(left, total, free, limits)
        if not why:
            break
        size = row.size_bytes or 0
        doomed[row.session_id] = Doomed(row.session_id, why, size)
        left, total, free = left - 1, total - size, free + size
    return list(doomed.values())


def _by_itself(row: KeptWorktree, limits: ReapLimits, now: datetime) -> str:
    if row.session_state is SessionState.ARCHIVED:
        return "its session is archived"
    if now - row.used_at > timedelta(days=limits.idle_days):
        return f"it was not used for {limits.idle_days:g} days"
    return ""


def _over(number: int, total: int, free: int, limits: ReapLimits) -> str:
    if number > limits.number:
        return f"there are more than {limits.number} worktrees"
    if total > limits.total_bytes:
        return f"worktrees take more than {limits.total_bytes / GIB:g} GiB"
    if free < limits.free_bytes:
        return f"less than {limits.free_bytes / GIB:g} GiB of the disk is free"
    return ""
