"""An agent that speaks ACP, started and asked directly: the floor of what boocoder adds to it."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec

from bench.recorder import TextRecorder
from boocoder.service import TaskSupervisor

ANSWER_TIMEOUT_S = 120.0
LINE_MAX_BYTES = 1 << 24
METHOD_NOT_FOUND = -32601


class _Content(msgspec.Struct):
    text: str = ""


class _Update(msgspec.Struct, rename="camel"):
    session_update: str = ""
    content: _Content | list[object] | None = None


class _Params(msgspec.Struct):
    update: _Update = msgspec.field(default_factory=_Update)


class _Result(msgspec.Struct, rename="camel"):
    session_id: str = ""
    stop_reason: str = ""


class _Line(msgspec.Struct):
    id: int | str | None = None
    method: str = ""
    params: _Params = msgspec.field(default_factory=_Params)
    result: _Result = msgspec.field(default_factory=_Result)
    error: msgspec.Raw = msgspec.Raw(b"")


class AcpClient:
    """Talks to one agent process; one turn at a time.

    Args:
        process: with pipes for its input and output.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._answers: dict[int | str | None, asyncio.Future[_Line]] = {}
        self._ear: TextRecorder | None = None
        self._session = ""
        self._tasks = TaskSupervisor("bare-acp")
        self._tasks.spawn(self._read(), "read")

    async def stop(self) -> None:
        """Read no longer."""
        await self._tasks.stop()

    async def open_session(self, directory: Path) -> None:
        """Initialize, and make the session of all turns."""
        await self._ask("initialize", {"protocolVersion": 1, "clientCapabilities": {}})
        made = await self._ask("session/new", {"cwd": str(directory), "mcpServers": []})
        self._session = made.result.session_id

    async def run_turn(self, prompt: str) -> TextRecorder:
        """Send a prompt and hear the turn to its end."""
        ear = self._ear = TextRecorder()
        body = {"sessionId": self._session, "prompt": [{"type": "text", "text": prompt}]}
        answer = await self._ask("session/prompt", body)
        ear.end("completed" if answer.result.stop_reason == "end_turn" else "failed", time.monotonic_ns())
        await ear.wait_ended()
        return ear

    async def _ask(self, method: str, params: Mapping[str, object]) -> _Line:
        number = len(self._answers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        self._write({"id": number, "method": method, "params": params})
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            answer = await self._answers[number]
        if answer.error:
            raise RuntimeError(f"{method}: {bytes(answer.error).decode()}")
        return answer

    def _write(self, message: Mapping[str, object]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode({"jsonrpc": "2.0", **message}) + b"\n")

    async def _read(self) -> None:
        assert self._process.stdout is not None
        decoder = msgspec.json.Decoder(_Line)
        async for data in self._process.stdout:
            now_ns = time.monotonic_ns()
            with suppress(msgspec.DecodeError):  # ValidationError too: an update of another shape has no text
                line = decoder.decode(data)
                if line.method and line.id is not None:
                    self._write({"id": line.id, "error": {"code": METHOD_NOT_FOUND, "message": "not here"}})
                elif line.method:
                    self._hear(line.params.update, now_ns)
                elif line.id in self._answers:
                    self._answers[line.id].set_result(line)

    def _hear(self, update: _Update, now_ns: int) -> None:
        if update.session_update == "agent_message_chunk" and isinstance(update.content, _Content):
            assert self._ear is not None
            self._ear.hear(update.content.text, now_ns)


@asynccontextmanager
async def bare_acp(argv: Sequence[str], *, directory: Path, environment: Mapping[str, str]) -> AsyncIterator[AcpClient]:
    """An agent process with one session in an existing directory, for the time of the block."""
    with (directory.parent / "bare-acp.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *argv,
            cwd=directory,
            env=dict(environment),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            limit=LINE_MAX_BYTES,
        )
    client = AcpClient(process)
    try:
        await client.open_session(directory)
        yield client
    finally:
        await client.stop()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
