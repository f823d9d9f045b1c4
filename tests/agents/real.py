"""A running service with real agents on the scripted model, and what tests of them do with it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psutil
from tools.agent_recipes import OPENCODE, Recipe
from tools.install_agents import install_agent

from boocoder.events import frames
from boocoder.model.agent import AgentInfo as AgentInfo
from boocoder.process.host import COOKIE
from boocoder.scripted_model.server import ScriptedModel
from tests.acceptance.approvals.asking import answer
from tests.acceptance.harness import ServiceHarness
from tests.acceptance.many_tasks import Created
from tests.agents.habits import Agent
from tests.fixtures.repository import Repository
from tests.fixtures.service import Installation
from tests.invariants import World, fingerprint, processes_of, violations

WAIT_S = 120.0  # a cold start with all cores busy
GONE_S = 60.0  # only a test that fails waits for so long


@dataclass
class Real:
    """A service with agents.

    Args:
        service: not necessarily running.
        model: the scripted model that the agents ask.
        project: the person's repository.
        dsn: of the service's database.
    """

    service: Installation
    model: ScriptedModel
    project: Repository
    dsn: str

    async def start(self) -> None:
        await asyncio.to_thread(self.service.start)

    async def stop(self) -> None:
        """Stop the service; nothing of it is left, and the invariants hold."""
        before = fingerprint(self.project.path)
        assert await asyncio.to_thread(self.service.stop) in (0, None)
        assert self.processes() == []
        assert await violations(World(self.dsn, self.service.data_dir, {self.project.path: before})) == []

    async def kill(self) -> None:
        """Kill the service and wait until all that it had started has ended by itself."""
        await asyncio.to_thread(self.service.kill)
        deadline = time.monotonic() + GONE_S
        while left := self.processes():
            assert time.monotonic() < deadline, [(process.pid, process.cmdline()) for process in left]
            await asyncio.sleep(0.05)

    def processes(self) -> list[psutil.Process]:
        """Processes of the service and of every agent: their HOME is in the service's."""
        return processes_of(self.service.home)

    def agents(self) -> set[int]:
        """Agents, and what they have started, git left out."""
        return {process.pid for process in self.processes() if _is_child(process)}

    async def asker(self, containing: str, *, count: int = 1) -> int:
        """The process that has sent the `count`-th call with this in its prompt; the call must not be answered yet."""
        port = (await self.model.wait_request(containing, count=count, timeout_s=WAIT_S)).client_port
        (owner,) = [process.pid for process in self.processes() if port in _local_ports(process)]
        return owner

    @asynccontextmanager
    async def desk(self) -> AsyncIterator[ServiceHarness]:
        """A desk at the running service."""
        async with self.service.client() as client:
            yield ServiceHarness(client, self.project.path)

    async def offer(self, desk: ServiceHarness, agent: Agent, model: str) -> None:
        """Have the agent asked what it offers until the model is in it: on a busy machine one that heard too late from
        its model server offers its own list."""
        async with asyncio.timeout(WAIT_S):
            while not any(f"/{one}".endswith(f"/{model}") for one in (await self._info(desk, agent)).models):
                await desk.client.post("/api/agents/probe", list[AgentInfo], {"agents": [agent.name]})

    async def _info(self, desk: ServiceHarness, agent: Agent) -> AgentInfo:
        listed = await desk.client.get("/api/agents", list[AgentInfo])
        return next(info for info in listed if info.name == agent.name)

    def worktree(self, created: Created) -> Path:
        """Where the session's agent works."""
        return self.service.data_dir / "worktrees" / created.session_id


def _is_child(process: psutil.Process) -> bool:
    try:
        return COOKIE in process.environ() and process.name() != "git"
    except psutil.Error:
        return False


def _local_ports(process: psutil.Process) -> set[int]:
    try:
        return {connection.laddr.port for connection in process.net_connections("tcp4")}
    except psutil.Error:
        return set()


async def follow(
    desk: ServiceHarness, created: Created, *until: type[frames.FrameBase], but: Collection[UUID] = ()
) -> list[frames.Frame]:
    """The frames of the task's own turn, up to the first of some kinds; those of the requests `but` do not count."""
    seen: list[frames.Frame] = []
    async with asyncio.timeout(WAIT_S), aclosing(desk.client.stream(UUID(created.session_id))) as stream:
        async for frame in stream:
            if isinstance(frame, frames.TurnStartedFrame):
                seen = []
            seen.append(frame)
            begun = seen[0]
            own = isinstance(begun, frames.TurnStartedFrame) and str(begun.task_id) == created.task_id
            if own and isinstance(frame, until) and getattr(frame, "request_id", None) not in but:
                return seen
    raise AssertionError("the stream ended")


async def run(
    desk: ServiceHarness, agent: Agent, prompt: str, session: str = "", **more: str
) -> tuple[Created, list[str]]:
    """Run a turn to its success; the task, and the codes of its notices."""
    created = await desk.queue(prompt, session=session, agent=agent.name, **more)
    seen = await follow(desk, created, frames.TurnEndedFrame)
    ended = seen[-1]
    assert isinstance(ended, frames.TurnEndedFrame) and ended.outcome == "completed", ended
    return created, notices(seen)


async def refuse_all(desk: ServiceHarness, created: Created) -> list[frames.Frame]:
    """The frames of the task's turn to its end; whatever it asks is refused."""
    refused: set[UUID] = set()
    while True:
        seen = await follow(desk, created, frames.TurnEndedFrame, frames.PermissionFrame, but=refused)
        newest = seen[-1]
        if not isinstance(newest, frames.PermissionFrame):
            return seen
        await answer(desk.client, newest, "refuse")
        refused.add(newest.request_id)


def notices(seen: list[frames.Frame]) -> list[str]:
    """The codes of these notices."""
    return [frame.code for frame in seen if isinstance(frame, frames.NoticeFrame)]


def settings_of(recipes: Sequence[Recipe], service: Installation, model: ScriptedModel) -> None:
    """Write the settings file of a service with these agents, and their files into the person's home directory."""
    tables = [recipe.table(service.home, model.root_url, own_home=False) for recipe in recipes if recipe != OPENCODE]
    config = service.home / ".config" / "boocoder" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("\n".join(tables))
    service.settings = {**service.settings, "BOOCODER_MODELS_BASE_URL": model.base_url}
    if OPENCODE in recipes:
        (program,) = install_agent("opencode")
        service.settings = {
            **service.settings,
            "BOOCODER_AGENTS_OPENCODE_ENABLED": "true",
            "BOOCODER_AGENTS_OPENCODE_PROGRAM": program,
            "BOOCODER_AGENTS_OPENCODE_USE_OWN_CONFIG": "false",
        }
