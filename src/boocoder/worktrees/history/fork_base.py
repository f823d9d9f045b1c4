"""Finds what a fork's change is measured against once its parent was applied: it shows that work no more."""

from __future__ import annotations

from datetime import datetime

from boocoder.db.files.applies import LastApplied
from boocoder.db.files.snapshots import SnapshotBase
from boocoder.git.shadow.repository import ShadowRepository


async def fork_base(
    shadow: ShadowRepository, applied: LastApplied | None, base: SnapshotBase, *, tree: str, taken_at: datetime
) -> str | None:
    """What the change of a session that began with a snapshot is measured against: what the user has of the snapshot.

    It is never newer than the snapshot, or newer files would count as deleted by the fork.
    A snapshot that holds the whole change has all of it that was applied. An earlier one has it without the edits that
    the session made after the snapshot.

    Args:
        applied: what the snapshot's session applied last.
        base: of the snapshot.
        tree: of the snapshot.
        taken_at: when that was.

    Returns:
        None where the later edits cannot be taken apart.

    Raises:
        GitError: git failed.
    """
    if applied is None or (base.since is not None and base.since >= applied.applied_at):
        return base.tree  # which holds what was applied
    if taken_at >= applied.created_at:
        return applied.applied
    return (await shadow.merge(base=applied.tree, ours=applied.applied, theirs=tree)).tree
