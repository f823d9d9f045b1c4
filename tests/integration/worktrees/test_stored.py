"""A session of one host goes on on another, whose clone of the project is a different one."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from boocoder.broker.outbox import Outbox
from boocoder.changes.pending import remeasure
from boocoder.db.conversation import agent_sessions, sessions
from boocoder.db.core.pool import Database
from boocoder.db.files import changes, snapshot_store, worktrees
from boocoder.db.files.snapshot_store import StoredState
from boocoder.db.tasks import hosts, takeovers
from boocoder.db.tasks.claim import claim_tasks
from boocoder.errors import Conflict, GitError
from boocoder.events import frames
from boocoder.failpoints import Failpoints
from boocoder.git.shadow.registry import ShadowRegistry
from boocoder.model.ids import SnapshotId
from boocoder.model.session import SnapshotKind, WorktreeState
from boocoder.model.task import ChangeState
from boocoder.worktrees.history.snapshots import Snapshots, require_trees
from boocoder.worktrees.remove.restore import recreate_worktree
from boocoder.worktrees.stored.adoption import SessionAdopter
from boocoder.worktrees.stored.pack_store import CHUNK_BYTES, DatabasePackStore
from boocoder.worktrees.stored.packing import PACKS_MAX
from boocoder.worktrees.stored.reader import StoredSnapshots
from boocoder.worktrees.stored.writer import SnapshotWriter, StoreSettings
from tests.fixtures.changes.random_tree import content_of
from tests.fixtures.repository import MakeRepository, Repository
from tests.fixtures.row_builders import LEASE_S, Owner, add_host, add_task, end, end_lease, offer
from tests.fixtures.worktrees.worktree_harness import Heard, WorktreeHarness, open_desk

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


@pytest.fixture
async def home(dsn: str, tmp_path: Path) -> AsyncIterator[Database]:
    """The first host's connections, which know its data directory."""
    database = Database(dsn=dsn, data_dir=tmp_path / "data")
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def desk(home: Database, repository: MakeRepository, tmp_path: Path) -> WorktreeHarness:
    """The first host: its project has a commit that nobody else has."""
    project = repository()
    project.git("clone", "-q", "--bare", project.path, tmp_path / "origin.git", cwd=tmp_path)
    project.git("remote", "add", "origin", tmp_path / "origin.git")
    project.git("fetch", "-q", "origin")
    project.write("local.txt", "only here\n")
    project.commit("not pushed")
    return await open_desk(home, project, tmp_path / "data")


@pytest.fixture
async def other(desk: WorktreeHarness, dsn: str, tmp_path: Path) -> AsyncIterator[OtherHost]:
    async with other_host(desk, dsn, tmp_path / "other") as made:
        yield made


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


async def test_files_commits_and_change_are_the_same_on_the_other_host(
    desk: WorktreeHarness, other: OtherHost, home: Database
) -> None:
    store = writer(desk, home)
    await turn(desk, "one.txt")
    await store.store_all()
    made = commit_as_agent(desk, "one")
    (desk.files / "link").symlink_to("one.txt")
    await turn(desk, "two.bin", os.urandom(3 * CHUNK_BYTES))
    await store.store_all()
    await turn(desk, "three.txt")
    await store.store_all()
    before = content_of(desk.files)
    (desk.files / "unsaved.txt").write_text("after the snapshot")
    rows = await stored(desk)
    assert [row.state for row in rows] == [StoredState.STORED] * 3
    assert rows[0].size_bytes < 10_000 and rows[1].size_bytes > 3 * CHUNK_BYTES and rows[2].size_bytes < 1_000
    async with desk.database.connection() as conn:
        await agent_sessions.put_agent_session(
            conn, desk.place.chat_id, desk.task.agent, backend="b", native_id="n", config_hash="c"
        )
        (change,) = await changes.list_changes(conn, session_id=desk.session_id, state=ChangeState.PENDING, limit=2)
    assert await other.adopter.adopt(desk.session_id, asked=True)
    files = await other.make_worktree()
    assert content_of(files) == before
    assert desk.project.git("rev-parse", "HEAD", cwd=files).decode().strip() == made
    assert desk.project.git("log", "--format=%s", cwd=files).decode().split("\n")[:2] == ["one", "not pushed"]
    status = desk.project.git("status", "--porcelain", cwd=files).decode().splitlines()
    assert status == ["?? link", "?? three.txt", "?? two.bin"]
    async with other.database.connection() as conn:
        session = await sessions.get_session(conn, desk.session_id)
        newest = await worktrees.latest_snapshot(conn, desk.session_id)
        (same,) = await changes.list_changes(conn, session_id=desk.session_id, state=ChangeState.PENDING, limit=2)
        known = await agent_sessions.get_agent_session(conn, desk.place.chat_id, desk.task.agent)
    assert session.host_id == other.owner.host_id and same.id == change.id and known is None
    assert newest is not None and (newest.kind, newest.tree) == (SnapshotKind.TAKEOVER, rows[-1].tree)
    (notice,) = [frame for frame in other.heard.frames if isinstance(frame, frames.NoticeFrame)]
    assert notice.code == "taken_over" and "the end of the turn of" in notice.text
    shadow = await other.shadows.of(desk.place.project_id, desk.project.path)
    await shadow.worktrees.clean_objects()
    assert content_of(files) == before and desk.project.git("fsck", cwd=files) is not None


async def test_what_was_not_stored_is_named_and_the_change_is_what_is_there(
    desk: WorktreeHarness, other: OtherHost, home: Database
) -> None:
    store = writer(desk, home)
    await turn(desk, "one.txt")
    await store.store_all()
    lost = await desk.snapshots.tree_at(await desk.snapshots.place(desk.session_id), await turn(desk, "lost.txt"))
    await die(desk)
    assert await other.adopter.adopt(desk.session_id, asked=True)
    files = await other.make_worktree()
    assert (files / "one.txt").exists() and not (files / "lost.txt").exists()
    (notice,) = [frame for frame in other.heard.frames if isinstance(frame, frames.NoticeFrame)]
    assert "does not run since" in notice.text and "Newer snapshots were not stored" in notice.text
    async with other.database.connection() as conn:
        (now,) = await changes.list_changes(conn, session_id=desk.session_id, state=ChangeState.PENDING, limit=2)
        change = await changes.get_change(conn, now.id)
    snapshots = Snapshots(database=other.database, shadows=other.shadows, indexes=other.root / "indexes")
    place = await snapshots.place(desk.session_id)
    await require_trees(place, change.tree, change.base_tree)
    with pytest.raises(Conflict, match="was not stored") as refused:
        await require_trees(place, change.tree, lost)
    assert refused.value.code == "snapshot_elsewhere"
    assert b"one.txt" in bytes(change.files) and b"lost.txt" not in bytes(change.files)


async def test_too_much_is_not_stored_and_said_once(desk: WorktreeHarness, other: OtherHost, home: Database) -> None:
    store = writer(desk, home, max_bytes=100_000)
    await turn(desk, "small.txt")
    await store.store_all()
    for n in range(2):
        await turn(desk, f"large-{n}.bin", os.urandom(200_000))
        await store.store_all()
    assert [row.state for row in await stored(desk)] == [StoredState.STORED] + [StoredState.TOO_LARGE] * 2
    assert desk.heard.notices().count("not_stored") == 1
    async with desk.database.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM stored_pack_chunks") == 1
    await die(desk)
    assert await other.adopter.adopt(desk.session_id, asked=True)
    assert (await other.make_worktree() / "small.txt").exists()


async def test_many_packs_become_one_and_an_archived_session_has_none(
    desk: WorktreeHarness, other: OtherHost, home: Database
) -> None:
    store = writer(desk, home)
    for n in range(PACKS_MAX + 2):
        await turn(desk, "one.txt", b"%d\n" % n)
        await store.store_all()
    rows = await stored(desk)
    assert [row.size_bytes > 0 for row in rows[-3:]] == [False, True, True] and not any(r.size_bytes for r in rows[:-2])
    await die(desk)
    assert await other.adopter.adopt(desk.session_id, asked=True)
    assert content_of(await other.make_worktree()) == content_of(desk.files)
    async with desk.database.connection() as conn:
        await conn.execute("UPDATE sessions SET state = 'archived', host_id = $1", desk.owner.host_id)
    await writer(desk, home).store_all()
    assert await stored(desk) == []


async def test_nothing_is_stored_where_no_other_host_has_the_project(
    desk: WorktreeHarness, other: OtherHost, home: Database
) -> None:
    async with home.connection() as conn:
        await conn.execute("UPDATE host_projects SET state = 'missing' WHERE host_id = $1", other.owner.host_id)
    await turn(desk, "one.txt")
    await writer(desk, home).store_all()
    assert await stored(desk) == []
    with pytest.raises(Conflict, match="no repository") as refused:
        await other.adopter.adopt(desk.session_id, asked=True)
    assert refused.value.code == "project_not_here"
    async with home.connection() as conn:
        await conn.execute("UPDATE host_projects SET state = 'ready' WHERE host_id = $1", other.owner.host_id)
    with pytest.raises(Conflict, match="never stored") as refused:
        await other.adopter.adopt(desk.session_id, asked=True)
    assert refused.value.code == "snapshot_not_stored"


async def test_a_clone_that_lacks_history_says_what_to_do(
    desk: WorktreeHarness, other: OtherHost, home: Database
) -> None:
    async with home.connection() as conn:  # as if that clone had had the commit once
        tips = [desk.project.head()]
        await conn.execute("UPDATE host_projects SET tips = $1 WHERE host_id = $2", tips, other.owner.host_id)
    await turn(desk, "one.txt")
    await writer(desk, home).store_all()
    with pytest.raises(GitError, match="lacks commits") as refused:
        await other.adopter.adopt(desk.session_id, asked=True)
    assert refused.value.cure.endswith(f"git -C {other.clone.path} fetch")
    async with other.database.connection() as conn:
        assert (await sessions.get_session(conn, desk.session_id)).host_id == desk.owner.host_id
    desk.project.git("push", "-q", "origin", "HEAD")
    other.clone.git("fetch", "-q")
    assert await other.adopter.adopt(desk.session_id, asked=True)


async def test_a_session_that_comes_back_keeps_the_files_of_before(
    desk: WorktreeHarness, other: OtherHost, home: Database
) -> None:
    await turn(desk, "one.txt")
    await writer(desk, home).store_all()
    (desk.files / "unsaved.txt").write_text("kept")
    assert await other.adopter.adopt(desk.session_id, asked=True)
    back = OtherHost(desk, home, desk.project, desk.owner, desk.shadows, desk.root, desk.heard)
    assert not await other.adopter.adopt(desk.session_id, asked=True), "it is here"
    assert await back.adopter.adopt(desk.session_id, asked=True)
    files = await back.make_worktree()
    assert files == desk.files and (files / "one.txt").exists() and not (files / "unsaved.txt").exists()
    (kept,) = files.parent.glob("*.kept-*")
    assert (kept / "unsaved.txt").read_text() == "kept"
    assert desk.project.git("status", "--porcelain", cwd=kept).decode().count("??") == 2
    assert str(kept) in [frame.text for frame in desk.heard.frames if isinstance(frame, frames.NoticeFrame)][-1]


async def test_two_hosts_cannot_both_win(
    desk: WorktreeHarness, other: OtherHost, home: Database, dsn: str, tmp_path: Path
) -> None:
    await turn(desk, "one.txt")
    await writer(desk, home).store_all()
    async with other_host(desk, dsn, tmp_path / "third") as third:
        await die(desk)
        async with home.connection() as conn:
            await conn.execute(
                "UPDATE hosts SET lease_until = now() - interval '1 h' WHERE id = $1", desk.owner.host_id
            )
        won = await asyncio.gather(*(host.adopter.adopt(desk.session_id, asked=False) for host in (other, third)))
    assert sorted(won) == [False, True]
    assert len([frame for host in (other, third) for frame in host.heard.notices() if frame == "taken_over"]) == 1


async def test_a_claim_and_a_move_at_one_moment_exclude_one_another(
    desk: WorktreeHarness, other: OtherHost, home: Database
) -> None:
    async with home.connection() as conn:
        await add_task(conn, desk.place)

    async def move() -> bool:
        async with other.database.transaction() as conn:
            assert await takeovers.lock_binding(conn, desk.session_id) is not None
            return await takeovers.move_session(
                conn,
                desk.session_id,
                before=desk.owner.host_id,
                host_id=other.owner.host_id,
                instance_id=other.owner.instance_id,
                asked=True,
                after_s=0.0,
            )

    for _ in range(40):
        async with home.connection() as conn:
            await conn.execute("UPDATE sessions SET host_id = $1", desk.owner.host_id)
            claim = claim_tasks(conn, desk.owner.host_id, desk.owner.instance_id, 8, LEASE_S)
            claimed, moved = await asyncio.gather(claim, move())
            bound = await conn.fetchval("SELECT host_id FROM sessions")
            assert bool(claimed) != moved or (not claimed and not moved)
            assert bound == (other.owner.host_id if moved else desk.owner.host_id)
            for task in claimed:
                await end(conn, desk.owner, task)
                await add_task(conn, desk.place)


async def test_a_moved_session_is_claimed_by_its_new_host_only(
    desk: WorktreeHarness, other: OtherHost, home: Database
) -> None:
    await turn(desk, "one.txt")
    await writer(desk, home).store_all()
    async with home.connection() as conn:
        await add_task(conn, desk.place)
        await hosts.drain_host(conn, desk.owner.host_id, drained=True)
        assert await claim_tasks(conn, desk.owner.host_id, desk.owner.instance_id, 8, LEASE_S) == []
        listed = await takeovers.list_takeovers(conn, other.owner.host_id, after_s=0.0, limit=5, retry_s=60.0)
        assert [one.session_id for one in listed] == [desk.session_id]
        await takeovers.put_failure(conn, desk.session_id, other.owner.host_id, "No.", "")
        assert await takeovers.list_takeovers(conn, other.owner.host_id, after_s=0.0, limit=5, retry_s=60.0) == []
        (mine,) = await claim_tasks(conn, desk.owner.host_id, desk.owner.instance_id, 8, LEASE_S)
        await end(conn, desk.owner, mine)
        await add_task(conn, desk.place)
    assert await other.adopter.adopt(desk.session_id, asked=False)
    async with home.connection() as conn:
        await hosts.drain_host(conn, desk.owner.host_id, drained=False)
        assert await claim_tasks(conn, desk.owner.host_id, desk.owner.instance_id, 8, LEASE_S) == []
        assert len(await claim_tasks(conn, other.owner.host_id, other.owner.instance_id, 8, LEASE_S)) == 1
