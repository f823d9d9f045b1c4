"""A deleted session leaves nothing behind, and what others need of it is not deleted."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from boocoder.db.conversation.overflow import OverflowFiles
from boocoder.db.core.pool import Connection, Database
from boocoder.db.files import worktree_gc, worktrees
from boocoder.db.tasks import attachments
from boocoder.errors import Conflict, NotFound
from boocoder.events.batch import OverflowText
from boocoder.failpoints import Failpoints
from boocoder.intake.attachments import Attachments
from boocoder.model.ids import MessageId, new_id
from boocoder.model.session import SnapshotKind, WorktreeState
from boocoder.model.task import MessageRole
from boocoder.worktrees.remove.deletion import SessionDeleter
from tests.fixtures.repository import MakeRepository
from tests.fixtures.row_builders import add_host, add_message, add_place, add_task
from tests.fixtures.worktrees.worktree_harness import WorktreeHarness, open_desk
from tests.fixtures.worktrees.worktree_life import Dying, Killed

ROWS = """SELECT c.conrelid::regclass::text AS child, a.attname AS field FROM pg_constraint c
JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
WHERE c.contype = 'f' AND c.confrelid = 'sessions'::regclass AND array_length(c.conkey, 1) = 1"""


@pytest.fixture
async def desk(database: Database, repository: MakeRepository, tmp_path: Path) -> WorktreeHarness:
    return await open_desk(database, repository(), tmp_path / "data")


def deleter(desk: WorktreeHarness, failpoints: Failpoints | None = None) -> SessionDeleter:
    return SessionDeleter(
        database=desk.database,
        remover=desk.remover,
        snapshots=desk.snapshots,
        shadows=desk.shadows,
        overflow=OverflowFiles(desk.root / "overflow"),
        attachments=desk.root / "attachments",
        host_id=desk.owner.host_id,
        failpoints=failpoints or Failpoints(),
        agent_stores=(desk.root / "agents",),
    )


async def left_of(conn: Connection, desk: WorktreeHarness) -> dict[str, int]:
    """How many rows of each table name the session."""
    found = {}
    for child, field in await conn.fetch(ROWS):
        count = await conn.fetchval(f"SELECT count(*) FROM {child} WHERE {field} = $1", desk.session_id)
        found[f"{child}.{field}"] = int(count)
    return {name: count for name, count in found.items() if count}


async def add_said(conn: Connection, desk: WorktreeHarness) -> MessageId:
    """What a person said in the session's turn."""
    message = MessageId(new_id())
    await add_message(
        conn,
        message,
        session_id=desk.session_id,
        chat_id=desk.place.chat_id,
        task_id=desk.task.id,
        role=MessageRole.USER,
    )
    return message


async def test_nothing_of_a_deleted_session_is_left(desk: WorktreeHarness) -> None:
    (desk.files / "new.txt").write_text("new\n")
    await desk.snapshots.take(desk.session_id, kind=SnapshotKind.MANUAL)
    async with desk.database.connection() as conn:
        message = await add_said(conn, desk)
        before = await left_of(conn, desk)
    assert {"tasks.session_id", "messages.session_id", "snapshots.session_id", "chats.session_id"} <= set(before)
    overflow = OverflowFiles(desk.root / "overflow")
    await overflow.append(message, [OverflowText(part=0, field="output", text="long")])
    attached = await Attachments(database=desk.database, root=desk.root / "attachments").add("a.txt", b"a secret")
    async with desk.database.connection() as conn:
        await attachments.attach(conn, [attached.id], desk.task.id)
    for name in (desk.files.name, "another"):
        (desk.root / "agents" / name / "data").mkdir(parents=True)
        (desk.root / "agents" / name / "data" / "opencode.db").write_text("a conversation")
    preview = await deleter(desk).preview(desk.session_id)
    found = preview.contents
    assert (found.worktree, found.snapshots, found.open_tasks, preview.begun_from) == (True, 1, 0, ())
    assert await deleter(desk).delete(desk.session_id) == [desk.session_id]
    async with desk.database.connection() as conn:
        assert await left_of(conn, desk) == {}
        assert await conn.fetchval("SELECT count(*) FROM part_chunks WHERE session_id = $1", desk.session_id) == 0
    assert await overflow.usage() == {}
    assert list((desk.root / "attachments").iterdir()) == []
    assert list(desk.root.rglob(f"*{desk.session_id}*")) == []
    assert [path.name for path in (desk.root / "agents").iterdir()] == ["another"]
    assert desk.project.git("status", "--porcelain") == b""
    with pytest.raises(NotFound):
        await deleter(desk).delete(desk.session_id)


@pytest.mark.parametrize("cut_short", [False, True])
async def test_a_session_is_deleted_though_its_repository_is_gone(desk: WorktreeHarness, *, cut_short: bool) -> None:
    (desk.files / "new.txt").write_text("new\n")
    shutil.rmtree(desk.project.path)
    if cut_short:
        async with desk.database.connection() as conn:
            assert await worktree_gc.begin_removal(conn, desk.session_id, "its session is deleted")
    assert await deleter(desk).delete(desk.session_id) == [desk.session_id]
    async with desk.database.connection() as conn:
        assert await left_of(conn, desk) == {}
    assert list(desk.root.rglob(f"*{desk.session_id}*")) == []


async def test_the_repository_of_a_worktree_that_was_made_ahead_is_deleted_too(desk: WorktreeHarness) -> None:
    spare = await desk.shadow.add_worktree(desk.root / "worktrees" / "made-ahead")
    async with desk.database.connection() as conn:
        await worktrees.put_worktree(
            conn,
            desk.session_id,
            path=spare.path,
            base_commit=spare.base_commit,
            base_tree=spare.base_tree,
            state=WorktreeState.READY,
        )
    assert len(list(desk.root.rglob("made-ahead*"))) > 1
    await deleter(desk).delete(desk.session_id)
    assert list(desk.root.rglob("made-ahead*")) == []


async def test_a_deletion_that_was_cut_short_is_finished_by_the_next_start(desk: WorktreeHarness) -> None:
    await desk.remover.remove(desk.session_id, "a test")
    dying = Dying()
    dying.left = 1
    with pytest.raises(Killed, match=r"deletion\.after_rows"):
        await deleter(desk, dying).delete(desk.session_id)
    assert list(desk.root.rglob(f"*{desk.session_id}*"))
    assert await deleter(desk).sweep() == 1
    assert list(desk.root.rglob(f"*{desk.session_id}*")) == []
    assert await deleter(desk).sweep() == 0


async def test_a_session_with_work_or_a_pin_is_not_deleted(desk: WorktreeHarness) -> None:
    async with desk.database.connection() as conn:
        await add_task(conn, desk.place)
    with pytest.raises(Conflict, match="1 tasks that wait or run") as busy:
        await deleter(desk).delete(desk.session_id)
    assert busy.value.code == "session_busy"
    assert desk.files.is_dir()


async def test_nothing_is_deleted_where_a_fork_is_on_another_host(desk: WorktreeHarness) -> None:
    await desk.snapshots.take(desk.session_id, kind=SnapshotKind.MANUAL)
    near = await desk.forker.fork(desk.session_id)
    away = await desk.forker.fork(desk.session_id)
    async with desk.database.connection() as conn:
        other = await add_host(conn)
        await conn.execute("UPDATE sessions SET host_id = $2 WHERE id = $1", away.session_id, other.host_id)
    with pytest.raises(Conflict) as refused:
        await deleter(desk).delete(desk.session_id, begun_from=True)
    assert refused.value.code == "session_elsewhere"
    async with desk.database.connection() as conn:
        kept = {row["id"] for row in await conn.fetch("SELECT id FROM sessions")}
    assert kept == {desk.session_id, near.session_id, away.session_id}


async def test_forks_and_sessions_of_agents_go_first_or_keep_it(desk: WorktreeHarness) -> None:
    await desk.snapshots.take(desk.session_id, kind=SnapshotKind.MANUAL)
    fork = await desk.forker.fork(desk.session_id)
    again = await desk.forker.fork(fork.session_id)
    async with desk.database.transaction() as conn:
        started = await add_place(conn, desk.place.project_id)
        await conn.execute(
            "UPDATE tasks SET origin = 'agent', parent_task_id = $2, root_task_id = $2, depth = 1, state = 'cancelled',"
            " ended_at = now() WHERE id = $1",
            await add_task(conn, started),
            desk.task.id,
        )
    with pytest.raises(Conflict, match="began from session") as used:
        await deleter(desk).delete(desk.session_id)
    assert used.value.code == "session_used"
    await desk.remover.pin(again.session_id, pinned=True)
    with pytest.raises(Conflict) as pinned:
        await deleter(desk).delete(desk.session_id, begun_from=True)
    assert pinned.value.code == "session_pinned"
    await desk.remover.pin(again.session_id, pinned=False)
    gone = await deleter(desk).delete(desk.session_id, begun_from=True)
    assert gone[0] == again.session_id and gone[-1] == desk.session_id
    assert set(gone[1:-1]) == {fork.session_id, started.session_id}
    async with desk.database.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM sessions") == 0
