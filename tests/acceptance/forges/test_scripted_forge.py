"""Issues of a scripted forge become merged changes; a person publishes each once, and the rest goes back by itself."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from boocoder.client.http_client import Client
from boocoder.wire.changes import ChangeSummary, PublishedBranch
from boocoder.wire.tasks import TaskInfo
from boocoder.wire.webhooks import FollowInfo, ForgeEventInfo
from tests.fixtures.changes import scripted_forge as forge_files
from tests.fixtures.changes.scripted_forge.server import REPOSITORY, Forge
from tests.fixtures.repository import MakeRepository, Repository, git_environment
from tests.fixtures.service import Installation, MakeInstallation

ISSUES = int(os.environ.get("BOOCODER_TEST_FORGE_ISSUES", "5"))
SIMPLE, RED, REVIEWED, CONFLICTING = range(4)
WAIT_S = 150.0 if ISSUES <= 5 else 3_600.0
POLL_S = 0.2
GATE = "! grep -rn '^<<<<<<<' answers shared"
TOOLS = Path(str(forge_files.__path__[0]))


def kind_of(issue: int) -> int:
    return issue % 4


@pytest.fixture
def project(repository: MakeRepository) -> Repository:
    """A clone whose remote is the forge's bare repository, at an address of GitHub."""
    made = repository()
    for issue in range(1, ISSUES + 1):
        if kind_of(issue) == CONFLICTING:
            made.write(f"shared/{issue}.txt", "as it was\n")
    made.write("shared/kept.txt", "kept\n")
    made.write("answers/kept.txt", "kept\n")
    made.commit("Files of the issues")
    return made


@pytest.fixture
def forge(project: Repository, tmp_path: Path) -> Iterator[Forge]:
    bare = tmp_path / "forge.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(bare)], env=git_environment(), check=True)
    address = f"https://github.com/{REPOSITORY}.git"
    project.git("remote", "add", "origin", address)
    project.git("config", f"url.{bare}.insteadOf", address)
    project.git("push", "-q", "origin", "main")
    made = Forge(bare, wants_review=frozenset(one for one in range(1, ISSUES + 1) if kind_of(one) == REVIEWED))
    made.start(sys.executable)
    yield made
    made.stop()


@pytest.fixture
def driven(installation: MakeInstallation, forge: Forge, dsn: str, tmp_path: Path) -> Installation:
    """A service whose agent is a program, and whose gh asks the forge."""
    tools = tmp_path / "tools"
    tools.mkdir()
    gh = tools / "gh"
    gh.write_text(f'#!/bin/sh\nFORGE_URL={forge.url} exec {sys.executable} "{TOOLS}/gh.py" "$@"\n')
    gh.chmod(0o755)
    config = tmp_path / "config.toml"
    command = json.dumps([sys.executable, str(TOOLS / "worker.py"), "{prompt}"])
    config.write_text(f'[agents.worker]\ntransport = "oneshot"\ncommand = {command}\nprompt_args = []\n')
    made = installation(
        {
            "BOOCODER_DATABASE_URL": dsn,
            "BOOCODER_CONFIG": str(config),
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        }
    )
    made.start()
    return made


async def test_issues_become_merged_changes_with_one_touch_each(
    driven: Installation, forge: Forge, project: Repository, dsn: str
) -> None:
    name = json.loads((await asyncio.to_thread(driven.run, "projects", "add", str(project.path), "--json")).stdout)[
        "name"
    ]
    add = ("hooks", "add", "forge", "--project", name, "--agent", "worker", "--per-hour", "1000")
    prompt = ("--prompt", "Issue {{ issue.number }}: {{ issue.title }}", "--when", "event=issues")
    made = await asyncio.to_thread(driven.run, *add, *prompt)
    assert made.returncode == 0, made.stderr
    forge.secret, forge.hook_url = made.stdout.strip(), f"{driven.url}/api/v1/hooks/forge"
    titles = {SIMPLE: "a simple thing", RED: "a thing", REVIEWED: "a simple thing", CONFLICTING: "a simple thing"}
    for issue in range(1, ISSUES + 1):
        await asyncio.to_thread(forge.open_issue, issue, titles[kind_of(issue)])
        if kind_of(issue) == CONFLICTING:
            await asyncio.to_thread(forge.commit_to_main, f"shared/{issue}.txt", f"by somebody for {issue}\n")
    touches = 0
    async with driven.client() as client:
        for change in await changes(client):
            body = {"follow": {"gate": GATE}, "base": "main"}
            published = await client.post(f"/api/changes/{change.id}/publish", PublishedBranch, body, timeout_s=300)
            assert published.url, published.output
            touches += 1
        assert touches == ISSUES
        await decided(client, forge)
        follows = await client.items("/api/follows", FollowInfo, limit=200)
        await check(client, forge, follows, dsn)


async def changes(client: Client) -> list[ChangeSummary]:
    """The change of every issue, once its turn has ended."""
    async with asyncio.timeout(WAIT_S):
        while True:
            found = await client.items("/api/changes", ChangeSummary, state="pending", limit=200)
            if len(found) == ISSUES:
                return found
            await asyncio.sleep(POLL_S)


async def decided(client: Client, forge: Forge) -> None:
    """Wait until the forge has merged all, or nothing goes on any more."""
    follows: list[FollowInfo] = []
    try:
        async with asyncio.timeout(WAIT_S):
            while not follows or not all(one.state.over or one.state == "stopped" for one in follows):
                follows = await client.items("/api/follows", FollowInfo, limit=200)
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        pytest.fail(f"{follows}\n{forge.pulls}\n{forge.deliveries}")


async def check(client: Client, forge: Forge, follows: list[FollowInfo], dsn: str) -> None:
    said = [(one.branch, one.state.value, one.reason, one.detail, one.rounds) for one in follows]
    merged = [one for one in follows if one.state == "merged"]
    print(f"{len(merged)} of {ISSUES} merged, {sum(one.rounds for one in follows)} rounds")
    assert len(merged) >= ISSUES * 9 // 10, said
    for pull in forge.pulls.values():
        answer = forge.git("show", f"main:answers/{pull.issue}.txt")
        assert "tested" in answer, (pull, said)
        assert ("a greeting" in answer) == (kind_of(pull.issue) == REVIEWED)
        if kind_of(pull.issue) == CONFLICTING:
            both = forge.git("show", f"main:shared/{pull.issue}.txt").splitlines()
            assert sorted(both) == [f"by somebody for {pull.issue}", f"by the agent for {pull.issue}"]
    rounds = {pull.branch: int(kind_of(pull.issue) != SIMPLE) for pull in forge.pulls.values()}
    assert {one.branch: one.rounds for one in merged}.items() <= rounds.items(), said
    for one in merged:
        events = await client.items(f"/api/sessions/{one.session_id}/follow/events", ForgeEventInfo)
        assert sum(event.round is not None for event in events) == one.rounds
    tasks: list[Any] = await client.items("/api/tasks", TaskInfo, limit=200)
    assert {one.origin for one in tasks} <= {"hook", "person"}
    await check_gates(dsn, follows)


async def check_gates(dsn: str, follows: list[FollowInfo]) -> None:
    """Every round that was pushed has its gate's exit code."""
    conn = await asyncpg.connect(dsn)
    try:
        passed = await conn.fetch("SELECT session_id, round FROM gate_runs WHERE exit_code = 0 AND command = $1", GATE)
    finally:
        await conn.close()
    wanted = {(one.session_id, number) for one in follows for number in range(1, one.rounds + 1) if one.state.over}
    assert wanted <= {(row["session_id"], row["round"]) for row in passed}
