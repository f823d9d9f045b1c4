"""Messages, changes, worktrees, agents and chats: what is put in comes out, and each move happens once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from boocoder.db.conversation import agent_sessions, chats, messages, sessions
from boocoder.db.conversation.agent_sessions import AgentSessionState
from boocoder.db.conversation.events import record_batch
from boocoder.db.conversation.messages import TextField
from boocoder.db.core.pool import Connection, Database
from boocoder.db.files import applies, changes, worktrees
from boocoder.db.registry import agents, projects
from boocoder.db.tasks import tasks
from boocoder.db.tasks.claim import ClaimedTask
from boocoder.db.tasks.session_host import hold_session
from boocoder.errors import Conflict, NotFound
from boocoder.events.batch import BatchItem, PartItem, TextItem, ToolTextItem
from boocoder.model.agent import AgentCommand, AgentInfo, AgentState, Transport
from boocoder.model.change import ApplyState
from boocoder.model.ids import ChangeId, ChatId, MessageId, ProjectId, SessionId, SnapshotId, new_id
from boocoder.model.limits import INLINE_TEXT_MAX_CHARS
from boocoder.model.session import SessionState, SnapshotKind, WorktreeState
from boocoder.model.task import ChangeState, MessageRole, MessageStatus, PartKind
from tests.fixtures.row_builders import Owner, add_answer, add_host, add_message, add_place, add_running, end

BASE, FIRST, SECOND = "a" * 40, "b" * 40, "c" * 40


async def running(conn: Connection) -> tuple[Owner, ClaimedTask]:
    host = await add_host(conn)
    return host, await add_running(conn, host, await add_place(conn))


async def add_user_message(conn: Connection, task: ClaimedTask) -> None:
    await add_message(
        conn,
        MessageId(new_id()),
        session_id=task.session_id,
        chat_id=task.chat_id,
        task_id=task.id,
        role=MessageRole.USER,
    )


async def test_the_same_path_is_one_project(database: Database) -> None:
    async with database.connection() as conn:
        first = await projects.insert_project(conn, ProjectId(new_id()), "one", Path("/here"))
        await conn.execute("UPDATE projects SET archived_at = now()")
        second = await projects.insert_project(conn, ProjectId(new_id()), "two", Path("/here"))
        assert second == first
        assert await projects.list_projects(conn) == [first]


async def test_pages_of_sessions_cover_all_once(database: Database) -> None:
    async with database.transaction() as conn:  # one transaction: all have the same created_at
        place = await add_place(conn)
        made = {place.session_id} | {(await add_place(conn, place.project_id)).session_id for _ in range(6)}
        await add_place(conn)
    async with database.connection() as conn:
        seen: list[SessionId] = []
        while page := await sessions.list_sessions(
            conn, project_id=place.project_id, limit=3, before=seen[-1] if seen else None
        ):
            seen += [session.id for session in page]
    assert len(seen) == len(made)
    assert set(seen) == made


async def test_a_sessions_row_tells_what_it_does(database: Database) -> None:
    async with database.connection() as conn:
        host, task = await running(conn)
        session = await sessions.get_session(conn, task.session_id)
        assert (session.host_id, session.pending_tasks, session.running_task_id) == (host.host_id, 0, task.id)
        assert session.last_task_state == "running"
        await end(conn, host, task)
        session = await sessions.get_session(conn, task.session_id)
        assert (session.running_task_id, session.last_task_state) == (None, "completed")
        assert await sessions.list_sessions(conn, state=SessionState.ARCHIVED) == []


async def test_messages_come_in_order_with_their_parts(database: Database) -> None:
    async with database.connection() as conn:
        host, task = await running(conn)
        await add_user_message(conn, task)
        message_id = await add_answer(conn, task)
        long = "x" * (INLINE_TEXT_MAX_CHARS - 1) + "\N{GRINNING FACE}yz"
        items: list[BatchItem] = [
            PartItem(message_id, 0, PartKind.REASONING, "r", None),
            TextItem(message_id, 0, 0, "hm "),
            TextItem(message_id, 0, 3, "so"),
            PartItem(message_id, 1, PartKind.TEXT, "t", None),
            TextItem(message_id, 1, 0, long),
            PartItem(message_id, 2, PartKind.TOOL_CALL, "c", b'{"name":"bash"}'),
            ToolTextItem(message_id, 2, "input", 0, "ls", False),
        ]
        await record_batch(conn, (task.id, task.epoch, host.instance_id), task.session_id, items)
        user, answer = await messages.list_messages(conn, task.chat_id)
        assert (user.row.role, user.row.text, user.row.status, user.parts) == ("user", "do it", "complete", ())
        assert (answer.row.id, answer.row.text, answer.row.status) == (message_id, "", "streaming")
        assert [(part.kind, part.text_chars) for part in answer.parts] == [
            ("reasoning", 5),
            ("text", len(long)),
            ("tool_call", 0),
        ]
        assert answer.parts[0].text == "hm so"
        assert answer.parts[1].text == long[:INLINE_TEXT_MAX_CHARS]
        assert bytes(answer.parts[2].data or b"") == b'{"name": "bash"}'
        assert await messages.list_messages(conn, task.chat_id, after_ord=user.row.ord, limit=1) == [answer]
        assert await messages.list_newest_messages(conn, task.chat_id, before_ord=2**63 - 1, limit=2) == [user, answer]
        assert await messages.list_newest_messages(conn, task.chat_id, before_ord=2**63 - 1, limit=1) == [answer]
        assert await messages.list_newest_messages(conn, task.chat_id, before_ord=answer.row.ord, limit=9) == [user]
        stored = await messages.get_parts(conn, message_id)
        assert [(part.text_chars, part.input_chars, part.output_chars) for part in stored] == [
            (5, 0, 0),
            (len(long), 0, 0),
            (0, 2, 0),
        ]


async def test_any_page_of_a_parts_text_is_exact(database: Database) -> None:
    pieces = ["one", "\N{GRINNING FACE}\u0301", "three ", "\n", "x" * 50, "end"]
    whole = "".join(pieces)
    async with database.connection() as conn:
        host, task = await running(conn)
        message_id = await add_answer(conn, task)
        items: list[BatchItem] = [PartItem(message_id, 0, PartKind.TEXT, "t", None)]
        offset = 0
        for piece in pieces:
            items.append(TextItem(message_id, 0, offset, piece))
            offset += len(piece)
        await record_batch(conn, (task.id, task.epoch, host.instance_id), task.session_id, items)
        for start in (*range(14), 60, len(whole) - 1, len(whole), len(whole) + 5):
            for limit in (0, 1, 2, 7, 1000):
                page = await messages.read_part_text(conn, message_id, 0, TextField.TEXT, start, limit)
                assert (page.text, page.total_chars) == (whole[start : start + limit], len(whole))
        assert (await messages.read_part_text(conn, message_id, 0, TextField.OUTPUT, 0, 9)).total_chars == 0
        with pytest.raises(NotFound) as caught:
            await messages.read_part_text(conn, message_id, 1, TextField.TEXT, 0, 9)
        assert caught.value.code == "part_not_found"


async def test_a_message_ends_once(database: Database) -> None:
    async with database.connection() as conn:
        _, task = await running(conn)
        message_id = await add_answer(conn, task)
        open_message = await messages.get_streaming_message(conn, task.id)
        assert open_message is not None
        assert open_message.id == message_id
        assert await messages.finish_message(conn, message_id, MessageStatus.FAILED)
        assert not await messages.finish_message(conn, message_id, MessageStatus.COMPLETE)
        assert await messages.get_streaming_message(conn, task.id) is None
        assert (await messages.list_messages(conn, task.chat_id))[0].row.status is MessageStatus.FAILED


async def put_change(conn: Connection, task: ClaimedTask, tree: str, diff: bytes | None = b"\xff\x00") -> ChangeId:
    return await changes.supersede_change(
        conn,
        task.session_id,
        task_id=task.id,
        agent="scripted",
        base_tree=BASE,
        tree=tree,
        files_json=b'[{"path":"a"}]',
        additions=1,
        deletions=2,
        diff=diff,
    )


async def test_a_later_change_supersedes_and_one_waits_at_most(database: Database) -> None:
    async with database.transaction() as conn:
        _, task = await running(conn)
        first = await put_change(conn, task, FIRST)
    async with database.transaction() as conn:
        second = await put_change(conn, task, SECOND, diff=None)
    async with database.connection() as conn:
        assert (await changes.get_change(conn, first)).state is ChangeState.SUPERSEDED
        waiting = await changes.list_changes(conn, session_id=task.session_id, state=ChangeState.PENDING)
        assert [(change.id, change.tree, change.diff_stored) for change in waiting] == [(second, SECOND, False)]
        assert bytes(waiting[0].files) == b'[{"path": "a"}]'
        assert await changes.get_diff(conn, first) == b"\xff\x00"
        assert await changes.get_diff(conn, second) is None
        assert [change.id for change in await changes.list_changes(conn)] == [second, first]
        assert [change.id for change in await changes.list_changes(conn, before=second)] == [first]
        assert (await sessions.get_session(conn, task.session_id)).pending_change_id == second
        assert await changes.withdraw_change(conn, task.session_id) == second
        assert await changes.withdraw_change(conn, task.session_id) is None
        assert not await changes.decide_change(conn, second, ChangeState.APPLIED)


async def test_a_change_is_decided_once(database: Database) -> None:
    async with database.transaction() as conn:
        _, task = await running(conn)
        change_id = await put_change(conn, task, FIRST)

    async def decide(number: int) -> bool:
        async with database.connection() as conn:
            state = ChangeState.APPLIED if number % 2 else ChangeState.REJECTED
            return await changes.decide_change(conn, change_id, state)

    assert sum(await asyncio.gather(*(decide(number) for number in range(8)))) == 1


async def test_the_journal_of_an_apply(database: Database) -> None:
    async with database.transaction() as conn:
        host, task = await running(conn)
        change_id = await put_change(conn, task, FIRST)
        other_task = await add_running(conn, host, await add_place(conn, task.project_id))
        other = await put_change(conn, other_task, FIRST)
    async with database.connection() as conn:
        held = await hold_session(conn, task.session_id)
        assert await applies.begin_apply(held, change_id, task.project_id, host.host_id, BASE, FIRST)
        assert not await applies.begin_apply(held, change_id, task.project_id, host.host_id, BASE, FIRST)
        with pytest.raises(Conflict) as caught:
            await applies.begin_apply(held, other, task.project_id, host.host_id, BASE, FIRST)
        assert caught.value.code == "apply_in_progress"
        writing = await applies.list_writing_applies(conn, host.host_id)
        assert [(row.change_id, row.session_id, row.pre_tree, row.post_tree) for row in writing] == [
            (change_id, task.session_id, BASE, FIRST)
        ]
        assert await applies.end_apply(conn, change_id, ApplyState.UNDONE)
        assert not await applies.end_apply(conn, change_id, ApplyState.DONE)
        assert await applies.begin_apply(held, change_id, task.project_id, host.host_id, FIRST, SECOND)
        assert await applies.end_apply(conn, change_id, ApplyState.DONE)
        assert await changes.decide_change(conn, change_id, ChangeState.APPLIED)
        assert not await applies.begin_apply(held, change_id, task.project_id, host.host_id, FIRST, SECOND)
        assert await applies.list_writing_applies(conn, host.host_id) == []
        assert await applies.begin_apply(held, other, task.project_id, host.host_id, BASE, FIRST)


async def test_worktrees_and_snapshots(database: Database) -> None:
    async with database.connection() as conn:
        host, task = await running(conn)
        session_id = task.session_id
        assert await worktrees.get_worktree(conn, session_id) is None
        assert not await worktrees.set_worktree_state(conn, session_id, WorktreeState.GONE)
        await worktrees.put_worktree(
            conn, session_id, path=Path("/w/1"), base_commit=BASE, base_tree=FIRST, state=WorktreeState.READY
        )
        found = await worktrees.get_worktree(conn, session_id)
        assert found is not None
        assert (found.path, found.base_commit, found.base_tree, found.state) == ("/w/1", BASE, FIRST, "ready")
        assert await worktrees.list_worktrees(conn, host.host_id) == [found]
        assert await worktrees.set_worktree_state(conn, session_id, WorktreeState.GONE)
        assert await worktrees.list_worktrees(conn, host.host_id) == []
        assert await worktrees.latest_snapshot(conn, session_id) is None
        for tree, kind in ((FIRST, SnapshotKind.TURN_END), (SECOND, SnapshotKind.MANUAL)):
            await worktrees.insert_snapshot(
                conn, SnapshotId(new_id()), session_id, task_id=task.id, kind=kind, tree=tree
            )
        newest = await worktrees.latest_snapshot(conn, session_id)
        assert newest is not None
        assert (newest.tree, newest.kind, newest.task_id) == (SECOND, "manual", task.id)


async def test_an_agent_session_forgets_what_a_new_one_has_not_seen(database: Database) -> None:
    async with database.connection() as conn:
        chat_id = (await add_place(conn)).chat_id

        async def put(native_id: str) -> None:
            await agent_sessions.put_agent_session(
                conn, chat_id, "qwen", backend="acp", native_id=native_id, config_hash="h"
            )

        assert await agent_sessions.get_agent_session(conn, chat_id, "qwen") is None
        assert not await agent_sessions.set_seen(conn, chat_id, "qwen", 1)
        await put("one")
        assert await agent_sessions.set_seen(conn, chat_id, "qwen", 9)
        assert await agent_sessions.set_seen(conn, chat_id, "qwen", 3)
        assert await agent_sessions.set_agent_session_state(conn, chat_id, "qwen", AgentSessionState.CRASHED)
        crashed = await agent_sessions.get_agent_session(conn, chat_id, "qwen")
        assert crashed is not None
        assert (crashed.state, crashed.seen_message_ord) == ("crashed", 9)
        await put("one")
        same = await agent_sessions.get_agent_session(conn, chat_id, "qwen")
        assert same is not None
        assert (same.state, same.seen_message_ord) == ("active", 9)
        await put("two")
        fresh = await agent_sessions.get_agent_session(conn, chat_id, "qwen")
        assert fresh is not None
        assert (fresh.native_id, fresh.seen_message_ord) == ("two", 0)


async def test_agents_are_listed_as_probed_last(database: Database) -> None:
    async with database.connection() as conn:
        host, other = await add_host(conn), await add_host(conn)
        ready = AgentInfo(
            "qwen",
            "acp",
            AgentState.READY,
            version="1",
            models=("b", "a"),
            modes=("plan",),
            thinking=("low", "high"),
            commands=(AgentCommand("init", "Begin."),),
            transport=Transport.ACP,
            tried=True,
            signed_in=False,
            default_mode="plan",
        )
        await agents.put_agent(conn, host.host_id, AgentInfo("qwen", "acp", AgentState.LOADING))
        await agents.put_agent(conn, host.host_id, ready)
        await agents.put_agent(
            conn, other.host_id, AgentInfo("claude", "acp", AgentState.ERROR, reason="no", cure="do")
        )
        found = await agents.list_agents(conn, host.host_id)
        assert [(agent.name, agent.state, agent.models, agent.modes) for agent in found] == [
            ("qwen", AgentState.READY, ["b", "a"], ["plan"])
        ]
        (qwen,) = found
        assert (qwen.thinking, qwen.transport, qwen.tried, qwen.signed_in) == (["low", "high"], "acp", True, False)
        assert msgspec.json.decode(qwen.commands) == [{"name": "init", "description": "Begin."}]
        assert qwen.default_mode == "plan"
        assert [agent.name for agent in await agents.list_agents(conn)] == ["claude", "qwen"]
        await agents.keep_agents(conn, host.host_id, ["claude"])
        assert [agent.name for agent in await agents.list_agents(conn)] == ["claude"]


async def test_what_does_not_exist_is_named(database: Database) -> None:
    async with database.connection() as conn:
        calls = {
            "project_not_found": projects.get_project(conn, ProjectId(new_id())),
            "session_not_found": sessions.get_session(conn, SessionId(new_id())),
            "chat_not_found": chats.get_chat(conn, ChatId(new_id())),
            "task_not_found": tasks.get_task(conn, new_id()),  # type: ignore[arg-type]
            "change_not_found": changes.get_change(conn, ChangeId(new_id())),
        }
        for code, call in calls.items():
            with pytest.raises(NotFound) as caught:
                await call
            assert caught.value.code == code
        with pytest.raises(NotFound):
            await sessions.insert_session(conn, SessionId(new_id()), ProjectId(new_id()), "x")
        with pytest.raises(NotFound):
            await chats.insert_chat(conn, ChatId(new_id()), SessionId(new_id()), "x")
        with pytest.raises(NotFound):
            await changes.get_diff(conn, ChangeId(new_id()))
