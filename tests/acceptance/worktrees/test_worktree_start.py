"""How a session's worktree starts, on the running program: from where, with which files, set up by which command."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from boocoder.errors import BoocoderError, InvalidInput
from boocoder.events import frames
from tests.acceptance.harness import ServiceHarness, of_kind
from tests.acceptance.many_tasks import Created, Id
from tests.fixtures.repository import Repository
from tests.fixtures.service import Installation

WAIT_S = 60.0
POLL_S = 0.02


async def project_id(desk: ServiceHarness) -> str:
    return (await desk.client.post("/api/projects", Id, {"path": str(desk.project)})).id


async def put_settings(desk: ServiceHarness, **settings: str | float | list[str]) -> None:
    await desk.client.put(f"/api/projects/{await project_id(desk)}/settings", msgspec.Raw, settings)


async def start(desk: ServiceHarness, prompt: str, where: Mapping[str, str | bool]) -> Created:
    body = {"prompt": prompt, "agent": "scripted", "project_id": await project_id(desk), "start": where}
    return await desk.client.post("/api/tasks", Created, body)


def worktree_of(home: Installation, created: Created) -> Path:
    return home.data_dir / "worktrees" / created.session_id


def outcome(seen: list[frames.Frame]) -> tuple[str, str]:
    ended = seen[-1]
    assert isinstance(ended, frames.TurnEndedFrame)
    return ended.outcome, ended.code


def notices(seen: list[frames.Frame]) -> dict[str, str]:
    return {
        frame.code: frame.text for frame in of_kind(seen, frames.NoticeFrame) if isinstance(frame, frames.NoticeFrame)
    }


def setup_calls(seen: list[frames.Frame]) -> list[frames.ToolCallFrame]:
    calls = [frame for frame in seen if isinstance(frame, frames.ToolCallFrame)]
    return [call for call in calls if call.name == "setup"]


async def changed_paths(desk: ServiceHarness, created: Created) -> list[str]:
    found = await desk.changes(created)
    if not found:
        return []
    diff = await desk.client.request("GET", f"/api/changes/{found[0].id}/diff")
    return [line.split(" b/")[-1] for line in diff.decode().splitlines() if line.startswith("diff --git")]


async def wait_for(path: Path) -> None:
    deadline = time.monotonic() + WAIT_S
    while not path.exists():
        assert time.monotonic() < deadline, f"no {path}"
        await asyncio.sleep(POLL_S)


async def ended(desk: ServiceHarness, created: Created) -> str:
    """The task's state when it is final."""
    deadline = time.monotonic() + WAIT_S
    while (state := (await desk.task(created)).state) in ("pending", "running"):
        assert time.monotonic() < deadline
        await asyncio.sleep(POLL_S)
    return state


async def test_a_session_starts_from_a_branch(desk: ServiceHarness, home: Installation, project: Repository) -> None:
    project.git("switch", "-q", "-c", "feature/login")
    project.write("login.txt", "login\n")
    project.commit("Login")
    project.git("switch", "-q", "main")
    created = await start(desk, "[[write a.txt|one\n]]", {"from": "feature/login"})
    seen = await desk.follow(created)
    assert outcome(seen) == ("completed", "")
    assert (worktree_of(home, created) / "login.txt").read_text() == "login\n"
    assert "feature/login, commit" in notices(seen)["started_from"]
    assert await changed_paths(desk, created) == ["a.txt"]


async def test_an_unknown_start_is_refused_before_anything_is_stored(desk: ServiceHarness, project: Repository) -> None:
    project.git("branch", "feature/login")
    with pytest.raises(InvalidInput, match="feature/login") as refused:
        await start(desk, "x", {"from": "feature/logon"})
    assert refused.value.code == "start_unknown"
    body = {"project_id": await project_id(desk), "start": {"from": "feature/logon"}}
    with pytest.raises(InvalidInput):
        await desk.client.post("/api/sessions", Id, body)
    with pytest.raises(InvalidInput) as both:
        await start(desk, "x", {"from": "main", "dirty": True})
    assert both.value.code == "start_ambiguous"
    assert await desk.client.items("/api/sessions", Id) == []


async def test_a_session_starts_from_the_checkout_as_it_is(
    desk: ServiceHarness, home: Installation, project: Repository
) -> None:
    project.write("README.md", "half done\n")
    project.write("new.txt", "untracked\n")
    project.write("noise.log", "ignored\n")
    created = await start(desk, "[[write new.txt|untracked\nand more\n]]", {"dirty": True})
    seen = await desk.follow(created)
    assert outcome(seen) == ("completed", "")
    worktree = worktree_of(home, created)
    assert (worktree / "README.md").read_text() == "half done\n" and not (worktree / "noise.log").exists()
    assert "2 uncommitted files" in notices(seen)["started_from_checkout"]
    assert await changed_paths(desk, created) == ["new.txt"], "the person's own edits are not the agent's"
    change = (await desk.changes(created))[0]
    await desk.client.request("POST", f"/api/changes/{change.id}/apply", body={})
    assert (project.path / "new.txt").read_text() == "untracked\nand more\n"
    assert (project.path / "README.md").read_text() == "half done\n"


async def test_files_are_copied_and_set_up_and_the_change_is_the_agents_alone(
    desk: ServiceHarness, home: Installation, project: Repository
) -> None:
    project.write(".gitignore", "*.log\nbuild/\n.env\n")
    project.commit()
    project.write(".env", "KEY=1\n")
    project.write("loose.local", "neither tracked nor ignored\n")
    await put_settings(
        desk,
        copy_patterns=[".env", "*.local"],
        setup="echo preparing; mkdir build; echo made > build/out; echo generated > generated.txt; echo ready",
    )
    created = await desk.queue("[[bash cat .env generated.txt loose.local build/out]] [[write a.txt|one\n]]")
    seen = await desk.follow(created)
    assert outcome(seen) == ("completed", "")
    told = notices(seen)
    assert ".env, loose.local" in told["files_copied"] and "base_is_dirty" in told
    last = setup_calls(seen)[-1]
    assert (last.status, last.exit_code) == ("completed", 0) and last.output == "preparing\nready\n"
    assert await changed_paths(desk, created) == ["a.txt"], "what was copied and set up is not the agent's"
    second = await desk.queue("[[say again]]", session=created.session_id)
    assert len(setup_calls(await desk.follow(second))) == len(setup_calls(seen)), "a worktree is set up once"
    change = (await desk.changes(created))[0]
    await desk.client.request("POST", f"/api/changes/{change.id}/apply", body={})
    assert (project.path / "a.txt").exists() and not (project.path / "generated.txt").exists()


async def test_a_folder_of_packages_is_copied_whole_and_works(
    desk: ServiceHarness, home: Installation, project: Repository
) -> None:
    project.write(".gitignore", "node_modules/\n.venv/\n")
    project.commit()
    for place in range(40):
        project.write(f"node_modules/m{place}/index.js", f"{place}\n")
    subprocess.run((sys.executable, "-m", "venv", "--without-pip", project.path / ".venv"), check=True)
    await put_settings(desk, copy_patterns=["node_modules/", ".venv/"])
    prefix = "import sys; print(sys.prefix)"
    created = await desk.queue(f"[[bash cat node_modules/m39/index.js; .venv/bin/python3 -c '{prefix}']]")
    seen = await desk.follow(created)
    assert outcome(seen) == ("completed", "")
    assert "node_modules/ (40 files)" in notices(seen)["files_copied"] and "files_not_copied" not in notices(seen)
    call = [frame for frame in seen if isinstance(frame, frames.ToolCallFrame)][-1]
    assert call.output.splitlines() == ["39", f"{worktree_of(home, created)}/.venv"]


async def test_a_setup_that_fails_ends_the_turn_and_is_run_again(
    desk: ServiceHarness, home: Installation, project: Repository
) -> None:
    await put_settings(desk, setup="echo half > half.txt; echo it broke >&2; exit 7")
    created = await desk.queue("[[write a.txt|one\n]]")
    seen = await desk.follow(created)
    assert outcome(seen) == ("failed", "setup_failed")
    task = await desk.task(created)
    assert "exit code 7" in (task.error_text or "") and "it broke" in (task.error_text or "")
    assert "boocoder projects settings" in (task.error_cure or "")
    assert setup_calls(seen)[-1].exit_code == 7 and await desk.changes(created) == []
    await put_settings(desk, setup="echo sound")
    again = await desk.queue("[[write a.txt|one\n]]", session=created.session_id)
    assert outcome(await desk.follow(again)) == ("completed", "")
    assert await changed_paths(desk, again) == ["a.txt"], "what the first try left is no change of the agent"


async def test_a_setup_ends_at_its_limit(desk: ServiceHarness) -> None:
    await put_settings(desk, setup="echo waiting; sleep 600", setup_timeout_s=0.5)
    created = await desk.queue("[[say x]]")
    assert outcome(await desk.follow(created)) == ("failed", "setup_failed")
    assert "was ended after 0.5 s. It said: waiting" in ((await desk.task(created)).error_text or "")


async def test_a_turn_is_cancelled_while_its_worktree_is_set_up(desk: ServiceHarness, home: Installation) -> None:
    await put_settings(desk, setup="touch begun; while [ ! -e go ]; do sleep 0.02; done; echo $$ > done")
    created = await desk.queue("[[write a.txt|one\n]]")
    worktree = worktree_of(home, created)
    await wait_for(worktree / "begun")
    await desk.cancel(created)
    seen = await desk.follow(created)
    assert outcome(seen) == ("cancelled", "") and setup_calls(seen)[-1].status == "cancelled"
    assert await desk.changes(created) == []
    (worktree / "go").touch()
    again = await desk.queue("[[write a.txt|one\n]]", session=created.session_id)
    assert outcome(await desk.follow(again)) == ("completed", "")
    assert (worktree / "done").exists() and await changed_paths(desk, again) == ["a.txt"]


async def test_a_service_that_dies_during_setup_runs_it_again(desk: ServiceHarness, home: Installation) -> None:
    await put_settings(desk, setup="echo try >> tries.log; touch begun; while [ ! -e go ]; do sleep 0.02; done")
    created = await desk.queue("[[write a.txt|one\n]]")
    worktree = worktree_of(home, created)
    await wait_for(worktree / "begun")
    await asyncio.to_thread(home.kill)
    (worktree / "go").touch()
    await asyncio.to_thread(home.start)
    async with home.client() as client:
        reborn = ServiceHarness(client, desk.project)
        assert await ended(reborn, created) == "completed"
        assert (worktree / "tries.log").read_text() == "try\ntry\n"
        assert await changed_paths(reborn, created) == ["a.txt"]


@pytest.mark.parametrize("home_settings", [{"BOOCODER_SANDBOX_PROFILE": "off"}])  # it keeps the checkout as it is
async def test_what_changes_outside_of_the_worktree_is_named(desk: ServiceHarness, project: Repository) -> None:
    project.write("mine.txt", "dirty before\n")
    created, _ = await desk.run("[[say warm]]")
    outside = await desk.queue(
        f"[[sleep 0.4]] [[bash echo x > '{project.path}/planted.txt']]", session=created.session_id
    )
    told = notices(await desk.follow(outside))
    assert "1 file of your checkout changed: planted.txt." in told["checkout_changed"]
    quiet = await desk.queue("[[write a.txt|one\n]]", session=created.session_id)
    seen = await desk.follow(quiet)
    began = next(n for n, frame in enumerate(seen) if str(getattr(frame, "task_id", "")) == quiet.task_id)
    assert "checkout_changed" not in notices(seen[began:])


async def test_a_worktree_that_is_gone_is_set_up_again_with_its_files(
    desk: ServiceHarness, home: Installation, project: Repository
) -> None:
    await put_settings(desk, setup="mkdir -p build && echo made > build/out && echo x >> generated.txt")
    first, _ = await desk.run("[[write a.txt|one\n]]")
    worktree = worktree_of(home, first)
    shutil.rmtree(worktree)
    second = await desk.queue("[[write b.txt|two\n]]", session=first.session_id)
    seen = await desk.follow(second)
    assert outcome(seen) == ("completed", "") and "worktree_restored" in notices(seen)
    assert (worktree / "a.txt").exists() and (worktree / "build/out").exists()
    assert "a.txt" in await changed_paths(desk, second)


async def test_settings_on_the_command_line(desk: ServiceHarness, home: Installation, project: Repository) -> None:
    async def settings(*args: str) -> str:
        done = await asyncio.to_thread(home.run, "projects", "settings", *args, cwd=project.path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "nothing" in await settings()
    shown = await settings("--copy", ".env", "--copy", "config/*.local", "--setup", "npm ci", "--setup-timeout", "9")
    assert ".env  config/*.local" in shown and "npm ci  (at most 9 s)" in shown
    shown = await settings(str(UUID(await project_id(desk))), "--teardown", "make down", "--copy-nothing")
    assert "npm ci" in shown and "make down" in shown and ".env" not in shown
    assert "your git hooks run" in await settings("--git-hooks")
    assert "your git hooks do not run" in await settings("--no-git-hooks")
    done = await asyncio.to_thread(
        home.run, "run", "[[write a.txt|one]]", "--from", "HEAD", "-a", "scripted", "--no-apply", cwd=project.path
    )
    assert "npm ci" in done.stdout or done.returncode in (0, 1)
    wrong = await asyncio.to_thread(home.run, "run", "x", "--from", "nowhere", "-a", "scripted", cwd=project.path)
    assert wrong.returncode == 2 and "no branch, tag or commit 'nowhere'" in wrong.stderr


async def test_git_hooks_of_mine_run_once_i_say_so(
    desk: ServiceHarness, home: Installation, project: Repository
) -> None:
    project.write(".git/hooks/pre-commit", "#!/bin/sh\necho no >&2; exit 1\n").chmod(0o755)

    async def commit() -> bytes:
        created, _ = await desk.run("[[say ready]]")
        worktree = worktree_of(home, created)
        return project.git("commit", "--allow-empty", "-m", "By the agent", cwd=worktree, check=False)

    assert b"By the agent" in await commit()
    await put_settings(desk, git_hooks=True)
    assert await commit() == b""


async def test_settings_refuse_what_cannot_be_right(desk: ServiceHarness) -> None:
    for wrong in ({"setup_timeout_s": 0}, {"copy_patterns": ["a\nb"]}, {"copy_patterns": [" "]}, {"other": 1}):
        with pytest.raises(BoocoderError) as refused:
            await put_settings(desk, **wrong)  # type: ignore[arg-type]
        assert refused.value.code != "internal_error"
