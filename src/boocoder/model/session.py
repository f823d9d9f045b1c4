"""States of a session and its worktree, and the kinds of snapshots. The database holds the same sets."""

from __future__ import annotations

from enum import StrEnum


class SessionState(StrEnum):
    """An archived session takes no tasks."""

    OPEN = "open"
    ARCHIVED = "archived"


class SessionActivity(StrEnum):
    """What sessions of a list have in common."""

    WAITING = "waiting"  # a request is open
    RUNNING = "running"  # a turn is running
    ACTIVE = "active"  # running, waiting, queued, failed, or with a change to review


class WorktreeState(StrEnum):
    """making -> ready -> removing -> gone -> ready again, when its session goes on."""

    MAKING = "making"
    READY = "ready"
    REMOVING = "removing"
    GONE = "gone"


class SetupState(StrEnum):
    """none, or running -> done | failed; failed -> running before the next turn."""

    NONE = "none"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class SnapshotKind(StrEnum):
    """Why a snapshot was taken."""

    TURN_END = "turn_end"
    INTERRUPTED = "interrupted"
    APPLY = "apply"
    MANUAL = "manual"
    TURN_START = "turn_start"
    BEFORE_REWIND = "before_rewind"
    BEFORE_UNDO = "before_undo"
    BEFORE_UPDATE = "before_update"
    CHANGED = "changed"
    BEFORE_REMOVAL = "before_removal"
    FORK = "fork"
    TAKEOVER = "takeover"
