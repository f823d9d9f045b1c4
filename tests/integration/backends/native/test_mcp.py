"""MCP servers of the person with the native agent: real servers over stdio and HTTP, and such as hang, die or flood."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from boocoder.backends.native.backend import NativeBackend
from boocoder.events.agent_event import AgentSessionOpened, Notice, PermissionAnswer, ToolCall, ToolStatus
from boocoder.model.mcp_server import McpServer, McpTransport
from boocoder.model.turn import AgentSessionRef, Cancelled, Completed, StopReason
from boocoder.process.environment import agent_environment
from boocoder.process.host import Command, ProcessHost
from tests.contract.port import RecordingPort
from tests.fakes.mcp_server import SCRIPT
from tests.fakes.native_model import NativeModel, Reply, calling, saying
from tests.fakes.native_turn import QUICK, backend_for, notices, request_in
from tests.fixtures.processes import running_host
from tests.waiting import PATIENCE_S, until

LATE_S = 0.5
STDIO = McpServer("workshop", (sys.executable, str(SCRIPT), "stdio"), start_timeout_s=PATIENCE_S)
ASKED = "mcp__workshop__add"


def pretending(habit: str, start_timeout_s: float = PATIENCE_S) -> McpServer:
    return McpServer("bad", (sys.executable, str(SCRIPT), habit), start_timeout_s=start_timeout_s)


class Scene:
    """A backend with MCP servers, and what its model was sent."""

    def __init__(self, directory: Path, model: NativeModel, processes: ProcessHost, *servers: McpServer) -> None:
        self.directory = directory
        self.model = model
        self.processes = processes
        self.backend: NativeBackend = backend_for(model, directory, QUICK, processes=processes, mcp_servers=servers)
        self.ref: AgentSessionRef | None = None

    async def turn(self, *replies: Reply, port: dict[str, Any] | None = None, **more: Any) -> RecordingPort:
        self.model.replies[:] = list(replies)
        self.model.bodies.clear()
        request = replace(request_in(self.directory, **more), agent_session=self.ref)
        recording = RecordingPort(stop=request.stop, **(port or {}))
        async with asyncio.timeout(4 * PATIENCE_S):
            assert await self.backend.run_turn(request, recording) == Completed()
        opened = recording.of(AgentSessionOpened)[-1]
        self.ref = AgentSessionRef(opened.native_id, opened.config_hash)
        return recording

    async def use(self, tool: str, port: dict[str, Any] | None = None, **given: Any) -> tuple[str, RecordingPort]:
        """One turn with one call of a tool: what the model reads of it."""
        recording = await self.turn(calling((tool, given)), saying("done"), port=port)
        return str(self.model.bodies[-1]["messages"][-1]["content"]), recording

    @property
    def offered(self) -> list[str]:
        return [tool["function"]["name"] for tool in self.model.bodies[0]["tools"]]


MakeScene = Callable[..., Awaitable[Scene]]


@pytest.fixture
async def make_scene(tmp_path: Path) -> AsyncIterator[MakeScene]:
    async with NativeModel(saying("hi")) as model, running_host(tmp_path) as processes:
        made: list[Scene] = []

        async def make(*servers: McpServer) -> Scene:
            made.append(Scene(tmp_path, model, processes, *servers))
            return made[-1]

        yield make
        for scene in made:
            await scene.backend.stop()
        assert processes.statistics().running == 0


@asynccontextmanager
async def http_server(
    processes: ProcessHost, directory: Path
) -> AsyncIterator[tuple[str, Callable[[], Awaitable[int]]]]:
    """The server over HTTP: its address, and what ends it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    command = Command((sys.executable, str(SCRIPT), "http", str(port)), directory, agent_environment())
    child = await processes.spawn(command)
    child.discard_output()

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    await until(listens)
    yield f"http://127.0.0.1:{port}/mcp", child.close
    await child.close()


async def test_a_server_on_standard_input_and_output(make_scene: MakeScene, tmp_path: Path) -> None:
    scene = await make_scene(replace(STDIO, env={"WORKSHOP_KEY": "k-123"}))
    said, port = await scene.use(ASKED, first=2, second=40)
    assert said == "the sum is 42"
    own = ["read", "write", "edit", "list", "search", "shell", "explore", "fetch", "plan", "ask"]
    names = [f"mcp__workshop__{name}" for name in ("add", "die", "fail", "much", "place", "sleep", "wordy")]
    assert scene.offered == [*own, *names]
    (asked,) = port.permission_requests
    assert (asked.tool, asked.argument) == (ASKED, '{"first":2,"second":40}')
    call = port.of(ToolCall)[-1]
    assert (call.status, call.output) == (ToolStatus.COMPLETED, "the sum is 42")
    assert call.title == 'workshop: add {"first": 2, "second": 40}'
    said, _ = await scene.use("mcp__workshop__place")
    assert said == f"{tmp_path / 'work'} k-123"
    assert scene.processes.statistics().running == 1, "the second turn uses the same process"
    await scene.backend.forget(tmp_path / "work")
    assert scene.processes.statistics().running == 0


async def test_what_goes_wrong_in_a_call_is_its_result(make_scene: MakeScene) -> None:
    scene = await make_scene(STDIO, replace(STDIO, name="late", call_timeout_s=LATE_S))
    said, _ = await scene.use("mcp__workshop__fail")
    assert said.startswith("Error: Error executing tool fail")
    said, _ = await scene.use(ASKED, first="two")
    assert said.startswith("Error: ") and "first" in said
    said, _ = await scene.use("mcp__late__sleep", seconds=60)
    assert said == "Error: The MCP server late did not answer within 0.5 s."
    said, _ = await scene.use(ASKED, port={"permission": PermissionAnswer(allowed=False, message="Not today.")})
    assert said == "Error: Not today."


async def test_a_long_result_is_cut(make_scene: MakeScene) -> None:
    scene = await make_scene(STDIO)
    said, _ = await scene.use("mcp__workshop__much", chars=2_000_000)
    assert "characters left out" in said and len(said) < 17_000


async def test_a_server_that_dies_in_a_call_is_started_for_the_next_turn(make_scene: MakeScene) -> None:
    scene = await make_scene(STDIO)
    said, _ = await scene.use("mcp__workshop__die")
    assert said.startswith("Error: The MCP server workshop is gone: ") and "dying now" in said
    said, port = await scene.use(ASKED, first=1, second=1)
    assert said == "the sum is 2" and notices(port) == []


async def test_a_server_that_does_not_start_is_named_once_and_the_turn_goes_on(make_scene: MakeScene) -> None:
    for habit, why in (
        ("exit", "no such workshop"),
        ("hang", "within 0.5 s"),
        ("noise", "within 0.5 s"),
    ):
        scene = await make_scene(pretending(habit, PATIENCE_S if habit == "exit" else LATE_S), STDIO)
        port = await scene.turn(saying("hi"))
        (notice,) = port.of(Notice)
        assert notice.code == "mcp_server_unavailable" and "MCP server bad" in notice.text and why in notice.text
        assert ASKED in scene.offered and not any("bad" in name for name in scene.offered)
        assert notices(await scene.turn(saying("hi"))) == []
        uses = {use.name: use for use in (await scene.backend.probe()).mcp_servers}
        assert why in uses["bad"].reason and not uses["workshop"].reason
        await scene.backend.stop()


async def test_a_server_that_floods_is_ended(make_scene: MakeScene) -> None:
    scene = await make_scene(pretending("flood"))
    port = await scene.turn(saying("hi"))
    assert "sent more than" in port.of(Notice)[0].text
    assert scene.processes.statistics().running == 0


async def test_a_turn_is_cancelled_while_its_servers_start(make_scene: MakeScene, tmp_path: Path) -> None:
    scene = await make_scene(pretending("hang"))
    request = request_in(tmp_path)
    turn = asyncio.create_task(scene.backend.run_turn(request, RecordingPort(stop=request.stop)))
    await until(lambda: scene.processes.statistics().running == 1)
    request.stop.set(StopReason.CANCELLED)
    assert await turn == Cancelled()
    await until(lambda: scene.processes.statistics().running == 0)


async def test_a_server_over_http(make_scene: MakeScene, tmp_path: Path) -> None:
    async with running_host(tmp_path / "server") as processes, http_server(processes, tmp_path) as (url, end):
        server = McpServer("web", url=url, headers={"Authorization": "Bearer k"}, start_timeout_s=PATIENCE_S)
        scene = await make_scene(server)
        said, _ = await scene.use("mcp__web__add", first=20, second=3)
        assert said == "the sum is 23" and server.transport is McpTransport.HTTP
        assert "Bearer" not in repr(server)
        await end()
        said, _ = await scene.use("mcp__web__add", first=1, second=1)
        assert said.startswith("Error: "), "a server that is gone fails the call, not the turn"
        port = await scene.turn(saying("hi"))
        assert notices(port) == ["mcp_server_unavailable"]


async def test_read_only_modes_have_only_tools_that_read(make_scene: MakeScene) -> None:
    scene = await make_scene(STDIO)
    await scene.turn(saying("hi"), mode="plan")
    assert [name for name in scene.offered if name.startswith("mcp__")] == [ASKED]
    port = await scene.turn(calling((ASKED, {"first": 1, "second": 2})), saying("done"), mode="yolo")
    assert port.permission_requests == []


async def test_the_tools_leave_room_in_a_small_context(make_scene: MakeScene, tmp_path: Path) -> None:
    scene = await make_scene(STDIO)
    scene.backend = backend_for(
        scene.model, tmp_path, replace(QUICK, context_tokens=2_500), processes=scene.processes, mcp_servers=(STDIO,)
    )
    port = await scene.turn(saying("hi"))
    assert notices(port) == ["mcp_tools_left_out"]
    sent = [tool for tool in scene.model.bodies[0]["tools"] if tool["function"]["name"].startswith("mcp__")]
    assert sent and len(json.dumps(sent)) < 2_500
    await scene.backend.stop()


async def test_servers_of_other_projects_are_not_started(make_scene: MakeScene, tmp_path: Path) -> None:
    scene = await make_scene(replace(STDIO, projects=(tmp_path / "other",)))
    port = await scene.turn(saying("hi"))
    assert not any(name.startswith("mcp__") for name in scene.offered) and notices(port) == []
    assert scene.processes.statistics().running == 0
