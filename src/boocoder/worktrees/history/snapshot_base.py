"""Finds what a session's change was measured against at a snapshot, without what was applied of it since."""

from __future__ import annotations

from datetime import datetime

from boocoder.db.core.pool import Database
from boocoder.db.files import applies, snapshots
from boocoder.db.files.applies import LastApplied
from boocoder.db.files.snapshots import SnapshotBase
from boocoder.errors import Conflict
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.transfer.packs import existing
from boocoder.model.ids import SessionId


async def snapshot_base(
    database: Database, shadow: ShadowRepository, session_id: SessionId, *, tree: str, taken_at: datetime, cure: str
) -> SnapshotBase:
    """What the change of a session with the files of a snapshot is measured against.

    Args:
        session_id: whose snapshot it is.
        tree: of the snapshot.
        taken_at: when that was.
        cure: what to do where it is not known.

    Raises:
        Conflict: `snapshot_base_unknown`.
        GitError: git failed.
    """
    async with database.connection() as conn:
        applied = await applies.last_applied(conn, session_id)
        base = await snapshots.base_at(conn, session_id, taken_at)
    if base is None:
        text = f"What the user had at the snapshot of {taken_at:%Y-%m-%d %H:%M:%S UTC} is not recorded."
        raise Conflict("snapshot_base_unknown", f"{text} An earlier version of boocoder took it.", cure)
    without = await base_without_applied(shadow, applied, base, tree=tree, taken_at=taken_at)
    return base if without is None else SnapshotBase(base.commit, without, base.since)


async def base_without_applied(
    shadow: ShadowRepository, applied: LastApplied | None, base: SnapshotBase, *, tree: str, taken_at: datetime
) -> str | None:
    """What the change of a session that begins with a snapshot is measured against: what the user has of the snapshot.

    It is never newer than the snapshot, or newer files would count as deleted.
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
    if len(await existing(shadow.git, {applied.tree, applied.applied})) < len({applied.tree, applied.applied}):
        return None  # they are on another host
    return (await shadow.merge(base=applied.tree, ours=applied.applied, theirs=tree)).tree
