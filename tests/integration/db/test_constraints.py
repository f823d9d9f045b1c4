"""The database holds the invariants: every CHECK and unique index is violated once on purpose."""

from __future__ import annotations

import asyncpg
import pytest

from boocoder.db.core.pool import Connection, Database
from tests.fixtures.row_builders import add_answer, add_host, add_place, add_running, add_task

TREE = "'" + "a" * 40 + "'"
OTHER_TREE = "'" + "b" * 40 + "'"
CHANGE = f"INSERT INTO pending_changes (id, session_id, task_id, agent, base_tree, tree, files, additions, deletions) \
SELECT gen_random_uuid(), session_id, id, 'x', {TREE}, {OTHER_TREE}, '[]', 0, 0 FROM tasks WHERE state = 'running'"
MESSAGE = "INSERT INTO messages (id, session_id, chat_id, task_id, role, status, finished_at) \
SELECT gen_random_uuid(), session_id, chat_id, id, %s FROM tasks WHERE state = 'running'"
PART = "INSERT INTO message_parts (message_id, part, kind, key) SELECT id, %s FROM messages"
CHUNK = 'INSERT INTO part_chunks (message_id, part, field, "offset", text, session_id, seq) \
SELECT id, 0, %s FROM messages'
TASK = "INSERT INTO tasks (id, project_id, session_id, chat_id, prompt, agent, %s) \
SELECT gen_random_uuid(), project_id, session_id, chat_id, 'do it', 'x', %s FROM tasks WHERE state = 'running'"
EARLIER_BASE = f"INSERT INTO earlier_bases SELECT id, {TREE}, {TREE}, NULL, now() FROM sessions"
WORKTREE = "INSERT INTO session_worktrees SELECT session_id, %s, 'ready' FROM tasks"
EVENT = "INSERT INTO events (session_id, seq, type, frame) SELECT session_id, %s, 'x', '{}' FROM tasks"
APPLY = f"INSERT INTO change_applies (change_id, project_id, pre_tree, post_tree) \
SELECT c.id, t.project_id, {TREE}, {OTHER_TREE} FROM pending_changes c JOIN tasks t ON t.id = c.task_id"
AGENT_SESSION = "INSERT INTO agent_sessions (chat_id, agent, backend, native_id, config_hash) \
SELECT id, '', '', '', '' FROM chats"
REQUEST = "INSERT INTO permission_requests (id, session_id, task_id, epoch, message_id, part, key, kind, tool, title, \
argument, options, %s) SELECT gen_random_uuid(), m.session_id, m.task_id, 1, m.id, 0, 'k', 'permission', '', '', '', \
'[]', %s FROM messages m"
DECIDED = "state, decided_by, decided_at"
RULE = "INSERT INTO permission_rules (id, project_id, session_id, tool, argument, exact, action) \
SELECT gen_random_uuid(), %s, '', false, 'allow' FROM tasks"
PART_OF_UNIT = "INSERT INTO review_parts (session_id, base_path, first, unit_id, content_id, old_start, old_count, \
new_count, place) SELECT session_id, 'a', 'f', %s FROM tasks"
DECISION = "INSERT INTO review_decisions (session_id, unit_id, path, kind, old_start, old_count, verdict) \
SELECT session_id, %s, 'accepted' FROM tasks"
COMMENT = "INSERT INTO review_comments (id, session_id, change_id, path, side, first_line, last_line, quote, body) \
SELECT gen_random_uuid(), session_id, id, 'a', %s FROM pending_changes"
UPDATING = f"INSERT INTO worktree_updates (session_id, pre_tree, post_tree) SELECT id, {TREE}, {TREE} FROM sessions"
PROJECT_SETTINGS = "INSERT INTO project_settings (project_id) SELECT id FROM projects"
TRUSTED = "INSERT INTO trusted_files (project_id, path, sha256) SELECT id, %s FROM projects"
BROWSER = "INSERT INTO browser_sessions (id, host_id, cookie_hash, user_agent, peer, ends_at) \
VALUES (%s, gen_random_uuid(), %s, '', '', now())"
TOKEN = "INSERT INTO access_tokens (id, host_id, name, scope, token_hash) VALUES (%s, %s, %s, 'read', %s)"
HASH = "'" + "c" * 64 + "'"
ID = "'00000000-0000-0000-0000-000000000001'"
WORDS = "INSERT INTO message_words (message_id, slice, ord, words) SELECT id, %d, ord, '' FROM messages"
STEER = "INSERT INTO steers (id, session_id, task_id, sent_by, prompt, %s) \
SELECT gen_random_uuid(), t.session_id, t.id, 'api', 'x', %s FROM tasks t JOIN messages m ON m.task_id = t.id"
PLACED = "state, message_id, part, delivered_at"
HOST_PROJECT = "INSERT INTO host_projects (host_id, project_id, state) SELECT h.id, p.id, %s FROM hosts h, projects p"
HOOK = "INSERT INTO hooks (name, project_id, prompt, per_hour, secret) SELECT %s, id, %s, %s, %s FROM projects"
WEBHOOK = "INSERT INTO webhooks (id, url, secret) VALUES (gen_random_uuid(), %s, %s)"
DELIVERY = "INSERT INTO webhook_deliveries (webhook_id, event, data, %s) SELECT id, 'x', '{}', %s FROM webhooks"
GOOD_WEBHOOK = WEBHOOK % ("'http://a/'", "'whsec_'")
FOLLOW = "INSERT INTO branch_follows (session_id, project_id, repository, remote, branch, commit, rounds_max, \
cost_max_usd, state, reason, ci, review) SELECT id, project_id, '', '', %s FROM sessions"
GOOD_FOLLOW = FOLLOW % "'b', 'c', 1, 0, 'watching', '', '', ''"
FORGE_EVENT = (
    "INSERT INTO forge_events (session_id, kind, key, text) SELECT session_id, 'ci', 'k', 't' FROM branch_follows"
)
SNAPSHOT = f"INSERT INTO snapshots (id, session_id, kind, tree) SELECT {ID}, id, 'manual', {TREE} FROM sessions"
STORED = "INSERT INTO stored_snapshots (snapshot_id, session_id, tree, trees, base_commit, state, size_bytes) \
SELECT id, session_id, %s, '{}', tree, %s, %s FROM snapshots"
PACK_CHUNK = "INSERT INTO stored_pack_chunks (snapshot_id, place, content) SELECT id, %s, '' FROM snapshots"
NOT_TAKEN_OVER = "INSERT INTO takeover_failures (session_id, host_id, text, cure) \
SELECT s.id, h.id, '', '' FROM sessions s, hosts h"
TWO_CHANGES = [CHANGE, "UPDATE pending_changes SET state = 'superseded', decided_at = now()", CHANGE]

# What is violated -> the statements before, and the one that must be refused.
CASES: dict[str, list[str]] = {
    "projects_name_check": ["INSERT INTO projects (id, name, path) VALUES (gen_random_uuid(), '', '/x')"],
    "projects_path_check": ["INSERT INTO projects (id, name, path) VALUES (gen_random_uuid(), 'x', 'relative')"],
    "webhooks_url_check": [WEBHOOK % ("'ftp://a/'", "'whsec_'")],
    "webhooks_secret_check": [WEBHOOK % ("'http://a/'", "'x'")],
    "branch_follows_pkey": [GOOD_FOLLOW, GOOD_FOLLOW],
    "branch_follows_branch_check": [FOLLOW % "'', 'c', 1, 0, 'watching', '', '', ''"],
    "branch_follows_rounds_max_check": [FOLLOW % "'b', 'c', -1, 0, 'watching', '', '', ''"],
    "branch_follows_cost_max_usd_check": [FOLLOW % "'b', 'c', 1, -1, 'watching', '', '', ''"],
    "branch_follows_check": [FOLLOW % "'b', 'c', 1, 0, 'stopped', '', '', ''"],
    "branch_follows_ci_check": [FOLLOW % "'b', 'c', 1, 0, 'watching', '', 'x', ''"],
    "branch_follows_review_check": [FOLLOW % "'b', 'c', 1, 0, 'watching', '', '', 'x'"],
    "forge_events_session_id_key_key": [GOOD_FOLLOW, FORGE_EVENT, FORGE_EVENT],
    "webhook_deliveries_check": [GOOD_WEBHOOK, DELIVERY % ("state", "'delivered'")],
    "webhook_deliveries_check1": [GOOD_WEBHOOK, DELIVERY % ("lease_until", "now()")],
    "stored_snapshots_pkey": [SNAPSHOT, STORED % ("tree", "'stored'", "0"), STORED % ("tree", "'stored'", "0")],
    "stored_snapshots_tree_check": [SNAPSHOT, STORED % ("'x'", "'stored'", "0")],
    "stored_snapshots_state_check": [SNAPSHOT, STORED % ("tree", "'x'", "0")],
    "stored_snapshots_size_bytes_check": [SNAPSHOT, STORED % ("tree", "'stored'", "-1")],
    "stored_pack_chunks_pkey": [SNAPSHOT, PACK_CHUNK % "0", PACK_CHUNK % "0"],
    "stored_pack_chunks_place_check": [SNAPSHOT, PACK_CHUNK % "-1"],
    "takeover_failures_pkey": [NOT_TAKEN_OVER] * 2,
    "trusted_files_pkey": [TRUSTED % f"'a', {HASH}"] * 2,
    "trusted_files_path_check": [TRUSTED % f"'', {HASH}"],
    "trusted_files_sha256_check": [TRUSTED % "'a', 'short'"],
    "browser_sessions_pkey": [BROWSER % (ID, HASH), BROWSER % (ID, HASH.replace("c", "d"))],
    "browser_sessions_cookie_hash_key": [BROWSER % ("gen_random_uuid()", HASH)] * 2,
    "browser_sessions_cookie_hash_check": [BROWSER % (ID, "'short'")],
    "access_tokens_pkey": [TOKEN % (ID, ID, "'a'", HASH), TOKEN % (ID, ID, "'b'", HASH.replace("c", "d"))],
    "access_tokens_host_id_name_key": [
        TOKEN % ("gen_random_uuid()", ID, "'a'", HASH),
        TOKEN % ("gen_random_uuid()", ID, "'a'", HASH.replace("c", "d")),
    ],
    "access_tokens_token_hash_key": [
        TOKEN % ("gen_random_uuid()", ID, "'a'", HASH),
        TOKEN % ("gen_random_uuid()", ID, "'b'", HASH),
    ],
    "access_tokens_name_check": [TOKEN % (ID, ID, "''", HASH)],
    "access_tokens_token_hash_check": [TOKEN % (ID, ID, "'a'", "'short'")],
    "steers_prompt_check": [STEER.replace("'x'", "''") % ("state", "'reserved'")],
    "steers_part_check": [STEER % (PLACED, "'delivered', m.id, -1, now()")],
    "steers_place_is_whole": [STEER % (PLACED, "'delivered', NULL, 1, now()")],
    "steers_sent_has_place": [STEER % ("state", "'delivered'")],
    "steers_waiting_has_none": [STEER % (PLACED, "'reserved', m.id, 1, now()")],
    "steers_returned_is_task": [STEER % ("state, ended_at", "'returned', now()")],
    "steers_final_has_end": [STEER % ("state, ended_at", "'reserved', now()")],
    "steers_queued_task_id_key": [STEER % ("state, queued_task_id, ended_at", "'returned', t.id, now()")] * 2,
    "steers_idempotency_key_key": [STEER % ("idempotency_key", "'k'")] * 2,
    "projects_path_key": ["INSERT INTO projects (id, name, path) SELECT gen_random_uuid(), name, path FROM projects"],
    "tasks_prompt_check": ["UPDATE tasks SET prompt = ''"],
    "tasks_one_running_per_session": [TASK % ("state, started_at", "'running', now()")],
    "tasks_idempotency_key_key": [
        "UPDATE tasks SET idempotency_key = 'k', request_hash = 'h'",
        TASK % ("idempotency_key, request_hash", "'k', 'h'"),
    ],
    "tasks_check": ["UPDATE tasks SET state = 'completed'"],
    "tasks_check again": [TASK % ("ended_at", "now()")],
    "tasks_check1": ["UPDATE tasks SET started_at = NULL"],
    "tasks_check2": ["UPDATE tasks SET idempotency_key = 'k'"],
    "hooks_name_check": [HOOK % ("'A'", "'x'", "1", "'whsec_'")],
    "hooks_prompt_check": [HOOK % ("'a'", "''", "1", "'whsec_'")],
    "hooks_per_hour_check": [HOOK % ("'a'", "'x'", "0", "'whsec_'")],
    "hooks_secret_check": [HOOK % ("'a'", "'x'", "1", "'x'")],
    "hooks_pkey": [HOOK % ("'a'", "'x'", "1", "'whsec_'"), HOOK % ("'a'", "'x'", "1", "'whsec_'")],
    "tasks_agent_has_parent": ["UPDATE tasks SET origin = 'agent'"],
    "tasks_parent_has_root": ["UPDATE tasks SET origin = 'agent', parent_task_id = id, depth = 1"],
    "tasks_depth_is_parents": ["UPDATE tasks SET depth = 1"],
    "tasks_chat_id_session_id_fkey": [
        "INSERT INTO sessions (id, project_id, title) SELECT gen_random_uuid(), id, 'other' FROM projects",
        "UPDATE tasks SET session_id = (SELECT id FROM sessions WHERE title = 'other')",
    ],
    "attempts_epoch_check": ["UPDATE attempts SET epoch = 0"],
    "attempts_pkey": ["INSERT INTO attempts SELECT * FROM attempts"],
    "attempts_one_live_per_task": [
        "INSERT INTO attempts (task_id, epoch, host_id, instance_id, lease_until)"
        " SELECT task_id, 2, host_id, instance_id, lease_until FROM attempts"
    ],
    "attempts_check": ["UPDATE attempts SET ended_at = now()"],
    "attempts_outcome_check": ["UPDATE attempts SET ended_at = now(), outcome = 'running'"],
    "messages_check": [MESSAGE % "'assistant', 'complete', NULL"],
    "messages_check again": ["UPDATE messages SET finished_at = now()"],
    "messages_check1": [MESSAGE % "'user', 'failed', now()"],
    "messages_one_user_per_task": [MESSAGE % "'user', 'complete', now()", MESSAGE % "'user', 'complete', now()"],
    "messages_one_streaming_per_task": [MESSAGE % "'assistant', 'streaming', NULL"],
    "message_parts_part_check": [PART % "-1, 'text', 'k'"],
    "message_parts_pkey": [PART % "0, 'text', 'k'", PART % "0, 'text', 'l'"],
    "message_parts_message_id_key_key": [PART % "0, 'text', 'k'", PART % "1, 'text', 'k'"],
    "part_chunks_field_check": [PART % "0, 'text', 'k'", CHUNK % "'other', 0, 'x', session_id, NULL"],
    "part_chunks_offset_check": [PART % "0, 'text', 'k'", CHUNK % "'text', -1, 'x', session_id, 1"],
    "part_chunks_text_check": [PART % "0, 'text', 'k'", CHUNK % "'text', 0, '', session_id, 1"],
    "part_chunks_check": [PART % "0, 'text', 'k'", CHUNK % "'text', 0, 'x', session_id, NULL"],
    "part_chunks_check again": [PART % "0, 'text', 'k'", CHUNK % "'output', 0, 'x', session_id, 1"],
    "part_chunks_message_id_part_fkey": [CHUNK % "'text', 0, 'x', session_id, 1"],
    "part_chunks_pkey": [
        PART % "0, 'text', 'k'",
        CHUNK % "'text', 0, 'x', session_id, 1",
        CHUNK % "'text', 0, 'y', session_id, 2",
    ],
    "part_chunks_by_seq": [
        PART % "0, 'text', 'k'",
        CHUNK % "'text', 0, 'x', session_id, 1",
        CHUNK % "'text', 1, 'y', session_id, 1",
    ],
    "events_seq_check": [EVENT % "0"],
    "events_pkey": [EVENT % "1", EVENT % "1"],
    "session_worktrees_base_commit_check": [WORKTREE % f"'/w', 'HEAD', {TREE}"],
    "session_worktrees_base_tree_check": [WORKTREE % f"'/w', {TREE}, 'short'"],
    "session_worktrees_pkey": [WORKTREE % f"'/w', {TREE}, {TREE}", WORKTREE % f"'/v', {TREE}, {TREE}"],
    "session_worktrees_path_key": [
        WORKTREE % f"'/w', {TREE}, {TREE}",
        "INSERT INTO sessions (id, project_id, title) SELECT gen_random_uuid(), id, 'other' FROM projects",
        f"INSERT INTO session_worktrees SELECT id, '/w', {TREE}, {TREE}, 'ready' FROM sessions WHERE title = 'other'",
    ],
    "session_worktrees_size_bytes_check": [
        WORKTREE % f"'/w', {TREE}, {TREE}",
        "UPDATE session_worktrees SET size_bytes = -1, measured_at = now()",
    ],
    "session_worktrees_check": [WORKTREE % f"'/w', {TREE}, {TREE}", "UPDATE session_worktrees SET busy_why = 'rewind'"],
    "session_worktrees_check1": [WORKTREE % f"'/w', {TREE}, {TREE}", "UPDATE session_worktrees SET size_bytes = 1"],
    "chats_check": ["UPDATE chats SET parent_message_ord = 1"],
    "snapshots_tree_check": [
        "INSERT INTO snapshots (id, session_id, kind, tree)"
        " SELECT gen_random_uuid(), session_id, 'manual', '' FROM tasks"
    ],
    "attachments_check": [
        "INSERT INTO attachments (id, place, name, media_type, size_bytes, path)"
        " VALUES (gen_random_uuid(), 1, 'a', 'text/plain', 1, '/a')"
    ],
    "message_words_slice_check": [WORDS % 10],
    "message_words_pkey": [WORDS % 5, WORDS % 5],
    "pending_changes_check": [CHANGE, "UPDATE pending_changes SET state = 'applied'"],
    "pending_changes_check1": [CHANGE, "UPDATE pending_changes SET tree = base_tree"],
    "pending_changes_one_per_session": [CHANGE, CHANGE],
    "change_applies_pkey": [CHANGE, APPLY, APPLY],
    "change_applies_check": [CHANGE, APPLY, "UPDATE change_applies SET state = 'done'"],
    "change_applies_one_writing_per_project": [*TWO_CHANGES, APPLY],
    "change_applies_check1": [CHANGE, APPLY, "UPDATE change_applies SET target = 'commit'"],
    "change_applies_check3": [
        CHANGE,
        APPLY,
        "UPDATE change_applies SET branch_ref = 'refs/heads/x', branch_at = now()",
    ],
    "change_applies_check4": [
        CHANGE,
        APPLY,
        "UPDATE change_applies SET branch_ref = 'refs/heads/x', branch_commit = 'c'",
    ],
    "change_applies_check2": [CHANGE, APPLY, "UPDATE change_applies SET target = 'branch', ref = 'refs/heads/x'"],
    "pending_changes_applied_tree_check": [CHANGE, "UPDATE pending_changes SET applied_tree = 'short'"],
    "worktree_updates_pkey": [UPDATING, UPDATING],
    "permission_rules_tool_check": [RULE % "NULL, NULL, ''"],
    "permission_rules_check": [RULE % "project_id, session_id, 'bash'"],
    "permission_requests_part_check": [REQUEST % ("state", "'asked'"), "UPDATE permission_requests SET part = -1"],
    "permission_requests_check": [REQUEST % (DECIDED, "'allowed', 'person', NULL")],
    "permission_requests_check1": [REQUEST % (DECIDED, "'allowed', NULL, now()")],
    "permission_requests_check2": [REQUEST % ("told_at", "now()")],
    "permission_requests_check3": [
        REQUEST % (DECIDED, "'allowed', 'person', now()"),
        "UPDATE permission_requests SET kind = 'question'",
    ],
    "permission_requests_check4": [REQUEST % (DECIDED, "'answered', 'person', now()")],
    "permission_requests_check5": [REQUEST % (DECIDED, "'cancelled', 'person', now()")],
    "permission_requests_check6": [
        REQUEST % (f"{DECIDED}, rule_id", "'allowed', 'person', now(), gen_random_uuid()"),
    ],
    "permission_requests_one_open": [REQUEST % ("state", "'asked'"), REQUEST % ("state", "'asked'")],
    "permission_requests_task_id_epoch_fkey": [
        REQUEST % ("state", "'asked'"),
        "UPDATE permission_requests SET epoch = 2",
    ],
    "review_decisions_pkey": [DECISION % "'u', 'a', 'hunk', 1, 1", DECISION % "'u', 'b', 'file', 0, 0"],
    "review_decisions_unit_id_check": [DECISION % "'', 'a', 'hunk', 1, 1"],
    "review_decisions_kind_check": [DECISION % "'u', 'a', 'line', 1, 1"],
    "review_decisions_old_start_check": [DECISION % "'u', 'a', 'hunk', -1, 1"],
    "review_decisions_old_count_check": [DECISION % "'u', 'a', 'hunk', 1, -1"],
    "edited_is_accepted": [
        DECISION % "'u', 'a', 'hunk', 1, 1",
        "UPDATE review_decisions SET verdict = 'rejected', edited = 'x'",
    ],
    "review_parts_pkey": [PART_OF_UNIT % "'u', 'c', 1, 1, 1, 0", PART_OF_UNIT % "'u', 'd', 1, 1, 1, 0"],
    "review_parts_unit_id_check": [PART_OF_UNIT % "'', 'c', 1, 1, 1, 0"],
    "review_parts_content_id_check": [PART_OF_UNIT % "'u', '', 1, 1, 1, 0"],
    "review_parts_old_start_check": [PART_OF_UNIT % "'u', 'c', -1, 1, 1, 0"],
    "review_parts_old_count_check": [PART_OF_UNIT % "'u', 'c', 1, -1, 1, 0"],
    "review_parts_new_count_check": [PART_OF_UNIT % "'u', 'c', 1, 1, -1, 0"],
    "review_parts_place_check": [PART_OF_UNIT % "'u', 'c', 1, 1, 1, -1"],
    "review_comments_side_check": [CHANGE, COMMENT % "'both', 1, 1, '', 'x'"],
    "review_comments_first_line_check": [CHANGE, COMMENT % "'new', -1, 1, '', 'x'"],
    "review_comments_check": [CHANGE, COMMENT % "'new', 2, 1, '', 'x'"],
    "review_comments_body_check": [CHANGE, COMMENT % "'new', 1, 1, '', ''"],
    "agent_notes_text_check": [
        "INSERT INTO agent_notes (id, session_id, text) SELECT gen_random_uuid(), id, '' FROM sessions",
    ],
    "sessions_start_from_check": ["UPDATE sessions SET start_from = ''"],
    "sessions_check": ["UPDATE sessions SET start_from = 'main', start_dirty = true"],
    "sessions_check1": ["UPDATE sessions SET archived_with_project = true"],
    "project_settings_pkey": [PROJECT_SETTINGS, PROJECT_SETTINGS],
    "project_settings_setup_timeout_s_check": [PROJECT_SETTINGS, "UPDATE project_settings SET setup_timeout_s = 0"],
    "project_settings_teardown_timeout_s_check": [
        PROJECT_SETTINGS,
        "UPDATE project_settings SET teardown_timeout_s = 0",
    ],
    "event_streams_pkey": ["INSERT INTO event_streams (session_id) SELECT id FROM sessions"],
    "chats_id_session_id_key": [
        "ALTER TABLE chats DROP CONSTRAINT chats_pkey CASCADE",
        "INSERT INTO chats (id, session_id, title) SELECT id, session_id, title FROM chats",
    ],
    "hosts_max_turns_check": ["UPDATE hosts SET max_turns = 0"],
    "host_projects_pkey": [HOST_PROJECT % "'ready'"] * 2,
    "host_projects_state_check": [HOST_PROJECT % "'lost'"],
    "available_agents_pkey": [
        "INSERT INTO available_agents (host_id, name, backend, state) SELECT id, 'x', 'x', 'ready' FROM hosts",
        "INSERT INTO available_agents (host_id, name, backend, state) SELECT id, 'x', 'x', 'ready' FROM hosts",
    ],
    "earlier_bases_pkey": [EARLIER_BASE, EARLIER_BASE],
    "agent_sessions_pkey": [
        AGENT_SESSION,
        AGENT_SESSION,
    ],
}
# Plain primary keys of random ids, and the identity columns that the server fills itself.
OBVIOUS = {
    "hosts_pkey",
    "projects_pkey",
    "sessions_pkey",
    "deleted_sessions_pkey",
    "chats_pkey",
    "tasks_pkey",
    "tasks_ord_key",
    "messages_pkey",
    "messages_ord_key",
    "snapshots_pkey",
    "pending_changes_pkey",
    "schema_migrations_pkey",
    "permission_requests_pkey",
    "permission_requests_ord_key",
    "permission_rules_pkey",
    "permission_rules_ord_key",
    "review_comments_pkey",
    "agent_notes_pkey",
    "attachments_pkey",
    "attachment_contents_pkey",
    "agent_notes_ord_key",
    "steers_pkey",
    "steers_ord_key",
    "forge_events_pkey",
    "forge_events_ord_key",
    "gate_runs_pkey",
    "webhooks_pkey",
    "webhook_deliveries_pkey",
    "webhook_deliveries_ord_key",
    "stored_snapshots_ord_key",
}


async def begin(conn: Connection) -> None:
    """A host, a session, a running task and its streaming message."""
    host = await add_host(conn)
    await add_answer(conn, await add_running(conn, host, await add_place(conn)))


async def refused_by(conn: Connection, statements: list[str]) -> str:
    """The constraint that the last statement violates; all is rolled back."""
    *before, last = statements
    transaction = conn.transaction()
    await transaction.start()
    try:
        for text in before:
            await conn.execute(text)
        await conn.execute(last)
    except asyncpg.IntegrityConstraintViolationError as error:
        return str(error.constraint_name)
    finally:
        await transaction.rollback()
    return "nothing"


async def test_every_violation_is_refused(database: Database) -> None:
    async with database.connection() as conn:
        await begin(conn)
        refused = {name: await refused_by(conn, statements) for name, statements in CASES.items()}
    assert refused == {name: name.removesuffix(" again") for name in CASES}


async def test_every_check_and_unique_index_has_its_case(database: Database) -> None:
    async with database.connection() as conn:
        rows = await conn.fetch(
            "SELECT conname::text FROM pg_constraint"
            " WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
            " UNION SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
            " WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace"
        )
    assert {row[0] for row in rows} - OBVIOUS == {
        name.removesuffix(" again") for name in CASES if not name.endswith("_fkey")
    }


async def test_a_task_without_prompt_is_refused_by_its_function(database: Database) -> None:
    async with database.connection() as conn:
        place = await add_place(conn)
        with pytest.raises(asyncpg.CheckViolationError):
            await add_task(conn, place, prompt="")
