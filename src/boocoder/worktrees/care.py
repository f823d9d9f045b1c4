"""All that a person may do with a session's files besides reviewing them, put together; it does none of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from boocoder.db.pool import Database
from boocoder.failpoints import Failpoints
from boocoder.model.ids import HostId
from boocoder.worktrees.fork import Forker
from boocoder.worktrees.holds import Holds
from boocoder.worktrees.removal import Forget, Remover, Teardown
from boocoder.worktrees.restore import Restorer
from boocoder.worktrees.rewind import Remeasure, Rewinder
from boocoder.worktrees.snapshots import Snapshots
from boocoder.worktrees.telling import Publisher


@dataclass(frozen=True, slots=True)
class WorktreeCare:
    """Snapshots, rewinds, forks, removals and restores of this host's worktrees."""

    snapshots: Snapshots
    rewinder: Rewinder
    forker: Forker
    remover: Remover
    restorer: Restorer


def worktree_care(
    *,
    database: Database,
    broker: Publisher,
    snapshots: Snapshots,
    holds: Holds,
    remeasure: Remeasure,
    forget: Forget,
    teardown: Teardown,
    root: Path,
    host_id: HostId,
    failpoints: Failpoints,
    leave_s: float = 2.0,
) -> WorktreeCare:
    """Build it.

    Args:
        remeasure: what other files mean for a session's change.
        forget, teardown, leave_s: as for Remover.
        root: directory of all worktrees.
    """
    restorer = Restorer(database=database, broker=broker, snapshots=snapshots, holds=holds, failpoints=failpoints)
    return WorktreeCare(
        snapshots=snapshots,
        rewinder=Rewinder(
            database=database,
            broker=broker,
            snapshots=snapshots,
            holds=holds,
            remeasure=remeasure,
            host_id=host_id,
            failpoints=failpoints,
        ),
        forker=Forker(
            database=database, broker=broker, snapshots=snapshots, restorer=restorer, root=root, host_id=host_id
        ),
        remover=Remover(
            database=database,
            broker=broker,
            snapshots=snapshots,
            holds=holds,
            host_id=host_id,
            forget=forget,
            teardown=teardown,
            failpoints=failpoints,
            leave_s=leave_s,
        ),
        restorer=restorer,
    )
