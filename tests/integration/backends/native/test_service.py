"""The native agent in the running program: chosen by itself, its change applied, and killed again and again."""

from __future__ import annotations

import asyncio
import json
import random

import psutil

from boocoder.scripted_model.server import ScriptedModel
from tests.acceptance.many_tasks import TaskLoad
from tests.fixtures.repository import MakeRepository
from tests.fixtures.service import MakeInstallation
from tests.invariants import World, fingerprint, processes_of, violations
from tests.waiting import until

KILLS, TURNS = 6, 30
SLOW = "[[delay 0.02]] [[tokens 12]] [[bash echo working]]"


async def test_a_model_server_is_all_that_is_needed(
    installation: MakeInstallation, repository: MakeRepository, dsn: str, scripted_model: ScriptedModel
) -> None:
    project = repository()
    service = installation(
        {
            "BOOCODER_DATABASE_URL": dsn,
            "BOOCODER_MODELS_BASE_URL": scripted_model.base_url,
            "BOOCODER_AGENTS_SCRIPTED_ENABLED": "false",
        }
    )
    await asyncio.to_thread(service.start)
    prompt = "[[say I write it.]] [[write notes/hello.txt|hello\n]] [[bash cat notes/hello.txt]] [[say Done.]]"
    done = await asyncio.to_thread(service.run, "run", prompt, "--json", "--apply", cwd=project.path)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert next(line for line in lines if line["type"] == "turn_started")["agent"] == "native"
    assert (project.path / "notes/hello.txt").read_text() == "hello\n"

    await asyncio.to_thread(service.stop)
    await asyncio.to_thread(service.start)
    again = await asyncio.to_thread(
        service.run, "run", "[[recall]]", "--session", lines[0]["session_id"][:8], cwd=project.path
    )
    assert "users=2:" in again.stdout and "I write it." in again.stdout, again.stdout + again.stderr
    listed = await asyncio.to_thread(service.run, "agents", "--json")
    assert '"native"' in listed.stdout and "scripted-" in listed.stdout


async def test_a_killed_service_takes_the_agents_commands_along(
    installation: MakeInstallation, repository: MakeRepository, dsn: str, scripted_model: ScriptedModel
) -> None:
    project = repository()
    service = installation({"BOOCODER_DATABASE_URL": dsn, "BOOCODER_MODELS_BASE_URL": scripted_model.base_url})
    await asyncio.to_thread(service.start)
    attached, detached = (str(random.randint(100_000, 999_999)) for _ in range(2))
    crowd = TaskLoad(project.path)
    async with service.client() as client:
        (session,) = await crowd.begin(client, 1)
        script = f"[[bash setsid sleep {detached} >/dev/null 2>&1 & sleep {attached}]]"
        await crowd.queue(client, session, "native", extra=script)
        await until(lambda: sleeping(attached) and sleeping(detached), timeout_s=60)
    service.kill()
    await until(lambda: not sleeping(attached) and not sleeping(detached), timeout_s=60)


def sleeping(number: str) -> bool:
    """Whether `sleep NUMBER` runs on this machine."""
    return any(process.info["cmdline"] == ["sleep", number] for process in psutil.process_iter(["cmdline"]))


async def test_kills_over_many_turns(
    installation: MakeInstallation, repository: MakeRepository, dsn: str, scripted_model: ScriptedModel
) -> None:
    project = repository()
    before = fingerprint(project.path)
    service = installation({"BOOCODER_DATABASE_URL": dsn, "BOOCODER_MODELS_BASE_URL": scripted_model.base_url})
    chance = random.Random(20261122)
    crowd = TaskLoad(project.path)
    await asyncio.to_thread(service.start)
    async with service.client() as client:
        sessions = await crowd.begin(client, 5)
        for number in range(TURNS):
            await crowd.queue(client, sessions[number % 5], "native", extra=SLOW)
    for _ in range(KILLS):
        await asyncio.sleep(chance.uniform(0.2, 1.0))
        service.kill()
        await asyncio.to_thread(service.start)
    async with service.client() as client:
        states = await crowd.wait_ended(client, 200)
    assert {state.state for state in states.values()} <= {"completed", "interrupted"}, states
    assert sum(state.state == "completed" for state in states.values()) >= TURNS // 3
    assert await asyncio.to_thread(service.stop) == 0
    assert processes_of(service.data_dir) == []
    assert await violations(World(dsn, service.data_dir, {project.path: before})) == []
    for word in crowd.tasks:
        calls = [call.conversation for call in scripted_model.requests]
        first = [call for call in calls if word in call.prompt and call.results == 0]
        assert len(first) <= 1, f"the prompt of {word} reached the model {len(first)} times"
