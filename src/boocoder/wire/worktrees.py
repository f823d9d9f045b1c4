"""Worktrees of sessions, their terminals, files found in them, and processes left running in them."""

from __future__ import annotations

from datetime import datetime

import msgspec

from boocoder.model.ids import ProjectId, SessionId
from boocoder.model.session import SessionState, WorktreeState


class WorktreeUsage(msgspec.Struct, frozen=True):
    """A session's worktree and what decides whether it is kept.

    Args:
        used_at: its last use: a turn, a rewind, a change of the session's row.
        size_bytes: as measured at `measured_at`; null before the first time.
        removed_why: why it was or is being removed.
        busy_why: the operation that holds it, or held it in an earlier run; "" for none.
        has_work: whether tasks wait or run.
    """

    session_id: SessionId
    project_id: ProjectId
    title: str
    path: str
    state: WorktreeState
    session_state: SessionState
    pinned: bool
    created_at: datetime
    used_at: datetime
    size_bytes: int | None
    measured_at: datetime | None
    removed_at: datetime | None
    removed_why: str
    busy_why: str
    has_work: bool
    running: bool


class WorktreeInfo(WorktreeUsage, frozen=True):
    """A session's worktree, why it is there, and what else the session has on the disk.

    Args:
        kept: why it was not removed although it was due.
        overflow_bytes: disk that the session's texts take beyond what the database holds; they stay with the session.
    """

    kept: str
    overflow_bytes: int = 0


class PrunedWorktree(msgspec.Struct, frozen=True):
    """A worktree that was due for removal; `kept` says why it was not removed, "" where it was, or would be."""

    session_id: SessionId
    why: str
    size_bytes: int
    kept: str = ""


class TerminalInfo(msgspec.Struct, frozen=True):
    """Whether a session's terminal can be opened, and `why` not."""

    offered: bool
    path: str | None
    why: str


class FoundFiles(msgspec.Struct, frozen=True):
    """Paths that match, best first, and how many files were searched."""

    paths: tuple[str, ...]
    files: int


class SessionProcess(msgspec.Struct, frozen=True):
    """A process that a tool of the session's agent started and that still runs.

    Args:
        command: its command line, at most 500 characters.
    """

    pid: int
    command: str
    started_at: datetime


class SessionFile(msgspec.Struct, frozen=True):
    """One of a session's files as it is now, or as its newest snapshot has it where the worktree is gone."""

    path: str
    text: str
