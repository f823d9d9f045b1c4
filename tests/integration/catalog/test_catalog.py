"""The catalogue on a real database: states, one probe at a time, deadlines, the choice of an agent."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest

from boocoder.backends.scripted.backend import ScriptedBackend
from boocoder.catalog.candidate import Candidate, FoundAgent
from boocoder.catalog.catalog import NOT_TRIED, AgentCatalog
from boocoder.db.core.pool import Database
from boocoder.db.registry import agents as agent_rows
from boocoder.db.tasks.hosts import register_host
from boocoder.errors import Unavailable
from boocoder.model.agent import AgentInfo, AgentState
from boocoder.model.ids import HostId, InstanceId
from tests.fixtures.processes import idle_host


class SlowProbe(ScriptedBackend):
    """A real backend whose probe answers on request."""

    def __init__(self, *, state_dir: Path, state: AgentState = AgentState.READY) -> None:
        super().__init__(state_dir=state_dir, processes=idle_host(state_dir))
        self.may_answer = asyncio.Event()
        self.asked = 0
        self.state = state
        self.signed_in: bool | None = None
        self.asking = 0

    async def probe(self) -> AgentInfo:
        self.asked += 1
        self.asking += 1
        try:
            await self.may_answer.wait()
        finally:
            self.asking -= 1
        return AgentInfo("scripted", "scripted", self.state, models=("m",), signed_in=self.signed_in)


def here(name: str, backend: SlowProbe, *, eager: bool = True, login: str = "", **limits: float) -> Candidate:
    """An agent that is installed."""
    about = AgentInfo(name, "scripted", AgentState.LOADING, title=name.title(), login=login)
    return Candidate(name, lambda: FoundAgent(about, backend), eager=eager, wanted=eager, **limits)


@pytest.fixture
async def host_id(database: Database) -> HostId:
    found = HostId(uuid4())
    async with database.transaction() as conn:
        await register_host(conn, found, InstanceId(uuid4()), "test", 1, 60.0)
    return found


async def stored(database: Database, host_id: HostId) -> dict[str, AgentState]:
    async with database.connection() as conn:
        return {agent.name: agent.state for agent in await agent_rows.list_agents(conn, host_id)}


async def test_an_agent_is_added_once_while_the_catalogue_runs(
    database: Database, host_id: HostId, tmp_path: Path
) -> None:
    first, second = SlowProbe(state_dir=tmp_path / "1"), SlowProbe(state_dir=tmp_path / "2")
    first.may_answer.set()
    catalog = AgentCatalog(database=database, host_id=host_id, candidates=[])
    await catalog.start()
    with catalog.watch() as watch:
        assert await watch.next_changes() == ()
        await catalog.add(here("more", first, eager=False))
        await catalog.add(here("more", second, eager=False))
        assert {news.name for news in await watch.next_changes()} == {"more"}
    assert [(agent.name, agent.state) for agent in catalog.agents()] == [("more", AgentState.READY)]
    assert catalog.backend("more") is first
    assert await stored(database, host_id) == {"more": AgentState.READY}
    await catalog.stop()


async def test_agents_are_loading_then_ready_and_written_down(
    database: Database, host_id: HostId, tmp_path: Path
) -> None:
    backend = SlowProbe(state_dir=tmp_path)
    gone = AgentInfo("opencode", "opencode", AgentState.UNAVAILABLE, "not found", "install it")
    candidates = [here("one", backend), Candidate("opencode", lambda: gone)]
    catalog = AgentCatalog(database=database, host_id=host_id, candidates=candidates)
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
    assert await catalog.info("opencode") == gone
    assert await catalog.info("zebra") is None
    assert (await stored(database, host_id))["one"] is AgentState.READY
    await catalog.stop()


async def test_ten_askers_share_one_probe(database: Database, host_id: HostId, tmp_path: Path) -> None:
    backend = SlowProbe(state_dir=tmp_path)
    catalog = AgentCatalog(database=database, host_id=host_id, candidates=[here("one", backend)])
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
    catalog = AgentCatalog(database=database, host_id=host_id, candidates=[here("one", backend)])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await catalog.probe()
    backend.may_answer.set()
    assert (await catalog.probe())[0].state is AgentState.READY
    assert backend.asked == 1
    await catalog.stop()


async def test_a_probe_that_hangs_is_an_error_with_a_cure(database: Database, host_id: HostId, tmp_path: Path) -> None:
    candidates = [here("one", SlowProbe(state_dir=tmp_path), probe_timeout_s=0.05)]
    catalog = AgentCatalog(database=database, host_id=host_id, candidates=candidates)
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
    candidates = [here("one", backend, fresh_s=0.0)]
    catalog = AgentCatalog(database=database, host_id=host_id, candidates=candidates)
    await catalog.probe()
    backend.state = AgentState.ERROR
    assert catalog.agents()[0].state is AgentState.READY
    async with asyncio.timeout(60):
        while (await stored(database, host_id))["one"] is not AgentState.ERROR:
            await asyncio.sleep(0.01)
    assert catalog.agents()[0].state is AgentState.ERROR
    await catalog.stop()


async def test_the_preferred_agent_is_chosen_unseen(database: Database, host_id: HostId, tmp_path: Path) -> None:
    candidates = [here(name, SlowProbe(state_dir=tmp_path / name)) for name in ("one", "two")]
    catalog = AgentCatalog(database=database, host_id=host_id, candidates=candidates, preferred="two")
    assert await catalog.choose() == "two"
    await catalog.stop()
    await catalog.stop()


async def test_an_installed_agent_is_ready_untried_and_tried_for_the_first_task(
    database: Database, host_id: HostId, tmp_path: Path
) -> None:
    backend = SlowProbe(state_dir=tmp_path)
    catalog = AgentCatalog(database=database, host_id=host_id, candidates=[here("one", backend, eager=False)])
    await catalog.start()
    with catalog.watch() as watch:
        async with asyncio.timeout(60):
            while (info := (await watch.next_changes())[0]).state is not AgentState.READY:
                pass
    assert (info.tried, info.reason, info.models, backend.asked) == (False, NOT_TRIED, (), 0)
    backend.may_answer.set()
    tried = await catalog.info("one")
    assert tried is not None and tried.tried and not tried.reason and tried.models == ("m",)
    assert tried.title == "One" and backend.asked == 1
    await catalog.stop()


async def test_no_more_than_two_are_tried_at_once(database: Database, host_id: HostId, tmp_path: Path) -> None:
    backends = [SlowProbe(state_dir=tmp_path / str(number)) for number in range(5)]
    candidates = [here(str(number), backend) for number, backend in enumerate(backends)]
    catalog = AgentCatalog(database=database, host_id=host_id, candidates=candidates)
    await catalog.start()
    async with asyncio.timeout(60):
        for done in range(5):
            while sum(backend.asking for backend in backends) < min(2, 5 - done):
                await asyncio.sleep(0.01)
            assert sum(backend.asking for backend in backends) <= 2
            next(backend for backend in backends if backend.asking).may_answer.set()
            while sum(info.state is AgentState.READY for info in catalog.agents()) <= done:
                await asyncio.sleep(0.01)
    await catalog.stop()


@pytest.mark.parametrize(("signed_in", "code"), [(True, ""), (False, "no_agent_ready"), (None, "no_agent_ready")])
async def test_an_agent_with_a_login_is_never_chosen_unseen(
    database: Database, host_id: HostId, tmp_path: Path, signed_in: bool | None, code: str
) -> None:
    backend = SlowProbe(state_dir=tmp_path)
    backend.signed_in = signed_in
    backend.may_answer.set()
    candidates = [here("one", backend, eager=False, login="one login")]
    catalog = AgentCatalog(database=database, host_id=host_id, candidates=candidates)
    with pytest.raises(Unavailable):
        await catalog.choose()
    assert backend.asked == 0
    await catalog.probe()
    if code:
        with pytest.raises(Unavailable) as caught:
            await catalog.choose()
        assert caught.value.code == code and "one login" in caught.value.text
    else:
        assert await catalog.choose() == "one"
    await catalog.stop()


async def test_an_agent_that_is_installed_later_is_found_by_asking_again(
    database: Database, host_id: HostId, tmp_path: Path
) -> None:
    backend = SlowProbe(state_dir=tmp_path)
    backend.may_answer.set()
    gone = AgentInfo("one", "acp", AgentState.UNAVAILABLE, "x is not installed.", "Install it: y")
    installed = False

    def find() -> FoundAgent | AgentInfo:
        return FoundAgent(AgentInfo("one", "acp", AgentState.LOADING), backend) if installed else gone

    catalog = AgentCatalog(database=database, host_id=host_id, candidates=[Candidate("one", find)])
    await catalog.start()
    assert catalog.agents() == (gone,) and catalog.backend("one") is None
    installed = True
    (info,) = await catalog.probe()
    assert info.state is AgentState.READY and catalog.backend("one") is backend
    await catalog.stop()


async def test_changes_are_told_once_and_the_newest_counts(database: Database, host_id: HostId, tmp_path: Path) -> None:
    one, two = SlowProbe(state_dir=tmp_path / "1"), SlowProbe(state_dir=tmp_path / "2")
    catalog = AgentCatalog(database=database, host_id=host_id, candidates=[here("one", one), here("two", two)])
    await catalog.start()
    with catalog.watch() as watch:
        assert [info.name for info in await watch.next_changes()] == ["one", "two"]
        one.may_answer.set()
        await catalog.probe(["one"])
        (news,) = await watch.next_changes()
        assert (news.name, news.state) == ("one", AgentState.READY) and news.changed_at is not None
        await catalog.probe(["one"])  # says the same
        waiting = asyncio.ensure_future(watch.next_changes())
        two.state = AgentState.ERROR
        two.may_answer.set()
        await catalog.probe(["two"])
        assert [info.name for info in await waiting] == ["two"]
    await catalog.stop()


async def test_agents_that_left_the_settings_are_forgotten(database: Database, host_id: HostId, tmp_path: Path) -> None:
    for name in ("one", "two"):
        catalog = AgentCatalog(
            database=database, host_id=host_id, candidates=[here(name, SlowProbe(state_dir=tmp_path / name))]
        )
        await catalog.start()
        await catalog.stop()
    assert set(await stored(database, host_id)) == {"two"}
