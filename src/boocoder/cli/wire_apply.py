"""What the API answers about applying, resolving and publishing, as far as the commands use it."""

from __future__ import annotations

from uuid import UUID

import msgspec

from boocoder.cli import wire


class Applied(msgspec.Struct, frozen=True):
    """What applying came to, or would come to."""

    change: wire.Change
    already_applied: bool = False
    dry_run: bool = False
    files_written: int = 0
    left: tuple[str, ...] = ()
    target: str = "checkout"
    ref: str | None = None
    commit: str | None = None
    units: int = 0
    units_total: int = 0
    rest_change_id: UUID | None = None
    conflicts: tuple[wire.ConflictFile, ...] = ()


class Resolved(msgspec.Struct, frozen=True):
    """What came of bringing the user's newer files into the worktree."""

    change_id: UUID | None = None
    task_id: UUID | None = None
    conflicts: tuple[str, ...] = ()
    files_written: int = 0


class Published(msgspec.Struct, frozen=True):
    """What came of publishing."""

    ref: str | None = None
    commit: str | None = None
    remote: str = ""
    output: str = ""
    url: str | None = None
    open_url: str | None = None
    next: str = ""
