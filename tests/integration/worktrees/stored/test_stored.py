"""A session of one host goes on on another, whose clone of the project is a different one."""

from __future__ import annotations

import os

import pytest

from boocoder.db.conversation import agent_sessions, sessions
from boocoder.db.core.pool import Database
from boocoder.db.files import changes, worktrees
from boocoder.db.files.snapshot_store import StoredState
from boocoder.errors import Conflict, GitError
from boocoder.events import frames
from boocoder.model.session import SnapshotKind
from boocoder.model.task import ChangeState
from boocoder.worktrees.history.snapshots import Snapshots, require_trees
from boocoder.worktrees.stored.pack_store import CHUNK_BYTES
from boocoder.worktrees.stored.packing import PACKS_MAX
from tests.fixtures.changes.random_tree import content_of
from tests.fixtures.worktrees.worktree_harness import WorktreeHarness
from tests.integration.worktrees.stored.hosts import (
    OtherHost,
    commit_as_agent,
    die,
    stored,
    turn,
    writer,
)


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


async def test_a_session_that_goes_on_from_before_an_update_has_the_base_of_then(
    desk: WorktreeHarness, other: OtherHost, home: Database
) -> None:
    await turn(desk, "one.txt")
    await writer(desk, home).store_all()
    old = desk.worktree
    desk.project.write("user.txt", b"user\n")
    new = desk.project.commit()
    (desk.files / "user.txt").write_bytes(b"user\n")
    taken = await desk.snapshots.take(desk.session_id, kind=SnapshotKind.CHANGED)
    async with desk.database.connection() as conn:
        tree = desk.project.tree()
        await changes.move_base(conn, desk.session_id, base_commit=new, base_tree=tree, since=taken.taken_at)
    assert await other.adopter.adopt(desk.session_id, asked=True)
    files = await other.make_worktree()
    assert desk.project.git("status", "--porcelain", cwd=files).split() == [b"??", b"one.txt"]
    async with other.database.connection() as conn:
        (change,) = await changes.list_changes(conn, session_id=desk.session_id, state=ChangeState.PENDING, limit=2)
        row = await worktrees.get_worktree(conn, desk.session_id)
    assert row is not None and (row.base_commit, row.base_tree) == (old.base_commit, old.base_tree)
    assert change.base_tree == old.base_tree and b"user.txt" not in bytes(change.files)


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


async def test_nothing_is_packed_for_a_host_that_has_not_said_which_commits_it_has(
    desk: WorktreeHarness, other: OtherHost, home: Database
) -> None:
    async with home.connection() as conn:
        await conn.execute("UPDATE host_projects SET tips = NULL WHERE host_id = $1", other.owner.host_id)
    await turn(desk, "one.txt")
    await writer(desk, home).store_all()
    assert await stored(desk) == [], "it would be the whole history"
    async with home.connection() as conn:
        tips = [desk.project.head()]
        await conn.execute("UPDATE host_projects SET tips = $1 WHERE host_id = $2", tips, other.owner.host_id)
    await writer(desk, home).store_all()
    assert len(await stored(desk)) == 1
