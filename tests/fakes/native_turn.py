"""Turns of the native agent against a model server of a test, and a person who is slow to answer."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from boocoder.backends.native.backend import NativeBackend
from boocoder.backends.native.limits import NativeLimits
from boocoder.events.agent_event import Notice, PermissionAnswer, PermissionRequest, QuestionAnswer, QuestionRequest
from boocoder.model.ids import ChatId, SessionId, TaskId, new_id
from boocoder.model.turn import Outcome, TurnRequest
from boocoder.model_servers.server import ModelServer
from boocoder.model_servers.server_models import ServerModels
from tests.contract.port import RecordingPort
from tests.fakes.native_model import NativeModel
from tests.fixtures.processes import idle_host, running_host

_SERVER_FIELDS = ("base_url", "api_key", "default", "options", "models")
QUICK = NativeLimits(retries=3, retry_first_s=0.01, retry_cap_s=0.05, answer_wait_s=10.0)


def backend_for(model: NativeModel | None, directory: Path, limits: NativeLimits = QUICK, **more: Any) -> NativeBackend:
    server = ModelServer(base_url=model.base_url if model else "")
    server = replace(server, **{name: more.pop(name) for name in _SERVER_FIELDS if name in more})
    given: dict[str, Any] = {"servers": (ServerModels(server),) if server.base_url else ()}
    given["processes"] = idle_host(directory)
    return NativeBackend(**(given | more), state_dir=directory / "store", limits=limits)


def request_in(directory: Path, prompt: str = "do it", **more: Any) -> TurnRequest:
    worktree = directory / "work"
    worktree.mkdir(exist_ok=True)
    return TurnRequest(
        task_id=TaskId(new_id()),
        epoch=1,
        session_id=SessionId(new_id()),
        chat_id=ChatId(new_id()),
        agent="native",
        prompt=prompt,
        worktree=worktree,
        **more,
    )


async def run(
    model: NativeModel, directory: Path, limits: NativeLimits = QUICK, **more: Any
) -> tuple[RecordingPort, Outcome]:
    request = request_in(directory, **more)
    port = RecordingPort(stop=request.stop)
    async with running_host(directory) as processes:
        backend = backend_for(model, directory, limits, processes=processes)
        try:
            async with asyncio.timeout(30):
                return port, await backend.run_turn(request, port)
        finally:
            await backend.stop()


class SlowPerson(RecordingPort):
    """Takes longer to answer than a turn may take."""

    waited_s = 0.0

    async def ask_question(self, request: QuestionRequest) -> QuestionAnswer:
        await self._think()
        return QuestionAnswer((("A",),))

    async def ask_permission(self, request: PermissionRequest) -> PermissionAnswer:
        await self._think()
        return PermissionAnswer(allowed=True)

    async def _think(self) -> None:
        begun = time.monotonic()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), 0.6)
        self.waited_s += time.monotonic() - begun


def notices(port: RecordingPort) -> list[str]:
    return [notice.code for notice in port.of(Notice)]
