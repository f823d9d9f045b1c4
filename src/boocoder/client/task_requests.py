"""Queues a task as a person describes it: in a folder, a session or a chat, with files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

from boocoder.client.attachments import send_files
from boocoder.client.http_client import Client, Json
from boocoder.wire.projects import Project
from boocoder.wire.sessions import Chat
from boocoder.wire.tasks import EnqueuedTask


@dataclass(frozen=True, slots=True)
class TaskRequest:
    """A task as typed.

    Args:
        prompt: the task's words.
        project: a folder in the repository; not used with a session.
        project_id: instead of `project`.
        session_id: continue this session, in its newest chat.
        new_chat: a fresh context over the session's files.
        agent, model, mode, thinking: None leaves the choice to the service.
        start_from: of a new session: the branch, tag or commit that it starts from.
        start_dirty: of a new session: start from the checkout as it is.
        attach: files that go with it.
        title: of a new session.
        priority: higher ones run first.
    """

    prompt: str
    project: Path
    session_id: UUID | None = None
    new_chat: bool = False
    agent: str | None = None
    model: str | None = None
    mode: str | None = None
    thinking: str | None = None
    start_from: str | None = None
    start_dirty: bool = False
    attach: tuple[Path, ...] = ()
    title: str | None = None
    priority: int = 0
    project_id: UUID | None = None


async def enqueue_task(client: Client, ask: TaskRequest) -> EnqueuedTask:
    """Put the task into the queue.

    Raises:
        BoocoderError: the service refuses it, or is not there.
    """
    where = await _destination(client, ask)
    body: dict[str, Json] = {
        **where,
        "prompt": ask.prompt,
        "agent": ask.agent,
        "model": ask.model,
        "mode": ask.mode,
        "thinking": ask.thinking,
        "title": ask.title,
        "priority": ask.priority,
        "start": {"from": ask.start_from, "dirty": ask.start_dirty},
        "attachments": [*await send_files(client, ask.attach)],
    }
    return await client.post("/api/tasks", EnqueuedTask, body, key=str(uuid4()))


async def _destination(client: Client, ask: TaskRequest) -> dict[str, str]:
    if ask.session_id is None:
        if ask.project_id is not None:
            return {"project_id": str(ask.project_id)}
        project = await client.post("/api/projects", Project, {"path": str(ask.project.absolute())})
        return {"project_id": str(project.id)}
    if ask.new_chat:
        return {"session_id": str(ask.session_id)}
    chats = await client.items(f"/api/sessions/{ask.session_id}/chats", Chat)
    return {"chat_id": str(chats[-1].id)} if chats else {"session_id": str(ask.session_id)}
