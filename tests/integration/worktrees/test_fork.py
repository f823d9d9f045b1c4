"""Forks: a new session with a snapshot's files, and the conversation up to there."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.db.conversation import chats, messages, sessions
from boocoder.db.core.pool import Database
from boocoder.db.files import worktrees
from boocoder.db.files.worktrees import Snapshot
from boocoder.errors import Conflict, NotFound
from boocoder.model.ids import ChatId, MessageId, SnapshotId, TaskId, new_id
from boocoder.model.session import SnapshotKind
from boocoder.model.task import MessageRole, MessageStatus
from tests.fixtures.changes.random_tree import content_of
from tests.fixtures.repository import MakeRepository
from tests.fixtures.row_builders import Place, add_answer, add_message, add_running, end
from tests.fixtures.worktrees.worktree_harness import WorktreeHarness, open_desk


@pytest.fixture
async def desk(database: Database, repository: MakeRepository, tmp_path: Path) -> WorktreeHarness:
    return await open_desk(database, repository(), tmp_path / "data")


async def turn(desk: WorktreeHarness, place: Place, name: str) -> Snapshot:
    """A turn that writes a file of this name, with both its messages."""
    async with desk.database.connection() as conn:
        task = await add_running(conn, desk.owner, place)
        await add_message(
            conn,
            MessageId(new_id()),
            session_id=place.session_id,
            chat_id=place.chat_id,
            task_id=task.id,
            role=MessageRole.USER,
        )
        answer = await add_answer(conn, task)
        row = await worktrees.get_worktree(conn, place.session_id)
        assert row is not None
        (Path(row.path) / name).write_bytes(name.encode())
    snapshot = await desk.snapshots.take(place.session_id, kind=SnapshotKind.TURN_END, task_id=task.id)
    async with desk.database.connection() as conn:
        await messages.finish_message(conn, answer, MessageStatus.COMPLETE)
        await end(conn, desk.owner, task)
    return snapshot


async def tasks_in(desk: WorktreeHarness, chat_id: ChatId) -> list[TaskId | None]:
    async with desk.database.connection() as conn:
        return [message.row.task_id for message in await messages.list_messages(conn, chat_id)]


async def test_a_fork_begins_where_the_snapshot_was_taken(desk: WorktreeHarness) -> None:
    first = await turn(desk, desk.place, "one.txt")
    then = content_of(desk.files)
    second = await turn(desk, desk.place, "two.txt")
    fork = await desk.forker.fork(desk.session_id, snapshot_id=first.id)
    assert fork.worktree is not None
    assert content_of(fork.worktree) == then
    assert (desk.files / "two.txt").exists()
    assert await tasks_in(desk, fork.chat_id) == [first.task_id, first.task_id]
    async with desk.database.connection() as conn:
        child = await sessions.get_session(conn, fork.session_id)
        row = await worktrees.get_worktree(conn, fork.session_id)
        assert child.host_id == desk.owner.host_id
        assert child.title == "session (fork)"
        assert row is not None
        assert row.base_tree == desk.worktree.base_tree
        said = await messages.messages_before(conn, fork.chat_id, TaskId(new_id()), 10)
        assert [one.who for one in said] == ["user", "scripted"]
    by_task = await desk.forker.fork(desk.session_id, task_id=second.task_id)
    assert await tasks_in(desk, by_task.chat_id) == [first.task_id] * 2 + [second.task_id] * 2
    assert desk.heard.notices().count("forked") == 2


async def test_forks_of_forks_go_their_own_ways(desk: WorktreeHarness) -> None:
    first = await turn(desk, desk.place, "one.txt")
    child = await desk.forker.fork(desk.session_id)
    grandchild = await desk.forker.fork(child.session_id, title="Third")
    assert await tasks_in(desk, grandchild.chat_id) == [first.task_id] * 2
    own = await turn(desk, Place(desk.place.project_id, child.session_id, child.chat_id), "two.txt")
    later = await turn(desk, desk.place, "three.txt")
    assert await tasks_in(desk, child.chat_id) == [first.task_id] * 2 + [own.task_id] * 2
    assert await tasks_in(desk, grandchild.chat_id) == [first.task_id] * 2
    assert await tasks_in(desk, desk.place.chat_id) == [first.task_id] * 2 + [later.task_id] * 2
    async with desk.database.connection() as conn:
        page = await messages.list_messages(conn, child.chat_id, limit=3)
        rest = await messages.list_messages(conn, child.chat_id, after_ord=page[-1].row.ord, limit=3)
        assert [len(page), len(rest)] == [3, 1]
        newest = await messages.list_newest_messages(conn, child.chat_id, before_ord=2**63 - 1, limit=3)
        older = await messages.list_newest_messages(conn, child.chat_id, before_ord=newest[0].row.ord, limit=3)
        assert [*older, *newest] == [*page, *rest]


async def test_a_fork_outlives_its_parents_files(desk: WorktreeHarness) -> None:
    await turn(desk, desk.place, "one.txt")
    before = content_of(desk.files)
    fork = await desk.forker.fork(desk.session_id)
    await desk.remover.remove(fork.session_id, "a test")
    await desk.remover.remove(desk.session_id, "a test")
    desk.project.git("gc", "-q", "--prune=now")
    await desk.restorer.restore(fork.session_id)
    assert fork.worktree is not None
    assert content_of(fork.worktree) == before


async def test_the_start_of_a_turn_comes_before_what_it_says(desk: WorktreeHarness) -> None:
    first = await turn(desk, desk.place, "one.txt")
    async with desk.database.connection() as conn:
        task = await add_running(conn, desk.owner, desk.place)
        await add_message(
            conn,
            MessageId(new_id()),
            session_id=desk.session_id,
            chat_id=desk.place.chat_id,
            task_id=task.id,
            role=MessageRole.USER,
        )
    start = await desk.snapshots.take(desk.session_id, kind=SnapshotKind.TURN_START, task_id=task.id)
    fork = await desk.forker.fork(desk.session_id, snapshot_id=start.id)
    assert await tasks_in(desk, fork.chat_id) == [first.task_id] * 2
    async with desk.database.connection() as conn:
        assert await chats.said_until(conn, SnapshotId(new_id())) is None


async def test_what_cannot_be_forked(desk: WorktreeHarness) -> None:
    with pytest.raises(Conflict) as error:
        await desk.forker.fork(desk.session_id)
    assert error.value.code == "session_without_snapshot"
    with pytest.raises(NotFound):
        await desk.forker.fork(desk.session_id, snapshot_id=SnapshotId(new_id()))
    with pytest.raises(NotFound):
        await desk.forker.fork(desk.session_id, task_id=desk.task.id)
    old = await turn(desk, desk.place, "one.txt")
    async with desk.database.connection() as conn:
        await conn.execute("UPDATE session_worktrees SET base_moved_at = now(), base_since = now()")  # not recorded
    with pytest.raises(Conflict) as error:
        await desk.forker.fork(desk.session_id, snapshot_id=old.id)
    assert error.value.code == "snapshot_base_unknown"
    new = await turn(desk, desk.place, "two.txt")
    assert (await desk.forker.fork(desk.session_id)).snapshot.id == new.id
