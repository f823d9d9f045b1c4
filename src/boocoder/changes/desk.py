"""The parts that changes are applied, resolved and published with, made together. It does nothing by itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from boocoder.changes.journal import Publisher
from boocoder.changes.publish import ChangePublisher
from boocoder.changes.resolve import Resolver
from boocoder.changes.service import ChangeApplier
from boocoder.db.pool import Database
from boocoder.failpoints import Failpoints
from boocoder.git.shadows import Shadows
from boocoder.model.ids import HostId
from boocoder.worktrees.holds import Holds
from boocoder.worktrees.snapshots import Snapshots


@dataclass(frozen=True, slots=True)
class ChangeDesk:
    """What deciding on changes needs."""

    applier: ChangeApplier
    resolver: Resolver
    publisher: ChangePublisher

    async def resume_all(self) -> None:
        """Finish or undo what a crash cut short; before anything else writes a checkout or a worktree."""
        await self.applier.resume_all()
        await self.resolver.resume_all()

    async def stop(self) -> None:
        """Let what is being written end."""
        await self.resolver.stop()
        await self.applier.stop()


def change_desk(
    *,
    database: Database,
    shadows: Shadows,
    broker: Publisher,
    snapshots: Snapshots,
    holds: Holds,
    indexes: Path,
    host_id: HostId | None = None,
    failpoints: Failpoints | None = None,
) -> ChangeDesk:
    """The parts over one database and one set of shadow repositories; arguments as theirs."""
    applier = ChangeApplier(
        database=database, shadows=shadows, broker=broker, indexes=indexes, host_id=host_id, failpoints=failpoints
    )
    resolver = Resolver(
        database=database, broker=broker, snapshots=snapshots, holds=holds, host_id=host_id, failpoints=failpoints
    )
    return ChangeDesk(applier, resolver, ChangePublisher(database=database, shadows=shadows, applier=applier))
