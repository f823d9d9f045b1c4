"""Finds what a fork's change is measured against once its parent was applied: it shows that work no more."""

from __future__ import annotations

from datetime import datetime

from boocoder.db.files.applies import LastApplied
from boocoder.git.shadow.repository import ShadowRepository


async def applied_part(shadow: ShadowRepository, applied: LastApplied, *, tree: str, taken_at: datetime) -> str | None:
    """What the user and a snapshot have in common since the snapshot's session applied a change.

    A snapshot that holds the whole change has all of it that was applied. An earlier one has it without the edits that
    the session made after the snapshot.

    Args:
        tree: of the snapshot.
        taken_at: when that was.

    Returns:
        None where the later edits cannot be taken apart.

    Raises:
        GitError: git failed.
    """
    if taken_at >= applied.created_at:
        return applied.applied_tree
    return (await shadow.merge(base=applied.tree, ours=applied.applied_tree, theirs=tree)).tree
