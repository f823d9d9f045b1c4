"""Applying from outside: commits, branches, conflicts with both sides, resolving by the agent, publishing."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from boocoder.wire.changes import ApplyResult
from tests.acceptance.harness import ServiceHarness
from tests.fixtures.repository import MakeRepository, Repository, git_environment
from tests.fixtures.service import Installation, MakeInstallation
from tests.invariants import World, violations


@pytest.fixture
def project(repository: MakeRepository) -> Repository:
    return repository()


@pytest.fixture
def home(installation: MakeInstallation, dsn: str) -> Installation:
    place = installation({"BOOCODER_DATABASE_URL": dsn})
    place.start()
    return place


@pytest.fixture
async def desk(home: Installation, project: Repository) -> AsyncIterator[ServiceHarness]:
    home.folder = project.path
    async with home.client() as client:
        yield ServiceHarness(client, project.path)


async def command(home: Installation, *args: str, code: int = 0) -> str:
    """Run a command; what it printed."""
    done: subprocess.CompletedProcess[str] = await asyncio.to_thread(home.run, *args)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


async def test_a_session_goes_into_a_commit_and_its_rest_to_a_branch(
    desk: ServiceHarness, home: Installation, project: Repository, dsn: str
) -> None:
    created, _ = await desk.run("[[write one.txt|one]] [[write two.txt|two]] [[write three.txt|three]]")
    project.write("mine.txt", b"mine\n")
    await command(home, "review", "--accept", "one.txt")
    said = await command(home, "apply", "--commit", "--dry-run")
    assert f"Would be applied as commit on main in {project.path}." in said and "1 of 3 parts" in said
    assert project.git("log", "--oneline").count(b"\n") == 1
    said = await command(home, "apply", created.session_id[:8], "--commit", "-m", "Add one")
    assert "Applied as commit" in said and "the rest is change" in said
    assert project.git("log", "-1", "--format=%s").strip() == b"Add one"
    assert project.git("status", "--porcelain") == b"?? mine.txt\n"
    said = json.loads(await command(home, "apply", "--branch", "the/rest", "--json"))
    assert (said["ref"], said["files_written"], said["rest_change_id"]) == ("refs/heads/the/rest", 2, None)
    assert project.git("diff", "--name-only", "the/rest^", "the/rest").split() == [b"three.txt", b"two.txt"]
    assert "exclude one another" in await command(home, "apply", "--commit", "--branch", "x", code=2)
    assert "awaits a decision" in await command(home, "apply", code=2)
    created, _ = await desk.run("[[write four.txt|four]]", session=created.session_id)
    assert f"Applied to {project.path}" in await command(home, "apply")
    assert (project.path / "four.txt").exists()
    await asyncio.to_thread(home.stop)
    assert await violations(World(dsn, home.data_dir)) == []


async def test_the_whole_id_of_a_session_names_what_it_applied(
    desk: ServiceHarness, home: Installation, project: Repository
) -> None:
    created, _ = await desk.run("[[write one.txt|one]]")
    await command(home, "apply", created.session_id)
    assert "Applied as branch later" in await command(home, "apply", created.session_id, "--branch", "later")
    assert project.git("show", "later:one.txt") == b"one"
    await command(home, "unapply", created.session_id)
    assert project.git("status", "--porcelain") == b""


async def test_the_commits_of_an_agent_are_named_and_kept(
    desk: ServiceHarness, home: Installation, project: Repository
) -> None:
    created, _ = await desk.run("[[write one.txt|one]]")
    worktree = home.data_dir / "worktrees" / created.session_id
    project.git("add", "-A", cwd=worktree)
    project.git("commit", "-q", "-m", "Add one\n\nBecause.", cwd=worktree)
    await desk.run("[[write two.txt|two]]", session=created.session_id)
    change = json.loads(await command(home, "changes", "list", "--state", "pending", "--json"))
    assert "Add one  (A Person, 1 file)" in await command(home, "changes", "show", change["id"][:8])
    assert "need" in await command(home, "apply", "--keep-commits", code=2)
    said = await command(home, "apply", "--commit", "--keep-commits", "-m", "Add two")
    assert "2 files in 2 commits" in said
    assert project.git("log", "-2", "--format=%s", "--reverse").split(b"\n")[:2] == [b"Add one", b"Add two"]
    assert project.git("show", "--format=", "--name-only", "HEAD^").split() == [b"one.txt"]
    assert project.git("status", "--porcelain") == b""


async def test_conflicts_are_shown_and_the_agent_resolves_them(
    desk: ServiceHarness, home: Installation, project: Repository
) -> None:
    created, _ = await desk.run("[[write README.md|by the agent]]")
    project.write("README.md", b"by the user\n")
    said = await command(home, "apply", code=1)
    assert "README.md" in said and "yours | by the user" in said and "agent | by the agent" in said
    assert "1 file conflicts with the change; nothing was written." in said and "--resolve" in said
    assert (project.path / "README.md").read_bytes() == b"by the user\n"
    said = await command(home, "apply", "--dry-run", code=1)
    assert "yours | by the user" in said and "1 file conflicts with the change" in said
    change = (await desk.changes(created))[0]
    asked = await desk.client.post(f"/api/changes/{change.id}/apply", ApplyResult, {"dry_run": True})
    assert asked.dry_run and [(one.path, one.regions[0].theirs) for one in asked.conflicts] == [
        ("README.md", "by the agent\n")
    ]
    said = await command(home, "apply", "--resolve")
    assert "The agent resolves 1 file" in said and "README.md" in said
    tasks = await desk.client.items("/api/tasks", dict[str, object], session_id=created.session_id)
    resolving = next(task for task in tasks if "both sides" in str(task["prompt"]))
    created.task_id = str(resolving["id"])
    await desk.follow(created)
    await desk.run("[[write README.md|by both]]", session=created.session_id)
    assert f"Applied to {project.path}" in await command(home, "apply")
    assert (project.path / "README.md").read_text().strip() == "by both"


async def test_a_session_is_published(
    desk: ServiceHarness, home: Installation, project: Repository, tmp_path: Path
) -> None:
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "init", "-q", "--bare", str(remote)], env=git_environment(), check=True)
    created, _ = await desk.run("[[write one.txt|one]]")
    assert "has 0 remotes" in await command(home, "publish", code=1)
    project.git("remote", "add", "origin", str(remote))
    said = await command(home, "publish", "--branch", "work")
    assert "Pushed work to origin." in said and "Ask for a pull request of work" in said
    assert project.git("ls-remote", "origin").split()[1] == b"refs/heads/work"
    said = await command(home, "publish", created.session_id[:8], "--only-push")
    assert "Everything up-to-date" in said
