"""Messages to running turns through the whole program: by command, and over a kill -9 at each of their steps."""

from __future__ import annotations

import asyncio
import json

import pytest

from boocoder.client.http_client import Client
from boocoder.events import frames
from boocoder.failpoints import STEERING
from boocoder.model.steer import SteerState
from boocoder.wire.steers import SteerInfo
from tests.acceptance.harness import ServiceHarness
from tests.acceptance.many_tasks import Created
from tests.fixtures.repository import MakeRepository
from tests.fixtures.service import Installation, MakeInstallation
from tests.invariants import World, fingerprint, processes_of, violations
from tests.waiting import PATIENCE_S

LONG = "[[say busy]]" + "[[sleep 0.1]]" * 6000
AFTER_DEATH = {
    "steer.before_delivered": SteerState.RETURNED,
    "steer.after_delivered": SteerState.UNCONFIRMED,
    "steer.before_confirmed": SteerState.UNCONFIRMED,
    "steer.after_confirmed": SteerState.CONFIRMED,
}


async def ended(client: Client, steer: SteerInfo) -> SteerInfo:
    """The message in its final state."""
    async with asyncio.timeout(PATIENCE_S):
        while not steer.state.final:
            await asyncio.sleep(0.05)
            steer = await client.get(f"/api/steers/{steer.id}", SteerInfo)
    return steer


async def words(desk: ServiceHarness, created: Created) -> str:
    """Everything that agents said in the chat."""
    return " ".join(
        part.text for message in await desk.messages(created) for part in message.parts if part.kind == "text"
    )


@pytest.mark.parametrize("name", STEERING)
async def test_death_at_each_step_of_a_message(
    name: str, installation: MakeInstallation, repository: MakeRepository, dsn: str
) -> None:
    project = repository()
    before = fingerprint(project.path)
    service = installation({"BOOCODER_DATABASE_URL": dsn, "BOOCODER_FAILPOINTS": name})
    await asyncio.to_thread(service.start)
    async with service.client() as client:
        desk = ServiceHarness(client, project.path)
        created = await desk.queue(LONG)
        await desk.follow(created, until=frames.DeltaFrame)
        path, body = f"/api/sessions/{created.session_id}/steers", {"prompt": "[[say plum]]"}
        sent = await client.post(path, SteerInfo, body, key="the message")
    assert await asyncio.to_thread(service.wait_death, PATIENCE_S) == -9
    service.settings = {"BOOCODER_DATABASE_URL": dsn}
    await asyncio.to_thread(service.start)
    async with service.client() as client:
        desk = ServiceHarness(client, project.path)
        end = (await desk.follow(created))[-1]
        assert isinstance(end, frames.TurnEndedFrame) and end.outcome == "interrupted"
        again = await client.post(path, SteerInfo, body, key="the message")
        assert again.id == sent.id
        found = await ended(client, again)
        assert found.state is AFTER_DEATH[name]
        if found.queued_task_id is not None:
            queued = Created(str(found.queued_task_id), created.session_id, created.chat_id)
            await desk.follow(queued)
            assert (await words(desk, created)).count("plum") == 1
        else:
            assert (await words(desk, created)).count("plum") <= 1
            shown = [part for message in await desk.messages(created) for part in message.parts if part.kind == "steer"]
            assert [part.data and part.data["state"] for part in shown] == [found.state.value]
    assert await asyncio.to_thread(service.stop) == 0
    assert processes_of(service.data_dir) == []
    assert await violations(World(dsn, service.data_dir, {project.path: before})) == []


async def test_the_command_says_which_of_the_two_happened(
    installation: MakeInstallation, repository: MakeRepository, dsn: str
) -> None:
    project = repository()
    service = installation({"BOOCODER_DATABASE_URL": dsn})
    await asyncio.to_thread(service.start)
    async with service.client() as client:
        desk = ServiceHarness(client, project.path)
        created = await desk.queue(LONG)
        await desk.follow(created, until=frames.DeltaFrame)
        assert "the agent has it in its turn" in await run(service, "steer", created.session_id[:8], "[[say plum]]")
        taken = json.loads(await run(service, "steer", created.task_id, "[[say pear]]", "--json"))
        assert (taken["state"], taken["sent_by"]) == ("confirmed", "cli")
        shown = await run(service, "sessions", "show", created.session_id[:8], "--messages")
        assert "> [[say plum]]" in shown and "sent during the turn (cli)" in shown
        assert "steering" in await run(service, "agents", "show", "scripted")
        await desk.cancel(created)
        await desk.follow(created)
        late = await run(service, "steer", created.session_id[:8], "[[say late]]")
        assert "queued to run next as task" in late
        (newest,) = [one for one in await steers(client, created) if one.prompt == "[[say late]]"]
        await desk.follow(Created(str(newest.queued_task_id), created.session_id, created.chat_id))
        assert (await words(desk, created)).split()[-1] == "late"


async def test_a_message_that_waits_is_withdrawn_by_command(
    installation: MakeInstallation, repository: MakeRepository, dsn: str
) -> None:
    project = repository()
    service = installation({"BOOCODER_DATABASE_URL": dsn})
    await asyncio.to_thread(service.start)
    async with service.client() as client:
        desk = ServiceHarness(client, project.path)
        created = await desk.queue("[[say busy]][[hang]]")
        await desk.follow(created, until=frames.DeltaFrame)
        session = created.session_id[:8]
        assert "waits for the turn" in await run(service, "steer", session, "[[say plum]]", "--no-wait")
        (waiting,) = await steers(client, created)
        assert "withdrawn" in await run(service, "steer", session, "--withdraw", str(waiting.id)[:8])
        await desk.cancel(created)
        await desk.follow(created)
        assert [one.state for one in await steers(client, created)] == [SteerState.WITHDRAWN]


async def steers(client: Client, created: Created) -> list[SteerInfo]:
    """The session's messages to running turns."""
    return await client.items(f"/api/sessions/{created.session_id}/steers", SteerInfo)


async def run(service: Installation, *args: str) -> str:
    """What a command printed."""
    done = await asyncio.to_thread(service.run, *args)
    assert done.returncode == 0, done.stderr
    return done.stdout
