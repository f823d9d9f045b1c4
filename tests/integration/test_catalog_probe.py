"""The catalogue on a real database: states, one probe at a time, deadlines, the choice of an agent."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest

from boocoder.backends.scripted.backend import ScriptedBackend
from boocoder.catalog.probe import AgentCatalog
from boocoder.db import agents as agent_rows
from boocoder.db.hosts import register_host
from boocoder.db.pool import Database
from boocoder.errors import Unavailable
from boocoder.model.agent import AgentInfo, AgentState
from boocoder.model.ids import HostId, InstanceId


class SlowProbe(ScriptedBackend):
    """A real backend whose probe answers when it is told to."""

    def __init__(self, *, state_dir: Path, state: AgentState = AgentState.READY) -> None:
        super().__init__(state_dir=state_dir)
        self.may_answer = asyncio.Event()
        self.asked = 0
        self.state = state

    async def probe(self) -> AgentInfo:
        self.asked += 1
        await self.may_answer.wait()
        return AgentInfo("scripted", "scripted", self.state, reason="as told", models=("m",))


@pytest.fixture
async def host_id(database: Database) -> HostId:
    found = HostId(uuid4())
    async with database.transaction() as conn:
        await register_host(conn, found, InstanceId(uuid4()), "test", 1, 60.0)
    return found


async def stored(database: Database, host_id: HostId) -> dict[str, AgentState]:
    async with database.connection() as conn:
        return {agent.name: agent.state for agent in await agent_rows.list_agents(conn, host_id)}


async def test_agents_are_loading_then_ready_and_written_down(
    database: Database, host_id: HostId, tmp_path: Path
) -> None:
    backend = SlowProbe(state_dir=tmp_path)
    gone = AgentInfo("opencode", "opencode", AgentState.UNAVAILABLE, "not found", "install it")
    catalog = AgentCatalog(database=database, host_id=host_id, backends={"one": backend}, absent=[gone])
    await catalog.start()
    assert {agent.name: agent.state for agent in catalog.agents()} == {
        "one": AgentState.LOADING,
        "opencode": AgentState.UNAVAILABLE,
    }
    assert await stored(database, host_id) == {"one": AgentState.LOADING, "opencode": AgentState.UNAVAILABLE}
    backend.may_answer.set()
    assert await catalog.choose() == "one"
    ready = await catalog.info("one")
    assert ready is not None and (ready.state, ready.models) == (AgentState.READY, ("m",))
    assert await catalog.info("opencode") == gone and await catalog.info("zebra") is None
    assert (await stored(database, host_id))["one"] is AgentState.READY
    await catalog.stop()


async def test_ten_askers_share_one_probe(database: Database, host_id: HostId, tmp_path: Path) -> None:
    backend = SlowProbe(state_dir=tmp_path)
    catalog = AgentCatalog(database=database, host_id=host_id, backends={"one": backend})
    await catalog.start()
    async with asyncio.TaskGroup() as group:
        askers = [group.create_task(catalog.probe()) for _ in range(10)]
        await asyncio.sleep(0)
        backend.may_answer.set()
    assert backend.asked == 1
    assert all(asker.result()[0].state is AgentState.READY for asker in askers)
    await catalog.stop()


async def test_a_cancelled_asker_does_not_end_the_probe(database: Database, host_id: HostId, tmp_path: Path) -> None:
    backend = SlowProbe(state_dir=tmp_path)
    catalog = AgentCatalog(database=database, host_id=host_id, backends={"one": backend})
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await catalog.probe()
    backend.may_answer.set()
    assert (await catalog.probe())[0].state is AgentState.READY
    assert backend.asked == 1
    await catalog.stop()


async def test_a_probe_that_hangs_is_an_error_with_a_cure(database: Database, host_id: HostId, tmp_path: Path) -> None:
    catalog = AgentCatalog(
        database=database, host_id=host_id, backends={"one": SlowProbe(state_dir=tmp_path)}, probe_timeout_s=0.05
    )
    info = (await catalog.probe())[0]
    assert info.state is AgentState.ERROR and "0.05 s" in info.reason and info.cure
    with pytest.raises(Unavailable) as caught:
        await catalog.choose()
    assert caught.value.code == "no_agent_ready" and "one:" in caught.value.text
    await catalog.stop()


async def test_stale_answers_are_given_at_once_and_renewed_behind(
    database: Database, host_id: HostId, tmp_path: Path
) -> None:
    backend = SlowProbe(state_dir=tmp_path)
    backend.may_answer.set()
    catalog = AgentCatalog(database=database, host_id=host_id, backends={"one": backend}, fresh_s=0.0)
    await catalog.probe()
    backend.state = AgentState.ERROR
    assert catalog.agents()[0].state is AgentState.READY
    async with asyncio.timeout(5):
        while (await stored(database, host_id))["one"] is not AgentState.ERROR:
            await asyncio.sleep(0.01)
    assert catalog.agents()[0].state is AgentState.ERROR
    await catalog.stop()


async def test_the_preferred_agent_is_chosen_unseen(database: Database, host_id: HostId, tmp_path: Path) -> None:
    backends = {"one": SlowProbe(state_dir=tmp_path / "1"), "two": SlowProbe(state_dir=tmp_path / "2")}
    catalog = AgentCatalog(database=database, host_id=host_id, backends=backends, preferred="two")
    assert await catalog.choose() == "two"
    await catalog.stop()
    await catalog.stop()
