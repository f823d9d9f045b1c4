"""What is recorded of a rewind: the row of the new state, and what the person and the agent are told."""

from __future__ import annotations

from dataclasses import dataclass

from boocoder.db.core.pool import Connection
from boocoder.db.files.snapshots import SnapshotBase
from boocoder.db.files.worktrees import Snapshot, insert_snapshot
from boocoder.model.ids import SnapshotId
from boocoder.model.session import SnapshotKind
from boocoder.worktrees.history.snapshots import describe

SUBMODULES_STAY = "Files inside of submodules were not set back."


@dataclass(frozen=True, slots=True)
class RewindRecord:
    """What is stored when the files are written.

    Args:
        before, target, files: the snapshots of both states, and in how many files they differ.
        base: what the change is measured against again; None where that is as it was.
        left: the commit that HEAD moved away from; None where it stayed.
        submodules: whether files inside of submodules were others at the snapshot; they stay as they are.
        ended: what git had under way in the worktree, such as "a merge"; None for nothing.
    """

    before: Snapshot
    target: Snapshot
    snapshot_id: SnapshotId
    files: int
    base: SnapshotBase | None
    left: str | None
    ended: str | None
    submodules: bool

    @property
    def ref(self) -> str:
        """What keeps the new state."""
        return f"refs/boocoder/{self.target.session_id}/{self.snapshot_id}"

    @property
    def for_person(self) -> str:
        """The notice."""
        text = f"The files were set back to {describe(self.target)}; {_count(self.files)} changed."
        if self.ended:
            text += f" In git, {self.ended} was under way and was ended."
        if self.base is not None and self.left is not None:
            text += (
                f" The session is on commit {self.base.commit[:10]} again, as it was then; newer commits come in with"
                f" boocoder update {str(self.target.session_id)[:8]}."
            )
        if self.base is not None:
            text += " What you applied since stays with you, and is no part of the change."
        if self.submodules:
            text += f" {SUBMODULES_STAY}"
        return f"{text} To undo it, rewind to {self.before.id}."

    @property
    def for_agent(self) -> str:
        """What the agent is told with its next prompt."""
        text = f"The person has set the files of this workspace back to {describe(self.target)}:"
        text += f" {_count(self.files)} changed."
        if self.ended:
            text += f" In git, {self.ended} was under way and was ended."
        if self.base is not None and self.left is not None:
            text += f" HEAD is on commit {self.base.commit[:10]} again; it was on {self.left[:10]}."
        if self.submodules:
            text += f" {SUBMODULES_STAY}"
        return f"{text} Read a file again before you rely on it."


async def insert_state(conn: Connection, ending: RewindRecord) -> None:
    """Store the row of the new state."""
    target = ending.target
    await insert_snapshot(
        conn,
        ending.snapshot_id,
        target.session_id,
        task_id=target.task_id,
        kind=SnapshotKind.CHANGED,
        tree=target.tree,
        ref=ending.ref,
        note=f"set back to {describe(target)}",
    )


def _count(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"
