"""Groups the worktree services: snapshot, rewind, fork, remove and restore."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from boocoder.broker.outbox import Outbox
from boocoder.db.core.pool import Database
from boocoder.failpoints import Failpoints
from boocoder.model.ids import HostId
from boocoder.worktrees.create.spares import SpareWorktrees
from boocoder.worktrees.history.fork import Forker
from boocoder.worktrees.history.rewind import Remeasure, Rewinder
from boocoder.worktrees.history.snapshots import Snapshots
from boocoder.worktrees.locks import WorktreeLocks
from boocoder.worktrees.remove.removal import Forget, Remover, Teardown
from boocoder.worktrees.remove.restore import Restorer


@dataclass(frozen=True, slots=True)
class WorktreeServices:
    """Snapshots, rewinds, forks, removals and restores of this host's worktrees.

    Args:
        spares: worktrees made ahead; None where none are.
    """

    snapshots: Snapshots
    rewinder: Rewinder
    forker: Forker
    remover: Remover
    restorer: Restorer
    spares: SpareWorktrees | None = None


def worktree_care(
    *,
    database: Database,
    outbox: Outbox,
    snapshots: Snapshots,
    locks: WorktreeLocks,
    remeasure: Remeasure,
    forget: Forget,
    teardown: Teardown,
    root: Path,
    host_id: HostId,
    failpoints: Failpoints,
    leave_s: float = 2.0,
) -> WorktreeServices:
    """Build it.

    Args:
        remeasure: what other files mean for a session's change.
        forget, teardown, leave_s: as for Remover.
        root: directory of all worktrees.
    """
    restorer = Restorer(database=database, outbox=outbox, snapshots=snapshots, locks=locks, failpoints=failpoints)
    return WorktreeServices(
        snapshots=snapshots,
        rewinder=Rewinder(
            database=database,
            outbox=outbox,
            snapshots=snapshots,
            locks=locks,
            remeasure=remeasure,
            host_id=host_id,
            failpoints=failpoints,
        ),
        forker=Forker(
            database=database, outbox=outbox, snapshots=snapshots, restorer=restorer, root=root, host_id=host_id
        ),
        remover=Remover(
            database=database,
            outbox=outbox,
            snapshots=snapshots,
            locks=locks,
            host_id=host_id,
            forget=forget,
            teardown=teardown,
            failpoints=failpoints,
            leave_s=leave_s,
        ),
        restorer=restorer,
    )
