"""Queues a task: resolves what it leaves open, makes its session and chat where needed, all in one transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from boocoder.broker.outbox import Outbox, OutboxTransaction
from boocoder.db.conversation import chats, sessions
from boocoder.db.core.durability import flush_commits
from boocoder.db.core.pool import Connection, Database
from boocoder.db.files import start_points
from boocoder.db.registry import projects
from boocoder.db.tasks import attachments, tasks
from boocoder.errors import Conflict, InvalidInput
from boocoder.intake.delegation import PERSON, Starter, chain_place, check_started_session
from boocoder.intake.new_task import NewTask, check, request_hash, title_of
from boocoder.intake.task_resolver import TaskResolver
from boocoder.model.ids import AttachmentId, ChatId, HostId, ProjectId, SessionId, TaskId, new_id
from boocoder.model.session import SessionState
from boocoder.model.task import TaskState
from boocoder.wire.tasks import EnqueuedTask

Also = Callable[[Connection, TaskId], Awaitable[None]]
"""What is written in the transaction of a new task; an error that it raises undoes the task."""


@dataclass(frozen=True, slots=True)
class _TaskPlacement:
    """Where a task belongs."""

    project_id: ProjectId
    session_id: SessionId
    chat_id: ChatId


async def enqueue(
    outbox: Outbox,
    new_task: NewTask,
    *,
    resolver: TaskResolver | None = None,
    also: Also | None = None,
    starter: Starter = PERSON,
) -> EnqueuedTask:
    """Store a task, and the session and chat that it asks for.

    Args:
        resolver: completes and checks the task; without one any agent and start is accepted.
        starter: who asks for it; an agent is held to its limits.
        also: written with the task, or not at all; not called where the idempotency key names an earlier task.

    Raises:
        InvalidInput: prompt_blank, prompt_too_long, text_not_storable, name_invalid, priority_invalid,
            place_missing, place_mismatch, agent_missing, start_not_new, start_ambiguous, attachment_unusable; as
            `TaskResolver`.
        NotFound: project_not_found, session_not_found, chat_not_found.
        Conflict: session_archived, project_archived, idempotency_key_reused; as `delegation.chain_place`,
            session_not_started_by_agent.
        Unavailable: the database is not there; the task may have been stored.
    """
    check(new_task)
    resolver = resolver or TaskResolver(database=outbox.database)
    resolved = await resolver.resolve(new_task)
    digest = request_hash(resolved)
    # A key that is taken between the look and the insert is found by the second look.
    for _ in range(2):
        known = await _known(outbox.database, resolved, digest)
        if known is not None:
            return known
        start_host = await resolver.check(resolved)
        try:
            # The answer waits for the disk, the turn does not: recording that its prompt is sent does, and takes the
            # task along.
            async with outbox.transaction(early=True) as transaction:
                enqueued = await _insert(transaction, resolved, digest, start_host, starter)
                if also is not None:
                    await also(transaction.conn, enqueued.task_id)
        except _KeyTakenError:
            continue
        return enqueued
    raise Conflict("idempotency_key_reused", "The idempotency key was taken at this moment.", "Send it again.")


class _KeyTakenError(Exception):
    """Another request with the same key was quicker; this transaction is rolled back."""


async def find_enqueued(database: Database, key: str | None, session_id: SessionId) -> EnqueuedTask | None:
    """The task of this session that was queued with an idempotency key, for any request.

    Raises:
        Conflict: idempotency_key_reused, the task is another session's.
    """
    known = await _by_key(database, key)
    if known is None:
        return None
    if known.session_id != session_id:
        raise _key_reused(key)
    return EnqueuedTask(known.id, known.session_id, known.chat_id, created=False)


async def _known(database: Database, new_task: NewTask, digest: bytes) -> EnqueuedTask | None:
    """The task of an earlier request with the same idempotency key."""
    known = await _by_key(database, new_task.idempotency_key)
    if known is None:
        return None
    if known.request_hash != digest:
        raise _key_reused(new_task.idempotency_key)
    return EnqueuedTask(known.id, known.session_id, known.chat_id, created=False)


async def _by_key(database: Database, key: str | None) -> tasks.KnownTask | None:
    if key is None:
        return None
    async with database.connection() as conn:
        known = await tasks.find_by_idempotency_key(conn, key)
        if known is not None:  # its own answer may still wait for the disk
            await flush_commits(conn)
    return known


def _key_reused(key: str | None) -> Conflict:
    text = f"The idempotency key {key} was used for another request."
    return Conflict("idempotency_key_reused", text, "Use a new key for a new request.")


async def _insert(
    transaction: OutboxTransaction, new_task: NewTask, digest: bytes, start_host: HostId | None, starter: Starter
) -> EnqueuedTask:
    assert new_task.agent is not None
    conn = transaction.conn
    chain = await chain_place(conn, starter)  # before the session's row, as a turn's end locks them
    place = await _place(conn, new_task, start_host, starter)
    task_id = TaskId(new_id())
    number = await tasks.insert_task(
        conn,
        task_id,
        project_id=place.project_id,
        session_id=place.session_id,
        chat_id=place.chat_id,
        prompt=new_task.prompt,
        agent=new_task.agent,
        model=new_task.model,
        mode=new_task.mode,
        thinking=new_task.thinking,
        priority=new_task.priority,
        idempotency_key=new_task.idempotency_key,
        request_hash=None if new_task.idempotency_key is None else digest,
        chain=chain,
    )
    if number is None:
        raise _KeyTakenError
    await _attach(conn, new_task.attachments, task_id)
    await chats.remember_choice(
        conn, place.chat_id, agent=new_task.agent, model=new_task.model, mode=new_task.mode, thinking=new_task.thinking
    )
    await transaction.append(
        place.session_id, [await tasks.queue_changed(conn, place.session_id, task_id, TaskState.PENDING)]
    )
    return EnqueuedTask(task_id, place.session_id, place.chat_id, created=True)


async def _attach(conn: Connection, wanted: tuple[AttachmentId, ...], task_id: TaskId) -> None:
    if not wanted:
        return
    missing = set(wanted) - await attachments.attach(conn, wanted, task_id)
    if missing or len(set(wanted)) != len(wanted):
        which = ", ".join(str(one) for one in missing) or "One of the attachments"
        text = f"{which} is not there any more, was sent with another task, or is named twice."
        raise InvalidInput("attachment_unusable", text, "Attach the file again.")


async def _place(conn: Connection, new_task: NewTask, start_host: HostId | None, starter: Starter) -> _TaskPlacement:
    """Find or make the session and the chat; the session's row is held until the commit, so that tasks of one
    session are numbered in the order in which they become visible."""
    chat = None if new_task.chat_id is None else await chats.get_chat(conn, new_task.chat_id)
    session_id = new_task.session_id or (chat.session_id if chat else None)
    if chat is not None and chat.session_id != session_id:
        raise _mismatch(f"Chat {chat.id} is not in session {session_id}.")
    if session_id is None:
        return await _new_session(conn, new_task, start_host)
    session = await sessions.lock_session(conn, session_id)
    await check_started_session(conn, session_id, starter)
    if new_task.project_id is not None and session.project_id != new_task.project_id:
        raise _mismatch(f"Session {session.id} is not in project {new_task.project_id}.")
    if session.state is SessionState.ARCHIVED:
        raise Conflict("session_archived", f"Session {session.id} is archived.", "Open it again or use another one.")
    chat = chat or await chats.newest_chat(conn, session.id)
    chat_id = chat.id if chat is not None else await _new_chat(conn, new_task, session.id)
    return _TaskPlacement(session.project_id, session.id, chat_id)


async def _new_session(conn: Connection, new_task: NewTask, start_host: HostId | None) -> _TaskPlacement:
    assert new_task.project_id is not None
    project = await projects.hold_project(conn, new_task.project_id)
    session_id = SessionId(new_id())
    await sessions.insert_session(conn, session_id, project.id, title_of(new_task))
    if new_task.start_from is not None or new_task.start_dirty:
        await start_points.set_start(
            conn, session_id, start_from=new_task.start_from, start_dirty=new_task.start_dirty, host_id=start_host
        )
    return _TaskPlacement(project.id, session_id, await _new_chat(conn, new_task, session_id))


async def _new_chat(conn: Connection, new_task: NewTask, session_id: SessionId) -> ChatId:
    chat_id = ChatId(new_id())
    await chats.insert_chat(conn, chat_id, session_id, title_of(new_task))
    return chat_id


def _mismatch(text: str) -> InvalidInput:
    return InvalidInput("place_mismatch", text, "Give only the innermost of project, session and chat.")
