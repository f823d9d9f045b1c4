"""Snapshots, rewinds, forks and worktrees as requests and answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, model_validator

from boocoder.api.shapes.inputs import Id, Input, Text, Title
from boocoder.api.shapes.outputs import FileOut, Output
from boocoder.db.sessions import SessionState
from boocoder.db.worktrees import SnapshotKind, WorktreeState

TURNS_MAX = 10_000
NOTE_MAX_CHARS = 500

Side = UUID | Literal["base", "now"]
"""A state of a session's files: a snapshot, where its worktree began, or as they are."""


class NewSnapshot(Input):
    """Take a snapshot of a session's files as they are."""

    note: Annotated[Text, Field(max_length=NOTE_MAX_CHARS)] = ""


class RewindInput(Input):
    """Set a session's files back: to a snapshot, or to before its newest `turns` turns."""

    snapshot_id: Id | None = None
    turns: Annotated[int, Field(ge=1, le=TURNS_MAX)] | None = None

    @model_validator(mode="after")
    def _one(self) -> RewindInput:
        if (self.snapshot_id is None) == (self.turns is None):
            raise ValueError("needs either snapshot_id or turns")
        return self


class ForkInput(Input):
    """Fork a session: from a snapshot, from what a task left behind, or, with neither, from the newest snapshot."""

    snapshot_id: Id | None = None
    task_id: Id | None = None
    title: Title | None = None

    @model_validator(mode="after")
    def _one(self) -> ForkInput:
        if self.snapshot_id is not None and self.task_id is not None:
            raise ValueError("takes either snapshot_id or task_id")
        return self


class RemoveInput(Input):
    """Remove a worktree; `force`: also with files that no snapshot can hold."""

    force: bool = False


class PruneInput(Input):
    """Remove the worktrees that have to go; `dry_run`: only say which."""

    dry_run: bool = False


class SnapshotOut(Output):
    """A state of a session's files that is kept."""

    id: UUID
    session_id: UUID
    task_id: UUID | None
    kind: SnapshotKind
    tree: str
    taken_at: datetime
    seq: int | None
    note: str


class ComparedOut(Output):
    """How two states of a session's files differ; lines are counted over text files."""

    from_tree: str
    to_tree: str
    additions: int
    deletions: int
    files: list[FileOut]


class RewoundOut(Output):
    """What a rewind did; rewinding to `before` undoes it."""

    target: SnapshotOut
    before: SnapshotOut
    files: int


class ForkOut(Output):
    """A new session; `worktree` is null where its first turn will make the files."""

    session_id: UUID
    chat_id: UUID
    snapshot: SnapshotOut
    worktree: str | None


class WorktreeOut(Output):
    """A session's worktree; `kept` says why it is still there although it had to go."""

    session_id: UUID
    project_id: UUID
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
    kept: str


class TerminalOut(Output):
    """Whether a session's terminal can be opened; `why` not, where it cannot now."""

    offered: bool
    path: str | None
    why: str


class ReapedOut(Output):
    """A worktree that had to go; `kept` says why it stays all the same, "" where it went, or would go."""

    session_id: UUID
    why: str
    size_bytes: int
    kept: str


class FoundFilesOut(Output):
    """Paths that fit, best first, and how many files were looked through."""

    paths: list[str]
    files: int
