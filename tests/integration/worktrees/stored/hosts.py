"""Two hosts with clones of their own, for sessions that go from one to the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from boocoder.broker.outbox import Outbox
from boocoder.changes.pending import remeasure
from boocoder.db.core.pool import Database
from boocoder.db.files import snapshot_store, worktrees
from boocoder.failpoints import Failpoints
from boocoder.git.shadow.registry import ShadowRegistry
from boocoder.model.ids import SnapshotId
from boocoder.model.session import SnapshotKind, WorktreeState
from boocoder.worktrees.remove.restore import recreate_worktree
from boocoder.worktrees.stored.adoption import SessionAdopter
from boocoder.worktrees.stored.pack_store import DatabasePackStore
from boocoder.worktrees.stored.reader import StoredSnapshots
from boocoder.worktrees.stored.writer import SnapshotWriter, StoreSettings
from tests.fixtures.repository import Repository
from tests.fixtures.row_builders import Owner, add_host, end_lease, offer
from tests.fixtures.worktrees.worktree_harness import Heard, WorktreeHarness

AFTER_S = 1.0


@dataclass
class OtherHost:
    """A host with a data directory and a clone of its own."""

    desk: WorktreeHarness
    database: Database
    clone: Repository
    owner: Owner
    shadows: ShadowRegistry
    root: Path
    heard: Heard

    @property
    def adopter(self) -> SessionAdopter:
        return SessionAdopter(
            database=self.database,
            outbox=Outbox(database=self.database, publisher=self.heard),
            shadows=self.shadows,
            stored=StoredSnapshots(database=self.database, packs=DatabasePackStore(database=self.database)),
            remeasure=partial(remeasure, self.database),
            indexes=self.root / "indexes",
            host_id=self.owner.host_id,
            instance_id=self.owner.instance_id,
            after_s=AFTER_S,
            failpoints=Failpoints(),
        )

    async def make_worktree(self) -> Path:
        """What the next turn does."""
        shadow = await self.shadows.of(self.desk.place.project_id, self.desk.project.path)
        async with self.database.connection() as conn:
            row = await worktrees.get_worktree(conn, self.desk.session_id)
            newest = await worktrees.latest_snapshot(conn, self.desk.session_id)
        assert row is not None and row.state is WorktreeState.GONE
        assert str(self.root) in row.path
        await recreate_worktree(shadow, row, newest, index=self.root / "indexes" / "a.index")
        return Path(row.path)


@asynccontextmanager
async def other_host(desk: WorktreeHarness, dsn: str, root: Path) -> AsyncIterator[OtherHost]:
    """A host whose clone is at another path, as its registry knows: paths of projects are the same for all hosts."""
    root.mkdir()
    clone = Repository(root / "clone")
    clone.git("clone", "-q", desk.project.path.parent / "origin.git", clone.path, cwd=root)
    database = Database(dsn=dsn, data_dir=root)
    await database.open()
    try:
        async with database.connection() as conn:
            owner = await add_host(conn)
            await offer(conn, owner, desk.place.project_id, agent=desk.task.agent)
            await offer(conn, desk.owner, desk.place.project_id, agent=desk.task.agent)
            tips = clone.git("rev-parse", "HEAD").decode().split()
            await conn.execute("UPDATE host_projects SET tips = $1 WHERE host_id = $2", tips, owner.host_id)
        shadows = ShadowRegistry(root=root / "shadows")
        shadows.relink(desk.place.project_id, desk.project.path, clone.path)
        yield OtherHost(desk, database, clone, owner, shadows, root, Heard())
    finally:
        await database.close()


def writer(desk: WorktreeHarness, dsn_database: Database, *, max_bytes: int = 64 << 20) -> SnapshotWriter:
    return SnapshotWriter(
        database=dsn_database,
        outbox=Outbox(database=dsn_database, publisher=desk.heard),
        shadows=desk.shadows,
        packs=DatabasePackStore(database=dsn_database),
        host_id=desk.owner.host_id,
        settings=StoreSettings(max_bytes=max_bytes),
    )


async def turn(desk: WorktreeHarness, name: str, content: bytes = b"x\n") -> SnapshotId:
    """A turn that writes a file."""
    (desk.files / name).write_bytes(content)
    taken = await desk.snapshots.take(desk.session_id, kind=SnapshotKind.TURN_END, task_id=desk.task.id)
    async with desk.database.transaction() as conn:
        place = await desk.snapshots.place(desk.session_id)
        await (await remeasure(desk.database, place, taken.tree))(conn)
    return taken.id


def commit_as_agent(desk: WorktreeHarness, message: str) -> str:
    desk.project.git("add", "-A", cwd=desk.files)
    desk.project.git("commit", "-q", "-m", message, cwd=desk.files)
    return desk.project.git("rev-parse", "HEAD", cwd=desk.files).decode().strip()


async def stored(desk: WorktreeHarness) -> list[snapshot_store.StoredSnapshot]:
    async with desk.database.connection() as conn:
        return await snapshot_store.list_stored(conn, desk.session_id)


async def die(desk: WorktreeHarness) -> None:
    async with desk.database.connection() as conn:
        await end_lease(conn, desk.owner)
