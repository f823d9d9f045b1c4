"""Lists and counts of sessions and tasks: filters, order, pages and read marks come from the database."""

from __future__ import annotations

from boocoder.db.conversation import sessions
from boocoder.db.conversation.sessions import SessionActivity, SessionState
from boocoder.db.core.pool import Connection, Database
from boocoder.db.tasks import tasks
from boocoder.model.ids import SessionId, TaskId
from boocoder.model.task import TaskState
from tests.fixtures.row_builders import add_host, add_place, add_request, add_running, add_task, end


async def found(conn: Connection, activity: SessionActivity) -> set[SessionId]:
    rows = await sessions.list_sessions(conn, state=SessionState.OPEN, activity=activity, limit=1)
    return {row.id for row in rows}


async def test_a_waiting_session_is_found_behind_any_number_of_newer_ones(database: Database) -> None:
    async with database.connection() as conn:
        host = await add_host(conn)
        old = await add_place(conn)
        running = await add_running(conn, host, old)
        await add_request(conn, running)
        for _ in range(30):
            await add_place(conn, old.project_id)
        for activity in SessionActivity:
            assert await found(conn, activity) == {old.session_id}
        counts = await sessions.count_sessions(conn)
        assert (counts.open, counts.waiting, counts.running, counts.queued) == (31, 1, 1, 0)
        board = await tasks.count_columns(conn)
        assert (board.pending, board.running, board.waiting, board.ended) == (0, 0, 1, 0)


async def test_a_waiting_task_is_found_behind_any_number_of_running_ones(database: Database) -> None:
    async with database.connection() as conn:
        host = await add_host(conn)
        waiting = await add_running(conn, host, await add_place(conn))
        await add_request(conn, waiting)
        running = [await add_running(conn, host, await add_place(conn)) for _ in range(3)]

        async def listed(waits: bool) -> list[TaskId]:
            return [task.id for task in await tasks.list_tasks(conn, waiting=waits, limit=2)]

        assert await listed(True) == [waiting.id]
        assert await listed(False) == [one.id for one in running[:0:-1]]


async def test_a_session_is_active_while_something_is_queued_or_after_a_failure(database: Database) -> None:
    async with database.connection() as conn:
        place = await add_place(conn)
        assert await found(conn, SessionActivity.ACTIVE) == set()
        task = await add_task(conn, place)
        assert await found(conn, SessionActivity.ACTIVE) == {place.session_id}
        assert (await sessions.count_sessions(conn)).queued == 1
        await tasks.request_cancel(conn, task)
        assert await found(conn, SessionActivity.ACTIVE) == set()
        await conn.execute("UPDATE tasks SET state = 'failed', error_code = 'x', error_text = 'x', error_cure = 'x'")
        assert await found(conn, SessionActivity.ACTIVE) == {place.session_id}


async def test_sessions_are_found_by_words_of_their_title(database: Database) -> None:
    async with database.connection() as conn:
        one, other = await add_place(conn), await add_place(conn)
        await sessions.update_session(conn, one.session_id, title="Fix the Login form")
        await sessions.update_session(conn, other.session_id, title="Fix 100% of the docs")

        async def named(*words: str) -> list[SessionId]:
            return [row.id for row in await sessions.list_sessions(conn, words=words)]

        assert await named("login", "FIX") == [one.session_id]
        assert await named("100%") == [other.session_id]
        assert await named("login", "docs") == []


async def test_pages_by_change_begin_with_what_moved_last(database: Database) -> None:
    async with database.connection() as conn:
        made = [(await add_place(conn)).session_id for _ in range(5)]
        await sessions.lock_session(conn, made[0])
        seen: list[SessionId] = []
        while page := await sessions.list_sessions(conn, limit=2, before=seen[-1] if seen else None, by_change=True):
            seen += [row.id for row in page]
        assert seen == [made[0], *reversed(made[1:])]


async def test_a_session_is_unread_from_the_end_of_its_turn_until_somebody_looks(database: Database) -> None:
    async with database.connection() as conn:
        host = await add_host(conn)
        place = await add_place(conn)

        async def unread() -> tuple[bool, int]:
            counts = await sessions.count_sessions(conn)
            return (await sessions.get_session(conn, place.session_id)).unread, counts.unread

        assert await unread() == (False, 0)
        running = await add_running(conn, host, place)
        assert await unread() == (False, 0)
        await end(conn, host, running)
        assert await unread() == (True, 1)
        await sessions.mark_seen(conn, place.session_id)
        assert await unread() == (False, 0)
        await sessions.lock_session(conn, place.session_id)
        assert await unread() == (True, 1)


async def test_tasks_are_listed_in_several_states_of_one_project(database: Database) -> None:
    async with database.connection() as conn:
        here, there = await add_place(conn), await add_place(conn)
        first, second = await add_task(conn, here), await add_task(conn, here)
        await add_task(conn, there)
        await tasks.request_cancel(conn, first)
        states = [TaskState.PENDING, TaskState.CANCELLED]
        rows = await tasks.list_tasks(conn, states=states, project_id=here.project_id)
        assert [row.id for row in rows] == [second, first]
        board = await tasks.count_columns(conn, here.project_id)
        assert (board.pending, board.ended) == (1, 1)
