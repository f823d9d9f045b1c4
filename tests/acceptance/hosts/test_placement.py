"""Two services with different agents on one database: tasks go where they can run, and say so where they cannot."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import msgspec
import pytest

from boocoder.errors import Conflict
from boocoder.wire.service import HostInfo
from boocoder.wire.tasks import TaskInfo
from tests.acceptance.harness import ServiceHarness
from tests.acceptance.many_tasks import Created, Id
from tests.fixtures.repository import MakeRepository
from tests.fixtures.service import Installation, MakeInstallation

GONE_S = 100.0  # it renews its lease every few seconds
MISSING = "goose"  # known everywhere, installed nowhere in these tests


class Waiting(msgspec.Struct):
    """Why a queued task waits."""

    code: str
    text: str
    cure: str


class Queued(Created):
    """The answer to a queued task."""

    waiting_for: Waiting | None = None


@asynccontextmanager
async def started(*hosts: Installation) -> AsyncIterator[None]:
    try:
        for host in hosts:
            await asyncio.to_thread(host.start)
        yield
    finally:
        for host in hosts:
            await asyncio.to_thread(host.stop)


async def test_tasks_go_where_their_agent_is_and_wait_with_a_reason(
    installation: MakeInstallation, repository: MakeRepository, dsn: str
) -> None:
    project = repository()
    project.git("branch", "topic")
    has = installation({"BOOCODER_DATABASE_URL": dsn}, name="has the agent")
    lacks = installation(
        {"BOOCODER_DATABASE_URL": dsn, "BOOCODER_AGENTS_SCRIPTED_ENABLED": "false"}, name="lacks the agent"
    )
    async with started(has, lacks), lacks.client() as client:
        desk = ServiceHarness(client, project.path)
        made = await asyncio.gather(*(desk.queue(f"[[say {n}]]") for n in range(20)))
        for created in made:
            await desk.follow(created)
        assert {(await desk.task(created)).error_code for created in made} == {None}
        assert {(await desk.task(created)).state for created in made} == {"completed"}
        for start in ("topic", "no-such-branch"):
            created = await start_from(desk, start)
            await desk.follow(created)
            found = await desk.task(created)
            assert (found.state, found.error_code) == (
                ("completed", None) if start == "topic" else ("failed", "start_unknown")
            )
        await no_host_has_the_agent(desk, lacks)
        await the_able_host_is_away(desk, has, lacks)


async def start_from(desk: ServiceHarness, start: str) -> Created:
    """A task that the host that is asked cannot run: the one that runs it looks up its start."""
    (listed,) = await desk.client.items("/api/projects", Id)
    body = {"prompt": "[[say x]]", "agent": "scripted", "project_id": listed.id, "start": {"from": start}}
    return await desk.client.post("/api/tasks", Created, body)


async def no_host_has_the_agent(desk: ServiceHarness, asked: Installation) -> None:
    created = await queue(desk, agent=MISSING)
    assert created.waiting_for is not None and created.waiting_for.code == "no_host_can"
    assert created.waiting_for.text.count(f"{MISSING} is not available") == 2
    shown = await asyncio.to_thread(asked.run, "tasks", "show", created.task_id)
    assert f"It waits for a host. No host has both this project and {MISSING}." in shown.stdout
    shown = await asyncio.to_thread(asked.run, "tasks", "list", "--state", "pending")
    assert f"1 task waits for a host. No host has both this project and {MISSING}." in shown.stderr
    await desk.cancel(created)


async def the_able_host_is_away(desk: ServiceHarness, has: Installation, lacks: Installation) -> None:
    drained = await asyncio.to_thread(lacks.run, "hosts", "drain", (await host_of(desk, current=False))[:8])
    assert drained.returncode == 0, drained.stderr
    waits = await queue(desk)
    assert waits.waiting_for is not None and waits.waiting_for.code == "able_host_absent"
    assert "is drained" in waits.waiting_for.text
    with pytest.raises(Conflict, match="runs"):
        await desk.client.delete(f"/api/hosts/{await host_of(desk, current=False)}", HostInfo)
    assert await asyncio.to_thread(has.stop) == 0
    listed = await desk.client.get(f"/api/tasks/{waits.task_id}", TaskInfo)
    assert listed.waiting_for is not None and "does not run" in listed.waiting_for.text
    undrained = await asyncio.to_thread(lacks.run, "hosts", "drain", "--off", (await host_of(desk, current=False))[:8])
    assert undrained.returncode == 0, undrained.stderr
    await asyncio.to_thread(has.start)
    await desk.follow(waits)
    assert (await desk.task(waits)).state == "completed"


async def queue(desk: ServiceHarness, agent: str = "scripted") -> Queued:
    body = {"prompt": "[[say x]]", "agent": agent}
    (listed,) = await desk.client.items("/api/projects", Id)
    return await desk.client.post("/api/tasks", Queued, {**body, "project_id": listed.id})


async def host_of(desk: ServiceHarness, *, current: bool) -> str:
    listed = await desk.client.items("/api/hosts", HostInfo)
    return next(str(host.id) for host in listed if host.current is current)


async def test_a_copied_data_directory_does_not_run_beside_its_original(
    installation: MakeInstallation, repository: MakeRepository, dsn: str
) -> None:
    project = repository()
    original, copy = (installation({"BOOCODER_DATABASE_URL": dsn}, name=name) for name in ("original", "copy"))
    async with started(original):
        await asyncio.to_thread(shutil.copytree, original.data_dir, copy.data_dir)
        (copy.data_dir / "location.json").unlink()  # as on another machine, where the original is not at its path
        refused = await asyncio.to_thread(copy.run, "serve")
        assert refused.returncode == 1
        assert "runs with the same host id" in refused.stderr and "delete the file host-id" in refused.stderr
        async with original.client() as client:
            _, ended = await ServiceHarness(client, project.path).run("[[say still here]]")
            assert ended.outcome == "completed"
            (copy.data_dir / "host-id").unlink()
            await asyncio.to_thread(copy.start)
            assert sum(host.alive for host in await client.items("/api/hosts", HostInfo)) == 2
            assert await asyncio.to_thread(copy.stop) == 0
        conn = await asyncpg.connect(dsn)
        await conn.execute("UPDATE hosts SET instance_id = gen_random_uuid() WHERE stopped_at IS NULL")
        await conn.close()
        assert await asyncio.to_thread(original.wait_death, GONE_S) == 1
        assert "Another boocoder runs with this host's id" in original.log.read_text("utf-8")
