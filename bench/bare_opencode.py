"""A bare `opencode serve`, configured as our backend configures its own, and the least client that can use it.

It is the floor: no queue, no database, no git, nothing recorded.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import httpx2
import msgspec

from bench.model import MODELS
from bench.program import program
from bench.recorder import TextRecorder
from boocoder.backends.opencode.ids import message_id, part_id
from boocoder.backends.opencode.server.environment import ServerEnvironment
from boocoder.backends.opencode.settings import PROVIDER_ID, ModelProvider, OpenCodeSettings
from boocoder.model.ids import TaskId
from boocoder.net.sse import SseParser
from boocoder.process.environment import agent_environment
from boocoder.service import TaskSupervisor

CONNECT_TIMEOUT_S = 20.0
_DELTA = "message.part.delta"
_IDLE = "session.idle"
_HEARD = (_DELTA.encode(), _IDLE.encode())


class _Properties(msgspec.Struct):
    session: str = msgspec.field(name="sessionID")
    text: str = msgspec.field(name="delta", default="")


class _Payload(msgspec.Struct):
    type: str
    properties: _Properties


class _Event(msgspec.Struct):
    payload: _Payload


class _Session(msgspec.Struct):
    id: str


class OpenCodeClient:
    """Talks to one server and hears its one event stream.

    Args:
        url: of the server.
        password: of HTTP Basic.
    """

    def __init__(self, *, url: str, password: str) -> None:
        self._http = httpx2.AsyncClient(
            base_url=url,
            auth=httpx2.BasicAuth("opencode", password),
            timeout=httpx2.Timeout(CONNECT_TIMEOUT_S, read=None),
            limits=httpx2.Limits(max_connections=None),
            trust_env=False,
        )
        self._decoder = msgspec.json.Decoder(_Event)
        self._ears: dict[str, TextRecorder] = {}
        self._any: TextRecorder | None = None
        self._tasks = TaskSupervisor("bare-opencode")
        self._connected = asyncio.Event()

    async def start(self) -> None:
        """Open the event stream; returns when it is open."""
        self._tasks.spawn(self._read(), "events")
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            await self._connected.wait()

    async def stop(self) -> None:
        """Close everything."""
        await self._tasks.stop()
        await self._http.aclose()

    async def open_session(self, directory: Path) -> str:
        """Make a session; with a title, or its first turn would cost a model call for one."""
        answer = await self._http.post("/session", params={"directory": str(directory)}, json={"title": "measured"})
        return msgspec.json.decode(answer.raise_for_status().content, type=_Session).id

    async def run_turn(self, session: str, prompt: str) -> TextRecorder:
        """Send a prompt by the synchronous route, as our backend does, and hear the turn to its end.

        It has ended when the route has answered and the stream has said so; either may be first.
        """
        message = message_id(TaskId(uuid4()), time.time())
        body = {
            "messageID": message,
            "parts": [{"id": part_id(message), "type": "text", "text": prompt}],
            "model": {"providerID": PROVIDER_ID, "modelID": MODELS[0]},
        }
        ear = self._ears[session] = TextRecorder()
        (await self._http.post(f"/session/{session}/message", json=body)).raise_for_status()
        answered_ns = time.monotonic_ns()
        await ear.wait_ended()
        ear.ended_ns = max(ear.ended_ns, answered_ns)
        return ear

    def overhear(self, ear: TextRecorder | None) -> None:
        """Send the text of sessions that are somebody else's to this ear."""
        self._any = ear

    async def _read(self) -> None:
        parser = SseParser()
        async with self._http.stream("GET", "/global/event") as response:
            async for chunk in response.aiter_raw():
                now_ns = time.monotonic_ns()
                self._connected.set()
                for event in parser.feed(chunk):
                    if any(kind in event.data for kind in _HEARD):
                        self._hear(event.data, now_ns)

    def _hear(self, data: bytes, now_ns: int) -> None:
        try:
            payload = self._decoder.decode(data).payload
        except msgspec.ValidationError:
            return  # the durable twin of an event has another shape
        ear = self._ears.get(payload.properties.session, self._any)
        if ear is None:
            return
        if payload.type == _DELTA:
            ear.hear(payload.properties.text, now_ns)
        elif payload.type == _IDLE:
            ear.end("completed", now_ns)


@asynccontextmanager
async def connected(url: str, password: str) -> AsyncIterator[OpenCodeClient]:
    """A client with an open event stream, for the time of the block."""
    client = OpenCodeClient(url=url, password=password)
    try:
        await client.start()
        yield client
    finally:
        await client.stop()


@asynccontextmanager
async def bare_opencode(opencode: Path, directory: Path, model_url: str) -> AsyncIterator[OpenCodeClient]:
    """A server of its own and a client of it.

    Args:
        opencode: the program.
        directory: new; for its private folders.
        model_url: of the scripted model.
    """
    password = secrets.token_urlsafe(32)
    provider = ModelProvider(model_url, MODELS)
    home = ServerEnvironment(
        state_dir=directory / "opencode", providers=(provider,), settings=OpenCodeSettings(use_own_config=False)
    )
    environment = agent_environment(home.prepare(password))
    argv = (str(opencode), "serve", "--hostname", "127.0.0.1", "--port", "0")
    async with program(argv, directory=home.neutral, environment=environment, name="bare-opencode") as server:
        url = (await server.wait_line("listening on ")).rpartition(" ")[2]
        async with connected(url, password) as client:
            yield client
