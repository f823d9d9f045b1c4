"""Claiming: the one statement by which a host takes tasks. It says who runs what, never how."""

from __future__ import annotations

import asyncio
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from boocoder.db.conversation.agent_sessions import AgentSessionState
from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import statement
from boocoder.db.tasks.attachments import Attachment
from boocoder.errors import Unavailable
from boocoder.model.ids import ChatId, HostId, InstanceId, ProjectId, SessionId, TaskId
from boocoder.model.session import SetupState, WorktreeState
from boocoder.net.backoff import jittered

CLAIM_TRIES = 20  # each lost race means that another claimer won one, so that the queue moves on
CLAIM_RETRY_S = 0.01  # of jitter between two tries; a winner commits within about a millisecond
_ONE_RUNNING = "tasks_one_running_per_session"


class ClaimedTask(msgspec.Struct, frozen=True):
    """A task that this host runs now, with everything that its turn needs.

    Args:
        epoch: number of this attempt.
        prompt_sent_at: when the agent got the prompt of this attempt; always None in a fresh claim.
        redact: whether secrets are replaced in what the agent says.
        native_id, config_hash, agent_session_state, seen_message_ord: the agent session of (chat, agent);
            None where there is none.
        worktree_path, base_commit, base_tree, worktree_state, setup_state: the session's worktree; None where there
            is none.
        has_notes: whether the session ever had notes for its agent, delivered or not.
        attachments: rows of files that were sent with it, as a JSON list.
    """

    id: TaskId
    ord: int
    project_id: ProjectId
    session_id: SessionId
    chat_id: ChatId
    prompt: str
    agent: str
    model: str | None
    mode: str | None
    thinking: str | None
    priority: int
    epoch: int
    cancel_requested_at: datetime | None
    created_at: datetime
    prompt_sent_at: datetime | None
    redact: bool
    project_path: str
    session_title: str
    chat_title: str
    native_id: str | None
    config_hash: str | None
    agent_session_state: AgentSessionState | None
    seen_message_ord: int | None
    worktree_path: str | None
    base_commit: str | None
    base_tree: str | None
    worktree_state: WorktreeState | None
    setup_state: SetupState | None
    has_notes: bool
    attachments: msgspec.Raw = msgspec.Raw(b"[]")

    def attached(self) -> tuple[Attachment, ...]:
        """The files that were sent with it, in their order."""
        return msgspec.json.decode(self.attachments, type=tuple[Attachment, ...])


_CLAIM = statement("tasks", "claim_tasks", row=ClaimedTask, params=(UUID, UUID, int, float, bool))
_GET_RUNNING = statement("tasks", "get_running_task", row=ClaimedTask, params=(UUID,))


async def claim_tasks(
    conn: Connection,
    host_id: HostId,
    instance_id: InstanceId,
    limit: int,
    lease_ttl_s: float,
    *,
    substitute: bool = False,
) -> list[ClaimedTask]:
    """Take the oldest waiting task of up to `limit` sessions that run nothing: highest priority, then oldest first.

    Call it outside a transaction: it is one statement and tries again when another claimer was quicker.

    Args:
        host_id: takes tasks of sessions of this host and of new ones that it can run.
        instance_id: owner of the attempts.
        limit: tasks at most, >= 1.
        lease_ttl_s: seconds until the attempts' leases run out.
        substitute: whether the host has another agent for a task whose agent no host has.

    Raises:
        Unavailable: claim_contended, lost CLAIM_TRIES races in a row.
    """
    for _ in range(CLAIM_TRIES):
        try:
            return await _CLAIM.all(conn, host_id, instance_id, limit, lease_ttl_s, substitute)
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name != _ONE_RUNNING:
                raise
        await asyncio.sleep(jittered(CLAIM_RETRY_S / 2, spread=1.0))
    raise Unavailable("claim_contended", f"Lost {CLAIM_TRIES} races for a task in a row.", "It is tried again.")


async def get_running_task(conn: Connection, task_id: TaskId) -> ClaimedTask | None:
    """What a claim would have said about a task that runs now; None if it does not run."""
    return await _GET_RUNNING.first(conn, task_id)
