"""Builds what works on the files of sessions: snapshots, changes, worktrees and their removal."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path

from boocoder.app.agent_host import AgentHost
from boocoder.app.agents import OPENCODE, own_files, run_patterns
from boocoder.app.host import ServiceHost
from boocoder.app.store import Store
from boocoder.backends.opencode.server.places import OWN_SERVERS
from boocoder.changes.pending import remeasure
from boocoder.changes.services import ChangeServices, build_change_services
from boocoder.changes.worktree.apply_watch import ApplyWatch
from boocoder.db.conversation.overflow import OverflowFiles
from boocoder.db.registry import projects
from boocoder.errors import BoocoderError
from boocoder.git.shadow.registry import ShadowRegistry
from boocoder.maintenance.gc_policy import GIB, WorktreeLimits
from boocoder.maintenance.retention import Retention, RetentionRules
from boocoder.maintenance.takeover import SessionTakeover, TakeoverSchedule
from boocoder.maintenance.worktree_gc import CollectorSettings, WorktreeCollector
from boocoder.model.ids import ProjectId, SessionId, new_id
from boocoder.process.sandbox.cache_cleanup import clean_caches
from boocoder.worktrees.create.setup import WorktreeSetup
from boocoder.worktrees.create.spares import SpareHooks, SpareLimits, SpareWorktrees
from boocoder.worktrees.history.snapshots import Snapshots
from boocoder.worktrees.locks import WorktreeLocks
from boocoder.worktrees.remove.deletion import SessionDeleter
from boocoder.worktrees.services import WorktreeServices, worktree_care
from boocoder.worktrees.stored.adoption import SessionAdopter
from boocoder.worktrees.stored.pack_store import DatabasePackStore
from boocoder.worktrees.stored.reader import StoredSnapshots
from boocoder.worktrees.stored.writer import MIB, SnapshotWriter, StoreSettings
from boocoder.worktrees.trust.project_trust import ProjectTrust

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class SessionFiles:
    """The services over sessions' files; one set of shadow repositories and one set of locks."""

    shadows: ShadowRegistry
    snapshots: Snapshots
    locks: WorktreeLocks
    changes: ChangeServices
    worktrees: WorktreeServices
    deleter: SessionDeleter
    trust: ProjectTrust
    stored: StoredSnapshots
    adopter: SessionAdopter


async def open_session_files(host: ServiceHost, store: Store, agent_host: AgentHost) -> SessionFiles:
    """Build the services; finish or undo applies and rewinds that were cut short, before any turn sees the files."""
    database, data_dir = store.database, host.settings.data_dir
    kept = chain.from_iterable(own_files(host.settings).values())
    shadows = ShadowRegistry(
        root=data_dir / "shadows", excludes=sorted(set(kept)), limit=agent_host.sandbox.limit_writes
    )
    host.on_stop(shadows.stop)
    snapshots = Snapshots(database=database, shadows=shadows, indexes=data_dir / "indexes")
    locks = WorktreeLocks(database=database, host_id=host.host_id, instance_id=host.instance_id)
    changes = build_change_services(
        database=database,
        shadows=shadows,
        outbox=store.outbox,
        snapshots=snapshots,
        locks=locks,
        indexes=data_dir / "indexes",
        host_id=host.host_id,
        failpoints=host.failpoints,
        sign_commits=host.settings.sign_commits,
    )
    host.on_stop(changes.stop)
    await changes.resume_all()
    worktrees = worktree_care(
        database=database,
        outbox=store.outbox,
        snapshots=snapshots,
        locks=locks,
        remeasure=partial(remeasure, database),
        forget=agent_host.agents.forget,
        teardown=WorktreeSetup(database=database, processes=agent_host.processes).teardown,
        root=data_dir / "worktrees",
        host_id=host.host_id,
        failpoints=host.failpoints,
    )
    deleter = await _finish_rewinds_and_deletions(host, store, snapshots, shadows, worktrees)
    trust = ProjectTrust(database=database, patterns=run_patterns(host.settings))
    stored = StoredSnapshots(database=database, packs=DatabasePackStore(database=database))
    adopter = _build_adopter(host, store, shadows, stored)
    care = replace(worktrees, spares=_build_spares(host, store, agent_host, shadows, trust))
    return SessionFiles(shadows, snapshots, locks, changes, care, deleter, trust, stored, adopter)


def _build_adopter(host: ServiceHost, store: Store, shadows: ShadowRegistry, stored: StoredSnapshots) -> SessionAdopter:
    return SessionAdopter(
        database=store.database,
        outbox=store.outbox,
        shadows=shadows,
        stored=stored,
        remeasure=partial(remeasure, store.database),
        indexes=host.settings.data_dir / "indexes",
        host_id=host.host_id,
        instance_id=host.instance_id,
        after_s=host.settings.takeover.after_s,
        failpoints=host.failpoints,
    )


async def _finish_rewinds_and_deletions(
    host: ServiceHost, store: Store, snapshots: Snapshots, shadows: ShadowRegistry, worktrees: WorktreeServices
) -> SessionDeleter:
    """Finish those that were cut short; what deletes sessions."""
    host.on_stop(worktrees.rewinder.stop)
    await worktrees.rewinder.resume_all()
    deleter = SessionDeleter(
        database=store.database,
        remover=worktrees.remover,
        snapshots=snapshots,
        shadows=shadows,
        overflow=OverflowFiles(host.settings.data_dir / "overflow"),
        attachments=host.settings.data_dir / "attachments",
        host_id=host.host_id,
        failpoints=host.failpoints,
        agent_stores=(host.settings.data_dir / "agents" / OPENCODE / OWN_SERVERS,),
    )
    await deleter.sweep()
    return deleter


async def start_snapshot_writer(host: ServiceHost, store: Store, files: SessionFiles) -> SnapshotWriter | None:
    """Start to store snapshots for other hosts; None where the settings turn that off."""
    settings = host.settings.takeover
    if settings.store == "off":
        return None
    writer = SnapshotWriter(
        database=store.database,
        outbox=store.outbox,
        shadows=files.shadows,
        packs=DatabasePackStore(database=store.database),
        host_id=host.host_id,
        settings=StoreSettings(alone=settings.store == "on", max_bytes=settings.pack_max_mib * MIB),
    )
    await host.start(writer)
    return writer


async def start_takeover(host: ServiceHost, store: Store, files: SessionFiles) -> None:
    """Start to look for sessions of hosts that are gone or drained."""
    await host.start(
        SessionTakeover(
            database=store.database,
            adopter=files.adopter,
            host_id=host.host_id,
            schedule=TakeoverSchedule(after_s=host.settings.takeover.after_s),
        )
    )


async def start_apply_watch(host: ServiceHost, store: Store, files: SessionFiles) -> None:
    """Start to look for sessions that have not followed an apply."""
    follower, forks = files.changes.follower, files.changes.forks
    await host.start(ApplyWatch(database=store.database, follower=follower, forks=forks, host_id=host.host_id))


async def start_collector(host: ServiceHost, store: Store, files: SessionFiles) -> WorktreeCollector:
    """Start the removal of unused worktrees."""
    limits, data_dir = host.settings.worktrees, host.settings.data_dir
    collector = WorktreeCollector(
        database=store.database,
        remover=files.worktrees.remover,
        shadows=files.shadows,
        root=data_dir / "worktrees",
        overflow=OverflowFiles(data_dir / "overflow"),
        host_id=host.host_id,
        clean_caches=partial(clean_caches, data_dir, max_bytes=int(host.settings.sandbox.caches_gib * GIB)),
        settings=CollectorSettings(
            every_s=limits.check_every_s,
            limits=WorktreeLimits(
                idle_days=limits.idle_days,
                number=limits.number,
                total_bytes=int(limits.total_gib * GIB),
                free_bytes=int(limits.free_gib * GIB),
            ),
        ),
    )
    await host.start(collector)
    return collector


async def start_retention(host: ServiceHost, store: Store, files: SessionFiles) -> None:
    """Start to fold and delete what is old."""
    settings = host.settings.retention
    await host.start(
        Retention(
            database=store.database,
            overflow=OverflowFiles(host.settings.data_dir / "overflow"),
            delete_session=files.deleter.delete,
            host_id=host.host_id,
            rules=RetentionRules(
                every_s=settings.check_every_s,
                fold_s=settings.fold_hours * 3600,
                answers_s=settings.answers_days * DAY_S,
                answers_turns=settings.answers_turns,
                archived_s=settings.archived_days * DAY_S,
                kept=settings.keep_projects,
            ),
        )
    )


def _build_spares(
    host: ServiceHost, store: Store, agent_host: AgentHost, shadows: ShadowRegistry, trust: ProjectTrust
) -> SpareWorktrees:
    """The spare worktrees of this host, within the limits of the settings. Nothing is started yet."""
    limits, data_dir = host.settings.worktrees, host.settings.data_dir

    async def warm(project_id: ProjectId, worktree: Path) -> None:
        with suppress(BoocoderError):  # no agent is ready: the first turn loads what it needs
            await _warm(project_id, worktree, store, agent_host, trust)

    return SpareWorktrees(
        database=store.database,
        shadows=shadows,
        root=data_dir / "worktrees",
        marks=data_dir / "spares",
        limits=SpareLimits(
            number=limits.spares, idle_s=limits.spare_idle_min * 60.0, free_bytes=int(limits.free_gib * GIB)
        ),
        hooks=SpareHooks(warm=warm, forget=agent_host.agents.forget),
    )


async def _warm(
    project_id: ProjectId, worktree: Path, store: Store, agent_host: AgentHost, trust: ProjectTrust
) -> None:
    """Have opencode load a directory, where it is the default agent and may run all that is in it.

    Its one server has all worktrees; the other agents would start a process for this one.
    """
    agent = await agent_host.agents.choose()
    backend = agent_host.agents.backend(agent)
    if agent != OPENCODE or backend is None:
        return
    if await trust.refusal(project_id, SessionId(new_id()), agent, worktree) is not None:
        return
    async with store.database.connection() as conn:
        project = await projects.get_project(conn, project_id)
    agent_host.sandbox.register(worktree, Path(project.path))
    await backend.warm(worktree)
