"""Finds what a fork's change is measured against once its parent was applied: it shows that work no more."""

from __future__ import annotations

from datetime import datetime

from boocoder.db.files.applies import LastApplied
from boocoder.db.files.snapshots import SnapshotBase
from boocoder.git.shadow.repository import ShadowRepository


async def applied_part(
    shadow: ShadowRepository, applied: LastApplied, *, tree: str, taken_at: datetime, base: SnapshotBase | None
) -> str | None:
    """What the user and a snapshot have in common since the snapshot's session applied a change.

    A snapshot that holds the whole change has all of it that was applied. An earlier one has it without the edits that
    the session made after the snapshot.

    Args:
        tree: of the snapshot.
        taken_at: when that was.
        base: of the snapshot, as far as it is known.

    Returns:
        None where the base is newer than the apply and so holds what was applied, or where the later edits cannot be
        taken apart.

    Raises:
        GitError: git failed.
    """
    if base is not None and base.since is not None and base.since >= applied.applied_at:
        return None
    if taken_at >= applied.created_at:
        return applied.applied
    return (await shadow.merge(base=applied.tree, ours=applied.applied, theirs=tree)).tree
