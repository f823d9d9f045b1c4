"""The care of one service's worktrees, built out of the settings. No logic stands here."""

from __future__ import annotations

from boocoder.agent_set import AgentSet
from boocoder.broker.broker import Broker
from boocoder.changes.remeasure import Remeasure
from boocoder.config.settings import Settings
from boocoder.db.pool import Database
from boocoder.failpoints import Failpoints
from boocoder.git.shadows import Shadows
from boocoder.model.ids import HostId
from boocoder.process.host import ProcessHost
from boocoder.upkeep.reap_choice import GIB, ReapLimits
from boocoder.upkeep.reaper import Reaper, ReapSettings
from boocoder.worktrees.care import WorktreeCare, worktree_care
from boocoder.worktrees.holds import Holds
from boocoder.worktrees.setup import WorktreeSetup
from boocoder.worktrees.snapshots import Snapshots


def build_care(
    settings: Settings,
    *,
    database: Database,
    broker: Broker,
    snapshots: Snapshots,
    holds: Holds,
    agents: AgentSet,
    processes: ProcessHost,
    host_id: HostId,
) -> WorktreeCare:
    """What snapshots, rewinds, forks, removes and restores. Nothing is started."""
    return worktree_care(
        database=database,
        broker=broker,
        snapshots=snapshots,
        holds=holds,
        remeasure=Remeasure(database=database),
        forget=agents.forget,
        teardown=WorktreeSetup(database=database, processes=processes).teardown,
        root=settings.data_dir / "worktrees",
        host_id=host_id,
        failpoints=Failpoints(settings.failpoints),
    )


def build_reaper(
    settings: Settings, *, database: Database, shadows: Shadows, care: WorktreeCare, host_id: HostId
) -> Reaper:
    """What takes worktrees away that have to go. Nothing is started."""
    limits = settings.worktrees
    return Reaper(
        database=database,
        remover=care.remover,
        shadows=shadows,
        root=settings.data_dir / "worktrees",
        host_id=host_id,
        settings=ReapSettings(
            every_s=limits.check_every_s,
            limits=ReapLimits(
                idle_days=limits.idle_days,
                number=limits.number,
                total_bytes=int(limits.total_gib * GIB),
                free_bytes=int(limits.free_gib * GIB),
            ),
        ),
    )
