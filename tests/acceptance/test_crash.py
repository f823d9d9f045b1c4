"""kill -9 of the service anywhere: nothing is lost, stuck, run twice, half written or left running."""

from __future__ import annotations

import asyncio
import os
import random

import pytest

from boocoder.failpoints import NAMES
from boocoder.scripted_model.server import ScriptedModel
from tests.acceptance.many_tasks import TaskLoad, TaskState
from tests.fixtures.repository import MakeRepository
from tests.fixtures.service import Installation, MakeInstallation
from tests.invariants import World, fingerprint, processes_of, violations

KILLS, TURNS = map(int, os.environ.get("BOOCODER_TEST_CRASHES", "4 40").split())  # `make crashes` has 200 and 2,000
SLOW = "[[delay 0.02]] [[tokens 12]] [[bash echo working]]"
ENDS = {"completed", "interrupted"}


async def settle(service: Installation, crowd: TaskLoad, timeout_s: float) -> dict[str, TaskState]:
    async with service.client() as client:
        return await crowd.wait_ended(client, timeout_s)


def check_files(crowd: TaskLoad, states: dict[str, TaskState], service: Installation) -> None:
    """What a completed turn wrote is in its session's worktree; no turn wrote into another's."""
    for session, words in crowd.sessions.items():
        worktree = service.data_dir / "worktrees" / session
        written = {path.stem for path in worktree.glob("w*.txt")}
        assert written <= set(words)
        missing = {word for word in words if states[word].state == "completed"} - written
        assert not missing, f"completed turns of {session} whose files are gone"
        for word in written:
            assert (worktree / f"{word}.txt").read_text() == f"{word} was here"


@pytest.mark.parametrize("name", NAMES)
async def test_death_at_each_failpoint(
    name: str, installation: MakeInstallation, repository: MakeRepository, dsn: str
) -> None:
    project = repository()
    before = fingerprint(project.path)
    service = installation({"BOOCODER_DATABASE_URL": dsn})
    service.settings = {**service.settings, "BOOCODER_FAILPOINTS": f"{name}=2"}
    await asyncio.to_thread(service.start)
    crowd = TaskLoad(project.path)
    async with service.client() as client:
        sessions = await crowd.begin(client, 2)
        for _ in range(2):
            for session in sessions:
                try:
                    await crowd.queue(client, session, "scripted", extra=SLOW)
                except Exception:  # noqa: BLE001 - it may have died already; asked again below
                    break
    assert await asyncio.to_thread(service.wait_death, 100.0) == -9
    service.settings = {"BOOCODER_DATABASE_URL": dsn}
    await asyncio.to_thread(service.start)
    async with service.client() as client:
        await crowd.queue_unanswered(client)
    states = await settle(service, crowd, 150)
    assert {state.state for state in states.values()} <= ENDS
    assert sum(state.state == "interrupted" for state in states.values()) <= 2
    check_files(crowd, states, service)
    assert await asyncio.to_thread(service.stop) == 0
    assert processes_of(service.data_dir) == []
    assert await violations(World(dsn, service.data_dir, {project.path: before})) == []


@pytest.mark.slow
@pytest.mark.opencode
@pytest.mark.timeout(300 + 6 * TURNS)
async def test_kills_over_many_turns(
    installation: MakeInstallation,
    repository: MakeRepository,
    dsn: str,
    opencode_program: object,
    scripted_model: ScriptedModel,
) -> None:
    project = repository()
    before = fingerprint(project.path)
    service = installation(
        {
            "BOOCODER_DATABASE_URL": dsn,
            "BOOCODER_AGENTS_OPENCODE_ENABLED": "true",
            "BOOCODER_AGENTS_OPENCODE_PROGRAM": str(opencode_program),
            "BOOCODER_MODELS_BASE_URL": scripted_model.base_url,
        }
    )
    chance = random.Random(20261122)
    crowd = TaskLoad(project.path)
    await asyncio.to_thread(service.start)
    async with service.client() as client:
        sessions = await crowd.begin(client, 6)
        for n in range(TURNS):
            agent = "opencode" if n % 6 == 5 else "scripted"
            await crowd.queue(client, sessions[n % 6], agent, extra=SLOW)
    for _ in range(KILLS):
        await asyncio.sleep(chance.uniform(0.1, 1.5))
        service.kill()
        await asyncio.to_thread(service.start)
    states = await settle(service, crowd, 150 + 2.4 * TURNS)
    ends = {state.error_code if state.state == "failed" else state.state for state in states.values()}
    assert ends <= {*ENDS, "gave_up_after_crashes"}, "a turn ended otherwise than a killed service explains"
    assert sum(state.state == "completed" for state in states.values()) >= TURNS // 4
    check_files(crowd, states, service)
    assert await asyncio.to_thread(service.stop) == 0
    assert processes_of(service.data_dir) == []
    assert await violations(World(dsn, service.data_dir, {project.path: before})) == []
    for word in crowd.tasks:
        turns = [call.conversation for call in scripted_model.requests if call.conversation.side_answer is None]
        first_calls = [turn for turn in turns if word in turn.prompt and turn.results == 0]
        assert len(first_calls) <= 1, f"the prompt of {word} reached the model {len(first_calls)} times"
