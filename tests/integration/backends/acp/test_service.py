"""The whole program with an ACP agent out of its settings: turns, a kill in the middle, and nothing left behind."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from tests.acceptance.many_tasks import TaskLoad
from tests.fakes.acp.harness import FAKE
from tests.fixtures.repository import MakeRepository
from tests.fixtures.service import Installation, MakeInstallation
from tests.invariants import World, fingerprint, processes_of, violations
from tests.waiting import until

Lines = list[dict[str, object]]


@pytest.fixture
def service(installation: MakeInstallation, dsn: str) -> Installation:
    """A service whose settings file has the fake agent."""
    made = installation({"BOOCODER_DATABASE_URL": dsn})
    config = made.home / ".config" / "boocoder" / "config.toml"
    config.parent.mkdir(parents=True)
    command = json.dumps([sys.executable, str(FAKE), "--store", str(made.home / "conversations")])
    config.write_text(f"[agents.fake]\ncommand = {command}\n")
    made.start()
    return made


def run(service: Installation, directory: Path, *args: str) -> Lines:
    """The lines of `boocoder run --json` with the fake."""
    done = service.run("run", *args, "--agent", "fake", "--json", cwd=directory)
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def said(lines: Lines) -> str:
    """The answer's text."""
    live = [str(line["text"]) for line in lines if line["type"] == "delta" and "seq" not in line]
    return "".join(live or [str(line["text"]) for line in lines if line["type"] == "delta"])


async def test_the_agent_is_listed_and_works(service: Installation, repository: MakeRepository) -> None:
    project = repository()
    await until(lambda: '"fake"' in (listed := service.run("agents", "--json").stdout) and "1.2.3" in listed)
    first = run(service, project.path, "[[say teal]] [[write a.txt|1\n]] [[bash echo 2 >> a.txt]]", "--apply")
    assert (project.path / "a.txt").read_text() == "1\n2\n"
    session = str(first[0]["session_id"])[:8]
    second = run(service, project.path, "[[recall]]", "--session", session)
    assert "users=2: " in said(second) and "teal" in said(second)
    assert service.stop() == 0
    assert processes_of(service.data_dir) == []


async def test_a_kill_in_the_middle_loses_nothing_that_was_said(
    service: Installation, repository: MakeRepository, dsn: str
) -> None:
    project = repository()
    before = fingerprint(project.path)
    crowd = TaskLoad(project.path)
    async with service.client() as client:
        (session,) = await crowd.begin(client, 1)
        word = await crowd.queue(client, session, "fake", extra="[[delay 0.05]] [[tokens 400]]")
    records = service.data_dir / "agents" / "fake" / "turns"
    await until(lambda: any(b"w9 " in path.read_bytes() for path in records.glob("*.jsonl")))
    await asyncio.to_thread(service.kill)
    await asyncio.to_thread(service.start)
    async with service.client() as client:
        states = await crowd.wait_ended(client, 100)
    assert states[word].state == "interrupted"
    async with service.client() as client:
        after = await crowd.queue(client, session, "fake", extra="[[recall]]")
        states = await crowd.wait_ended(client, 100)
    assert states[after].state == "completed"
    assert await asyncio.to_thread(service.stop) == 0
    assert processes_of(service.data_dir) == []
    assert await violations(World(dsn, service.data_dir, {project.path: before})) == []
