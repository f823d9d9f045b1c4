"""One running service as a person's client sees it: queue a task, follow its session, read what came of it."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import msgspec

from boocoder.client.http_client import Client
from boocoder.events import frames
from tests.acceptance.many_tasks import Created, Id
from tests.fixtures.service import Installation
from tests.invariants import World, processes_of, violations

WAIT_S = 100.0  # a cold agent with all cores busy


class TaskView(msgspec.Struct):
    """What tests look at of a task."""

    id: UUID
    state: str
    epoch: int
    agent: str
    error_code: str | None
    error_text: str | None
    error_cure: str | None
    summary: str | None


class PartView(msgspec.Struct):
    """What tests look at of a part."""

    part: int
    kind: str
    text: str
    text_chars: int
    data: dict[str, object] | None


class MessageView(msgspec.Struct):
    """What tests look at of a message."""

    id: UUID
    role: str
    status: str
    text: str
    parts: list[PartView]


class ChangeView(msgspec.Struct):
    """What tests look at of a change."""

    id: UUID
    state: str
    agent: str
    additions: int
    deletions: int


@dataclass
class ServiceHarness:
    """A client and the project that it works on."""

    client: Client
    project: Path

    async def queue(self, prompt: str, *, session: str = "", agent: str = "scripted", **more: str) -> Created:
        """Queue a task, in a new session unless one is given."""
        body: dict[str, str | int | None] = {"prompt": prompt, "agent": agent, **more}
        if session:
            body["session_id"] = session
        else:
            body["project_id"] = (await self.client.post("/api/projects", Id, {"path": str(self.project)})).id
        return await self.client.post("/api/tasks", Created, body)

    async def follow(
        self,
        created: Created,
        *,
        until: type[frames.FrameBase] = frames.TurnEndedFrame,
        timeout_s: float = WAIT_S,
        after: int = 0,
    ) -> list[frames.Frame]:
        """The session's frames after a number to the first of a kind that belongs to this task."""
        seen: list[frames.Frame] = []
        async with asyncio.timeout(timeout_s), aclosing(self.client.stream(UUID(created.session_id), after)) as stream:
            async for frame in stream:
                seen.append(frame)
                if isinstance(frame, until) and str(getattr(frame, "task_id", created.task_id)) == created.task_id:
                    return seen
        raise AssertionError("the stream ended")

    async def run(
        self, prompt: str, *, session: str = "", agent: str = "scripted"
    ) -> tuple[Created, frames.TurnEndedFrame]:
        """Queue a task and wait for its end."""
        created = await self.queue(prompt, session=session, agent=agent)
        ended = (await self.follow(created))[-1]
        assert isinstance(ended, frames.TurnEndedFrame)
        return created, ended

    async def task(self, created: Created) -> TaskView:
        """The task now."""
        return await self.client.get(f"/api/tasks/{created.task_id}", TaskView)

    async def messages(self, created: Created) -> list[MessageView]:
        """The chat's messages."""
        return await self.client.items(f"/api/chats/{created.chat_id}/messages", MessageView)

    async def answer(self, created: Created) -> str:
        """All text of the newest message."""
        newest = (await self.messages(created))[-1]
        return "".join(part.text for part in newest.parts if part.kind == "text")

    async def changes(self, created: Created) -> list[ChangeView]:
        """The session's changes, newest first."""
        return await self.client.items("/api/changes", ChangeView, session_id=created.session_id)

    async def cancel(self, created: Created) -> None:
        """Ask the task to end."""
        await self.client.request("POST", f"/api/tasks/{created.task_id}/cancel", body={})


async def close(service: Installation, dsn: str, repositories: dict[Path, str]) -> None:
    """Stop the service; nothing of it is left, and the invariants hold."""
    assert await asyncio.to_thread(service.stop) == 0
    assert processes_of(service.data_dir) == []
    assert await violations(World(dsn, service.data_dir, repositories)) == []


def of_kind(seen: list[frames.Frame], kind: type[frames.FrameBase]) -> list[frames.Frame]:
    """The frames of one kind."""
    return [frame for frame in seen if isinstance(frame, kind)]


def text_of(seen: list[frames.Frame]) -> str:
    """The text that the deltas add up to, applied by the rule of docs/frames.md."""
    parts: dict[tuple[UUID, int], str] = {}
    for frame in seen:
        if isinstance(frame, frames.DeltaFrame):
            have = parts.get((frame.message_id, frame.part), "")
            assert frame.offset <= len(have), "a gap in the text"
            parts[frame.message_id, frame.part] = have[: frame.offset] + frame.text
    return "".join(parts.values())
