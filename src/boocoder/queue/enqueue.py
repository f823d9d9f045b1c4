"""Puts a task into the queue: checks it, makes its session and chat where needed, all in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import msgspec

from boocoder.db import attachments, chats, events, projects, sessions, starts, tasks
from boocoder.db.pool import Connection, Database
from boocoder.errors import Conflict, InvalidInput
from boocoder.events import frames
from boocoder.model.ids import AttachmentId, ChatId, ProjectId, SessionId, TaskId, new_id
from boocoder.model.limits import PROMPT_MAX_CHARS, TITLE_MAX_CHARS

NAME_MAX_CHARS = 200  # of an agent, model, mode, thinking option or idempotency key: one line of a screen
PRIORITY_MAX = 1_000  # both ways; more steps than a person can tell apart


@dataclass(frozen=True, slots=True)
class NewTask:
    """A request to do something. At least one of the three ids is given; those that are must belong together.

    Args:
        prompt: not blank, at most PROMPT_MAX_CHARS characters that UTF-8 and PostgreSQL can hold.
        project_id: alone: a new session is made in it.
        session_id: without a chat: its newest chat goes on, or a first one is made in it.
        chat_id: the conversation that goes on.
        agent: the product's name; None for the one that the chat used last, with that one's model, mode and
            thinking option where these are None too.
        model, mode, thinking: ids out of the agent's own lists, None for its default.
        priority: between sessions, higher first, within +-PRIORITY_MAX.
        title: of a new session and chat; None to take the prompt's first line.
        idempotency_key: the same key with the same request gives the same task, however often it is sent.
        start_from: of a new session: the branch, tag or commit that its worktree starts from.
        start_dirty: of a new session: start from the checkout as it is, with what is not committed.
        attachments: files that were taken before and that no task has yet; each once.
    """

    prompt: str
    project_id: ProjectId | None = None
    session_id: SessionId | None = None
    chat_id: ChatId | None = None
    agent: str | None = None
    model: str | None = None
    mode: str | None = None
    thinking: str | None = None
    priority: int = 0
    title: str | None = None
    idempotency_key: str | None = None
    start_from: str | None = None
    start_dirty: bool = False
    attachments: tuple[AttachmentId, ...] = ()


@dataclass(frozen=True, slots=True)
class Enqueued:
    """Where the task went.

    Args:
        created: False if the idempotency key named a task that existed.
        events: the durable frames that were stored, with their seq, to be published; empty if not created.
    """

    task_id: TaskId
    session_id: SessionId
    chat_id: ChatId
    created: bool
    events: tuple[frames.Frame, ...]


Also = Callable[[Connection, TaskId], Awaitable[None]]
"""What is written in the transaction of a new task; an error that it raises undoes the task."""
Before = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a task belongs; `chat` is None for a chat that is made now."""

    project_id: ProjectId
    session_id: SessionId
    chat_id: ChatId
    chat: chats.Chat | None


@dataclass(frozen=True, slots=True)
class _Choice:
    """What the task is sent to."""

    agent: str
    model: str | None
    mode: str | None
    thinking: str | None


async def enqueue(
    database: Database, new_task: NewTask, *, also: Also | None = None, before: Before | None = None
) -> Enqueued:
    """Store a task, and the session and chat that it asks for.

    Args:
        also: written with the task, or not at all; not called for a task that the idempotency key had made before.
        before: refuses a request by an error, looking at more than the database; not called for such a task either.

    Raises:
        InvalidInput: prompt_blank, prompt_too_long, text_not_storable, name_invalid, priority_invalid,
            place_missing, place_mismatch, agent_missing, start_not_new, start_ambiguous, attachment_unusable.
        NotFound: project_not_found, session_not_found, chat_not_found.
        Conflict: session_archived, project_archived, idempotency_key_reused.
        Unavailable: the database is not there.
    """
    check(new_task)
    digest = request_hash(new_task)
    # A key that is taken between the look and the insert is found by the second look.
    for _ in range(2):
        known = await _known(database, new_task, digest)
        if known is not None:
            return known
        if before is not None:
            await before()
        try:
            async with database.transaction() as conn:
                made = await _insert(conn, new_task, digest)
                if also is not None:
                    await also(conn, made.task_id)
                return made
        except _KeyTakenError:
            continue
    raise Conflict("idempotency_key_reused", "The idempotency key was taken at this moment.", "Send it again.")


class _KeyTakenError(Exception):
    """Another request with the same key was quicker; this transaction is rolled back."""


def check(new_task: NewTask) -> None:
    """Refuse what cannot be right whatever the database holds.

    Raises:
        InvalidInput: as `enqueue`.
    """
    check_prompt(new_task.prompt)
    if new_task.title is not None:
        check_text("title", new_task.title)
    for field in ("agent", "model", "mode", "thinking", "idempotency_key"):
        _check_name(field, getattr(new_task, field))
    if abs(new_task.priority) > PRIORITY_MAX:
        text = f"The priority {new_task.priority} is not between -{PRIORITY_MAX} and {PRIORITY_MAX}."
        raise InvalidInput("priority_invalid", text)
    if new_task.project_id is None and new_task.session_id is None and new_task.chat_id is None:
        raise InvalidInput("place_missing", "The task names no project, session or chat.", "Name one of them.")
    if (new_task.session_id or new_task.chat_id) and (new_task.start_from or new_task.start_dirty):
        text = "The session has its start already; only a new one can be told where to start from."
        raise InvalidInput("start_not_new", text, "Leave the start out, or name the project only.")
    check_start(new_task.start_from, new_task.start_dirty)


def check_prompt(prompt: str) -> None:
    """Refuse a prompt that no agent could be sent.

    Raises:
        InvalidInput: prompt_blank, prompt_too_long, text_not_storable.
    """
    if not prompt.strip():
        raise InvalidInput("prompt_blank", "The prompt is blank.", "Say what is to be done.")
    if len(prompt) > PROMPT_MAX_CHARS:
        text = f"The prompt has {len(prompt)} characters; {PROMPT_MAX_CHARS} are allowed."
        raise InvalidInput("prompt_too_long", text, "Put the long part into a file of the project and name it.")
    check_text("prompt", prompt)


def check_start(start_from: str | None, start_dirty: bool) -> None:
    """Refuse a start that cannot be right in any repository.

    Raises:
        InvalidInput: start_ambiguous, or text_not_storable.
    """
    if start_from is not None and start_dirty:
        text = f"A session starts either from {start_from} or from the checkout as it is, not from both."
        raise InvalidInput("start_ambiguous", text, "Leave one of them out.")
    if start_from is not None:
        check_text("start", start_from)


def check_text(field: str, text: str) -> None:
    """Refuse a text that the database cannot hold.

    Raises:
        InvalidInput: text_not_storable.
    """
    if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        reason = f"The {field} holds a NUL character or half a surrogate pair."
        raise InvalidInput("text_not_storable", reason, "Remove it.")


def _check_name(field: str, value: str | None) -> None:
    if value is None:
        return
    check_text(field, value)
    if not value.strip() or len(value) > NAME_MAX_CHARS or not value.isprintable():
        reason = f"The {field} is blank, longer than {NAME_MAX_CHARS} characters or not printable."
        raise InvalidInput("name_invalid", reason, "Leave it out or give one of the names that the agent lists.")


def request_hash(new_task: NewTask) -> bytes:
    """SHA-256 of everything in the request but its idempotency key."""
    return hashlib.sha256(msgspec.json.encode(replace(new_task, idempotency_key=None))).digest()


def title_of(new_task: NewTask) -> str:
    """The given title, else the prompt's first line that is not blank, cut to TITLE_MAX_CHARS."""
    lines = (line.strip() for line in (new_task.title or "", *new_task.prompt.splitlines()))
    return next(line for line in lines if line)[:TITLE_MAX_CHARS]


async def _known(database: Database, new_task: NewTask, digest: bytes) -> Enqueued | None:
    """The task that the idempotency key names, if any."""
    if new_task.idempotency_key is None:
        return None
    async with database.connection() as conn:
        known = await tasks.find_by_idempotency_key(conn, new_task.idempotency_key)
    if known is None:
        return None
    if known.request_hash != digest:
        text = f"The idempotency key {new_task.idempotency_key} was used for another request."
        raise Conflict("idempotency_key_reused", text, "Use a new key for a new request.")
    return Enqueued(known.id, known.session_id, known.chat_id, created=False, events=())


async def _insert(conn: Connection, new_task: NewTask, digest: bytes) -> Enqueued:
    place = await _place(conn, new_task)
    choice = _choice(new_task, place.chat)
    task_id = TaskId(new_id())
    number = await tasks.insert_task(
        conn,
        task_id,
        project_id=place.project_id,
        session_id=place.session_id,
        chat_id=place.chat_id,
        prompt=new_task.prompt,
        agent=choice.agent,
        model=choice.model,
        mode=choice.mode,
        thinking=choice.thinking,
        priority=new_task.priority,
        idempotency_key=new_task.idempotency_key,
        request_hash=None if new_task.idempotency_key is None else digest,
    )
    if number is None:
        raise _KeyTakenError
    await _attach(conn, new_task.attachments, task_id)
    await chats.remember_choice(
        conn, place.chat_id, agent=choice.agent, model=choice.model, mode=choice.mode, thinking=choice.thinking
    )
    frame = await _queue_changed(conn, place.session_id, task_id)
    return Enqueued(task_id, place.session_id, place.chat_id, created=True, events=(frame,))


async def _attach(conn: Connection, wanted: tuple[AttachmentId, ...], task_id: TaskId) -> None:
    if not wanted:
        return
    missing = set(wanted) - await attachments.attach(conn, wanted, task_id)
    if missing or len(set(wanted)) != len(wanted):
        which = ", ".join(str(one) for one in missing) or "One of the attachments"
        text = f"{which} is not there any more, was sent with another task, or is named twice."
        raise InvalidInput("attachment_unusable", text, "Attach the file again.")


async def _place(conn: Connection, new_task: NewTask) -> _Place:
    """Find or make the session and the chat; the session's row is held until the commit, so that tasks of one
    session are numbered in the order in which they become visible."""
    chat = None if new_task.chat_id is None else await chats.get_chat(conn, new_task.chat_id)
    session_id = new_task.session_id or (chat.session_id if chat else None)
    if chat is not None and chat.session_id != session_id:
        raise _mismatch(f"Chat {chat.id} is not in session {session_id}.")
    if session_id is None:
        return await _new_session(conn, new_task)
    session = await sessions.lock_session(conn, session_id)
    if new_task.project_id is not None and session.project_id != new_task.project_id:
        raise _mismatch(f"Session {session.id} is not in project {new_task.project_id}.")
    if session.state is sessions.SessionState.ARCHIVED:
        raise Conflict("session_archived", f"Session {session.id} is archived.", "Open it again or use another one.")
    chat = chat or await _newest_chat(conn, session.id)
    if chat is not None:
        return _Place(session.project_id, session.id, chat.id, chat)
    return _Place(session.project_id, session.id, await _new_chat(conn, new_task, session.id), None)


async def _newest_chat(conn: Connection, session_id: SessionId) -> chats.Chat | None:
    made = await chats.list_chats(conn, session_id)
    return made[-1] if made else None


async def _new_session(conn: Connection, new_task: NewTask) -> _Place:
    assert new_task.project_id is not None
    project = await projects.hold_project(conn, new_task.project_id)
    session_id = SessionId(new_id())
    await sessions.insert_session(conn, session_id, project.id, title_of(new_task))
    if new_task.start_from is not None or new_task.start_dirty:
        await starts.set_start(conn, session_id, start_from=new_task.start_from, start_dirty=new_task.start_dirty)
    return _Place(project.id, session_id, await _new_chat(conn, new_task, session_id), None)


async def _new_chat(conn: Connection, new_task: NewTask, session_id: SessionId) -> ChatId:
    chat_id = ChatId(new_id())
    await chats.insert_chat(conn, chat_id, session_id, title_of(new_task))
    return chat_id


def _choice(new_task: NewTask, chat: chats.Chat | None) -> _Choice:
    """What the request names, or what the chat remembers where it names no agent."""
    if new_task.agent is not None:
        return _Choice(new_task.agent, new_task.model, new_task.mode, new_task.thinking)
    if chat is None or chat.agent is None:
        raise InvalidInput("agent_missing", "The task names no agent and its chat has none yet.", "Name an agent.")
    return _Choice(
        chat.agent,
        new_task.model or chat.model,
        new_task.mode or chat.mode,
        new_task.thinking or chat.thinking,
    )


async def _queue_changed(conn: Connection, session_id: SessionId, task_id: TaskId) -> frames.QueueChanged:
    pending = (await tasks.count_tasks(conn, session_id)).pending
    frame = frames.QueueChanged(session_id=session_id, task_id=task_id, state="pending", pending=pending)
    await events.append_frames(conn, session_id, [frame])
    return frame


def _mismatch(text: str) -> InvalidInput:
    return InvalidInput("place_mismatch", text, "Give only the innermost of project, session and chat.")
