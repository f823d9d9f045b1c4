"""Requests about sessions, chats, snapshots and worktrees."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, model_validator

from boocoder.api.requests.fields import WHOLE, Id, Input, Name, Text, Title
from boocoder.model.session import SessionState

TURNS_MAX = 10_000
NOTE_MAX_CHARS = 500

Side = UUID | Literal["base", "now"]
"""A state of a session's files: a snapshot, where its worktree began, or as they are."""


class StartInput(Input):
    """Where a new session's worktree starts: from what is checked out, from a name, or from the checkout as it is."""

    from_: Annotated[Name | None, Field(alias="from")] = None
    dirty: bool = False


class NewSession(Input):
    """Open a session in a project."""

    project_id: Id
    title: Title | None = None
    start: StartInput = StartInput()


class SessionPatch(Input):
    """Change a session; what is left out stays."""

    title: Title | None = None
    state: Annotated[SessionState, Field(strict=False)] | None = None


class NewChat(Input):
    """Begin a chat in a session."""

    title: Title | None = None


class NewSnapshot(Input):
    """Take a snapshot of a session's files as they are."""

    note: Annotated[Text, Field(max_length=NOTE_MAX_CHARS)] = ""


class UpdateInput(Input):
    """Bring a session's files onto a newer commit."""

    ref: Name | None = None


class RewindInput(Input):
    """Set a session's files back: to a snapshot, or to before its newest `turns` turns."""

    snapshot_id: Id | None = None
    turns: Annotated[int, Field(ge=1, le=TURNS_MAX), WHOLE] | None = None

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
