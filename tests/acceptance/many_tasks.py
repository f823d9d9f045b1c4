"""Many tasks over many sessions through the API, and waiting until the last of them has ended."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import msgspec

from boocoder.client.http_client import Client

FINAL = {"completed", "failed", "cancelled", "interrupted", "timed_out"}


class Created(msgspec.Struct):
    """The answer to a queued task."""

    task_id: str
    session_id: str
    chat_id: str


class Id(msgspec.Struct):
    """Whatever has an id."""

    id: str


class TaskState(msgspec.Struct):
    """State of a task."""

    id: str
    state: str
    error_code: str | None = None


@dataclass
class TaskLoad:
    """Tasks that a test queued.

    Args:
        repository: where they work.
        tasks: id of every task by its word, in the order in which they were queued.
        sessions: words of each session's tasks in order.
        requests: body of each request to queue a task, by its word.
    """

    repository: Path
    tasks: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, list[str]] = field(default_factory=dict)
    requests: dict[str, dict[str, str]] = field(default_factory=dict)

    async def begin(self, client: Client, count: int) -> list[str]:
        """Add the project and make sessions; returns their ids."""
        project = await client.post("/api/projects", Id, {"path": str(self.repository)})
        made = [await client.post("/api/sessions", Id, {"project_id": project.id}) for _ in range(count)]
        self.sessions |= {session.id: [] for session in made}
        return [session.id for session in made]

    async def queue(self, client: Client, session_id: str, agent: str, *, extra: str = "") -> str:
        """Queue a task whose prompt contains a unique word and writes a file of that name; returns the word."""
        word = f"w{uuid4().hex[:10]}"
        prompt = f"[[say {word}]] {extra} [[write {word}.txt|{word} was here]] [[say end-{word}]]"
        self.sessions[session_id].append(word)
        self.requests[word] = {"session_id": session_id, "prompt": prompt, "agent": agent}
        await self._send(client, word)
        return word

    async def queue_unanswered(self, client: Client) -> None:
        """Send every request again that got no answer; a task that was stored all the same is not stored twice."""
        for word in self.requests.keys() - self.tasks.keys():
            await self._send(client, word)

    async def _send(self, client: Client, word: str) -> None:
        self.tasks[word] = (await client.post("/api/tasks", Created, self.requests[word], key=word)).task_id

    async def states(self, client: Client) -> dict[str, TaskState]:
        """The state of every task, by its word."""
        found = {word: client.get(f"/api/tasks/{task_id}", TaskState) for word, task_id in self.tasks.items()}
        return dict(zip(found, await asyncio.gather(*found.values()), strict=True))

    async def wait_ended(self, client: Client, timeout_s: float) -> dict[str, TaskState]:
        """Wait until every task has ended; returns how."""
        deadline = time.monotonic() + timeout_s
        open_words = list(self.tasks)
        states: dict[str, TaskState] = {}
        while open_words:
            assert time.monotonic() < deadline, {word: states[word] for word in open_words if word in states}
            for word in list(open_words):
                states[word] = await client.get(f"/api/tasks/{self.tasks[word]}", TaskState)
                if states[word].state not in FINAL:
                    break
                open_words.remove(word)
            await asyncio.sleep(0.05)
        return states
