"""`boocoder serve` in a data directory of its own, and a minimal client to measure it."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2

from bench.program import Program, program
from bench.recorder import TextRecorder
from boocoder.events import frames
from boocoder.net.sse import SseParser
from boocoder.process.environment import agent_environment
from boocoder.service import TaskSupervisor

READY_TIMEOUT_S = 90.0  # the first start makes a database
READY_POLL_S = 0.005
REQUEST_TIMEOUT_S = 60.0
AGENT_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class ServiceDirectory:
    """Where a task goes: the fields that name its session, and the session's stream."""

    session_id: str
    chat_id: str


class Service:
    """A client of one running service. It hears each session by a stream of its own, as a browser tab would.

    Args:
        http: with the service's address and token.
        data_dir: of the service.
        pid: of the service's process.
    """

    def __init__(self, *, http: httpx2.AsyncClient, data_dir: Path, pid: int) -> None:
        self.data_dir = data_dir
        self.pid = pid
        self._http = http
        self._ears: dict[str, TextRecorder] = {}
        self._tasks = TaskSupervisor("measured-service")

    async def stop(self) -> None:
        """Close the streams."""
        await self._tasks.stop()

    async def post(self, path: str, body: Mapping[str, object]) -> Any:
        """Ask for something.

        Raises:
            RuntimeError: it was refused.
        """
        answer = await self._http.post(path, json=dict(body))
        if answer.status_code >= 400:
            raise RuntimeError(f"POST {path}: {answer.status_code} {answer.text}")
        return answer.json()

    async def get(self, path: str) -> Any:
        """Read something.

        Raises:
            HTTPStatusError: it was refused.
        """
        answer = await self._http.get(path)
        answer.raise_for_status()
        return answer.json()

    async def add_project(self, repository: Path) -> str:
        """The new project's id."""
        return str((await self.post("/api/projects", {"path": str(repository)}))["id"])

    async def enqueue(self, agent: str, prompt: str, place: Mapping[str, str]) -> dict[str, str]:
        """Queue a task; `place` has project_id, session_id or chat_id."""
        answer: dict[str, str] = await self.post("/api/tasks", {"prompt": prompt, "agent": agent, **place})
        return answer

    async def open_session(self, project_id: str) -> str:
        """A new session whose stream is being heard."""
        session_id = str((await self.post("/api/sessions", {"project_id": project_id}))["id"])
        await self.listen(session_id)
        return session_id

    async def open_chat(self, session_id: str) -> ServiceDirectory:
        """A chat of a session."""
        return ServiceDirectory(session_id, str((await self.post(f"/api/sessions/{session_id}/chats", {}))["id"]))

    async def run_turn(self, agent: str, prompt: str, place: ServiceDirectory) -> TextRecorder:
        """Queue a task in a chat and hear its turn to its end. One at a time in each session."""
        ear = self._ears[place.session_id] = TextRecorder()
        await self.enqueue(agent, prompt, {"chat_id": place.chat_id})
        await ear.wait_ended()
        return ear

    def hear(self, session_id: str) -> TextRecorder:
        """An ear for the session's next turn."""
        self._ears[session_id] = TextRecorder()
        return self._ears[session_id]

    async def listen(self, session_id: str) -> None:
        """Open a session's stream; returns when it is open."""
        connected = asyncio.Event()
        self._tasks.spawn(self._read(session_id, connected), f"stream:{session_id}")
        async with asyncio.timeout(REQUEST_TIMEOUT_S):
            await connected.wait()

    async def _read(self, session_id: str, connected: asyncio.Event) -> None:
        parser = SseParser()
        lengths: dict[tuple[UUID, int], int] = {}
        timeout = httpx2.Timeout(REQUEST_TIMEOUT_S, read=None)
        url = f"/api/sessions/{session_id}/stream"
        async with self._http.stream("GET", url, params={"after": "0"}, timeout=timeout) as response:
            response.raise_for_status()
            connected.set()
            async for chunk in response.aiter_raw():
                now_ns = time.monotonic_ns()
                for event in parser.feed(chunk):
                    ear = self._ears.get(session_id)
                    if ear is not None:
                        _take(frames.decode(event.data), ear, lengths, now_ns)

    async def wait_agent(self, agent: str) -> None:
        """Wait until the service's first probe has found the agent ready.

        Raises:
            TimeoutError: it was not ready after AGENT_TIMEOUT_S.
        """
        async with asyncio.timeout(AGENT_TIMEOUT_S):
            while True:
                known = (await self._http.get("/api/agents")).json()
                if any(one["name"] == agent and one["state"] == "ready" for one in known):
                    return
                await asyncio.sleep(0.1)


def _take(frame: frames.Frame, ear: TextRecorder, lengths: dict[tuple[UUID, int], int], now_ns: int) -> None:
    """New text goes to the ear; what is there already is dropped, as frames ask of every client."""
    match frame:
        case frames.DeltaFrame():
            have = lengths.get((frame.message_id, frame.part), 0)
            if frame.offset <= have < frame.offset + len(frame.text):
                lengths[frame.message_id, frame.part] = frame.offset + len(frame.text)
                ear.hear(frame.text[have - frame.offset :], now_ns)
        case frames.TurnEndedFrame():
            ear.end(frame.outcome if not frame.text else f"{frame.outcome}: {frame.text}", now_ns)
        case _:
            pass


def environment(data_dir: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """A service's environment: no person's configuration, a free port, nothing made ahead, and `settings`.

    Args:
        settings: names without BOOCODER_.
    """
    ours = {"DATA_DIR": str(data_dir), "PORT": "0", "LOG_LEVEL": "warning", "WORKTREES_SPARES": "0", **settings}
    named = {f"BOOCODER_{name}": value for name, value in ours.items()}
    # Without a runtime directory the database's socket is where `records.attached` looks for it.
    return agent_environment({"XDG_CONFIG_HOME": str(data_dir / "no-config"), "XDG_RUNTIME_DIR": "", **named})


@asynccontextmanager
async def serving(data_dir: Path, settings: Mapping[str, str]) -> AsyncIterator[Program]:
    """Run `boocoder serve` for the time of the block, ready or not."""
    data_dir.mkdir(parents=True, exist_ok=True)
    argv = (sys.executable, "-m", "boocoder.cli.main", "serve")
    env = environment(data_dir, settings)
    async with program(argv, directory=data_dir, environment=env, name="serve") as started:
        yield started


@asynccontextmanager
async def connected(started: Program, data_dir: Path) -> AsyncIterator[Service]:
    """A client, once the service says that it is healthy.

    Raises:
        RuntimeError: it ended.
        TimeoutError: it was not healthy after READY_TIMEOUT_S.
    """
    async with asyncio.timeout(READY_TIMEOUT_S):
        while not (data_dir / "service.json").exists():
            if started.ended:
                raise RuntimeError(started.failure())
            await asyncio.sleep(READY_POLL_S)
        url = json.loads((data_dir / "service.json").read_bytes())["url"]
        token = (data_dir / "token").read_text().strip()
        http = httpx2.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx2.Timeout(REQUEST_TIMEOUT_S),
            limits=httpx2.Limits(max_connections=None),
            trust_env=False,
        )
    async with http:
        async with asyncio.timeout(READY_TIMEOUT_S):
            while (await http.get("/api/health")).status_code != 200:
                await asyncio.sleep(READY_POLL_S)
        service = Service(http=http, data_dir=data_dir, pid=started.pid)
        try:
            yield service
        finally:
            await service.stop()


@asynccontextmanager
async def running(data_dir: Path, settings: Mapping[str, str]) -> AsyncIterator[Service]:
    """A healthy service and its client."""
    async with serving(data_dir, settings) as started, connected(started, data_dir) as service:
        yield service
