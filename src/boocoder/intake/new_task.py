"""A request to do something, and what can be refused in it without the database."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import msgspec

from boocoder.errors import InvalidInput
from boocoder.model.ids import AttachmentId, ChatId, ProjectId, SessionId
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


def check(new_task: NewTask) -> None:
    """Refuse values that are invalid regardless of the database.

    Raises:
        InvalidInput: as `intake.enqueue.enqueue`.
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
        text = "The session has its start already; only a new session takes one."
        raise InvalidInput("start_not_new", text, "Leave the start out, or name the project only.")
    check_start(new_task.start_from, new_task.start_dirty)


def check_prompt(prompt: str) -> None:
    """Refuse a prompt that cannot be sent to any agent.

    Raises:
        InvalidInput: prompt_blank, prompt_too_long, text_not_storable.
    """
    if not prompt.strip():
        raise InvalidInput("prompt_blank", "The prompt is blank.", "Describe what the agent should do.")
    if len(prompt) > PROMPT_MAX_CHARS:
        text = f"The prompt has {len(prompt)} characters; {PROMPT_MAX_CHARS} are allowed."
        raise InvalidInput("prompt_too_long", text, "Put the long part into a file of the project and name it.")
    check_text("prompt", prompt)


def check_start(start_from: str | None, start_dirty: bool) -> None:
    """Refuse a start that no repository can have.

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
