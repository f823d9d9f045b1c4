"""The hot path costs the same however large the tables have grown, under plans made while they were empty."""

from __future__ import annotations

import json
from typing import Any

from boocoder.db.core.pool import Connection, Database
from boocoder.db.core.statements import load_statements
from boocoder.db.tasks import tasks
from boocoder.model.ids import new_id
from tests.fixtures.row_builders import add_answer, add_host, add_place, add_running, add_task

ROWS = 50_000
MARGIN_PAGES = 100  # deeper indexes, and pages of twenty rows; a scan of a grown table is more than 500

GROW = [
    "INSERT INTO messages (id, session_id, chat_id, task_id, role, status, finished_at)"
    " SELECT gen_random_uuid(), session_id, chat_id, id, 'assistant', 'complete', now()"
    f" FROM tasks, generate_series(1, {ROWS // 10}) WHERE state = 'running'",
    "INSERT INTO message_parts (message_id, part, kind, key)"
    " SELECT id, part, 'text', part::text FROM messages, generate_series(0, 1) AS part WHERE status = 'complete'",
    'INSERT INTO part_chunks (message_id, part, field, "offset", text, session_id, seq)'
    " SELECT p.message_id, p.part, 'text', n * 3, 'abc', m.session_id, row_number() OVER () + 1000"
    " FROM message_parts p JOIN messages m ON m.id = p.message_id, generate_series(0, 4) n"
    " WHERE m.status = 'complete'",
    "INSERT INTO events (session_id, seq, type, frame)"
    f" SELECT session_id, 1000000 + n, 'notice', '{{}}' FROM tasks, generate_series(1, {ROWS}) n"
    " WHERE state = 'running'",
    "INSERT INTO tasks (id, project_id, session_id, chat_id, prompt, agent, state, ended_at)"
    " SELECT gen_random_uuid(), project_id, session_id, chat_id, 'p', 'x', 'completed', now()"
    f" FROM tasks, generate_series(1, {ROWS}) WHERE state = 'running'",
    "INSERT INTO permission_requests (id, session_id, task_id, epoch, message_id, part, key, kind, tool, title,"
    " argument, options, state, decided_by, decided_at, told_at)"
    " SELECT gen_random_uuid(), m.session_id, m.task_id, 1, m.id, n, n::text, 'permission', 'bash', 't', 'a', '[]',"
    f" 'allowed', 'person', now(), now() FROM messages m, generate_series(1, {ROWS // 5}) n"
    " WHERE m.status = 'streaming'",
    "INSERT INTO sessions (id, project_id, title) SELECT gen_random_uuid(), id, 'another' FROM projects",
    "INSERT INTO permission_rules (id, session_id, tool, argument, exact, action)"
    f" SELECT gen_random_uuid(), id, 'bash', n::text, true, 'allow' FROM sessions, generate_series(1, {ROWS // 5}) n"
    " WHERE title = 'another'",
    "INSERT INTO attempts (task_id, epoch, host_id, instance_id, lease_until, ended_at, outcome)"
    " SELECT t.id, 1, h.id, h.instance_id, now(), now(), 'completed' FROM tasks t, hosts h WHERE t.state = 'completed'",
]


async def pages_of(conn: Connection, execute: str) -> int:
    """Pages that a prepared statement touches, with its plan settled; what it changes is rolled back."""
    plan: dict[str, Any] = {}
    for _ in range(7):
        transaction = conn.transaction()
        await transaction.start()
        try:
            row = await conn.fetchrow(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE {execute}")
            plan = json.loads(row[0])[0]["Plan"]
        finally:
            await transaction.rollback()
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


async def test_hot_statements_do_not_grow_with_the_tables(database: Database) -> None:
    async with database.connection() as conn:
        host = await add_host(conn)
        task = await add_running(conn, host, await add_place(conn))
        message = await add_answer(conn, task)
        opening = await add_task(conn, await add_place(conn))
        await conn.execute(
            "INSERT INTO attempts (task_id, epoch, host_id, instance_id, lease_until) VALUES ($1, 1, $2, $3, now())",
            opening,
            host.host_id,
            host.instance_id,
        )
        begun = await tasks.get_task(conn, opening)
        session, chat, instance = task.session_id, task.chat_id, host.instance_id
        one = f"ARRAY['{message}'::uuid], ARRAY[0]"
        calls = {
            ("events", "record_batch"): f"'{session}', '{task.id}', 1, '{instance}', 2,"
            f" {one}, '{{tool_call}}', '{{k}}', '{{null}}', '{{1}}', '{{notice}}', ARRAY['{{}}'],"
            f" '{{2}}', {one}, '{{0}}', '{{abc}}', {one}, '{{output}}', {one}, '{{output}}', '{{0}}', '{{abc}}', NULL",
            ("events", "stored_batches"): f"'{session}', '{task.id}', 1, '{instance}'",
            ("events", "read_events"): f"'{session}', 1, 20",
            ("events", "last_seq"): f"'{session}'",
            ("events", "last_seqs"): f"ARRAY['{session}'::uuid]",
            ("attempts", "hold_attempt"): f"'{task.id}', 1, '{instance}'",
            ("attempts", "mark_prompt_sent"): f"'{task.id}', 1, '{instance}'",
            ("attempts", "end_attempt"): f"'{task.id}', 1, '{instance}', 'completed'",
            ("attempts", "list_lost_attempts"): f"'{host.host_id}', '{instance}', 1",
            ("hosts", "renew_leases"): f"'{host.host_id}', '{instance}', 15",
            ("tasks", "finish_task"): f"'{task.id}', 1, 'completed', NULL, NULL, NULL, NULL, NULL",
            ("tasks", "request_cancel"): f"'{task.id}'",
            ("tasks", "get_running_task"): f"'{task.id}'",
            ("tasks", "count_session_tasks"): f"'{session}'",
            ("tasks", "count_tasks"): "",
            ("tasks", "find_by_idempotency_key"): "'key'",
            ("tasks", "list_tasks"): f"NULL, '{session}', 20, NULL, 500, NULL, NULL, NULL, NULL, NULL",
            ("sessions", "get_session"): f"'{session}'",
            ("messages", "open_turn"): f"'{begun.session_id}', '{opening}', 1, '{instance}', '{begun.chat_id}',"
            f" '{new_id()}', '{new_id()}', 'scripted', NULL, '{{queue_changed}}', ARRAY['{{}}']",
            ("messages", "list_messages"): f"'{chat}', 0, 20",
            ("messages", "list_newest_messages"): f"'{chat}', 9223372036854775807, 20",
            ("messages", "list_first_parts"): f"ARRAY['{message}'::uuid], 100, 20, 20, -1",
            ("messages", "list_last_parts"): f"ARRAY['{message}'::uuid], 100, 20, 20, 99",
            ("messages", "message_exists"): f"'{message}'",
            ("messages", "get_parts"): f"'{message}'",
            ("messages", "read_part_text"): f"'{message}', 0, 'text', 0, 100",
            ("messages", "get_streaming_message"): f"'{task.id}'",
            ("permissions", "get_request"): f"'{message}'",
            ("permissions", "list_requests"): f"'{session}', 'asked', 20, NULL, NULL, NULL, NULL, NULL",
            ("permissions", "close_requests"): f"'{task.id}', 1",
            ("permissions", "rules_of_session"): f"'{session}'",
        }
        small: dict[str, int] = {}
        for (table, name), arguments in calls.items():
            await conn.execute(f"PREPARE {name} AS {load_statements(table)[name]}")
            small[name] = await pages_of(conn, f"{name}({arguments})" if arguments else name)
        for text in GROW:
            await conn.execute(text)
        large = {
            name: await pages_of(conn, f"{name}({arguments})" if arguments else name)
            for (_, name), arguments in calls.items()
        }
    grown = {name: (small[name], large[name]) for name in small if large[name] > small[name] + MARGIN_PAGES}
    assert grown == {}
