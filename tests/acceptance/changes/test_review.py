"""Reviewing from outside: verdicts outlive the agent's turns, comments become a task, rejected parts go back."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import subprocess
import time

import pytest

from boocoder.errors import Unavailable
from boocoder.events import frames
from boocoder.wire.review import FileUnits, RevertResult, ReviewDecision, ReviewUnit
from tests.acceptance.harness import ServiceHarness, close, of_kind
from tests.acceptance.many_tasks import Created, Id
from tests.acceptance.opencode_home import OpenCodeHome
from tests.fixtures.changes.random_tree import content_of
from tests.fixtures.repository import MakeRepository, Repository
from tests.fixtures.service import COMMAND_S, Installation, MakeInstallation
from tests.invariants import fingerprint

LINES = "src/lines.txt"


def replaced(*numbers: int, by: str = "changed") -> str:
    """The directive that replaces whole lines of src/lines.txt."""
    script = "; ".join(f"s/^line {number}$/{by} {number}/" for number in numbers)
    return f"[[bash sed -i '{script}' {LINES}]]"


async def file_units(desk: ServiceHarness, created: Created) -> list[ReviewUnit]:
    """The units of the pending change's only file, by the place in the base."""
    change = (await desk.changes(created))[0]
    page = await desk.client.get(f"/api/changes/{change.id}/files/0", FileUnits)
    return sorted(page.units, key=lambda unit: unit.old_start)


async def decide(desk: ServiceHarness, created: Created, verdict: str, *units: ReviewUnit) -> None:
    change = (await desk.changes(created))[0]
    body: dict[str, str | list[str]] = {"verdict": verdict, "units": [unit.id for unit in units]}
    await desk.client.post(f"/api/changes/{change.id}/review", ReviewDecision, body)


async def decisions_survive(desk: ServiceHarness, agent: str) -> Created:
    """Three hunks of one file are decided; a later turn changes one of them and adds another one."""
    first, ended = await desk.run(replaced(3, 20, 30), agent=agent)
    assert ended.outcome == "completed", ended
    three, twenty, thirty = await file_units(desk, first)
    await decide(desk, first, "accepted", three)
    await decide(desk, first, "rejected", twenty, thirty)
    edit = f"[[bash sed -i 's/^changed 20$/again 20/; s/^line 38$/new 38/' {LINES}]]"
    second, ended = await desk.run(edit, session=first.session_id, agent=agent)
    assert ended.outcome == "completed", ended
    units = await file_units(desk, second)
    assert [(unit.old_start, unit.state, unit.reopened) for unit in units] == [
        (3, "accepted", None),
        (20, "open", "rejected"),
        (30, "rejected", None),
        (38, "open", None),
    ]
    assert [units[0].id, units[2].id] == [three.id, thirty.id]
    return second


async def test_decisions_survive_later_turns_and_restarts(desk: ServiceHarness, home: Installation) -> None:
    created = await decisions_survive(desk, "scripted")
    before = await file_units(desk, created)
    await asyncio.to_thread(home.stop)
    await asyncio.to_thread(home.start)
    async with home.client() as client:
        again = ServiceHarness(client, desk.project)
        assert await file_units(again, created) == before


@pytest.mark.opencode
@pytest.mark.slow
@pytest.mark.asyncio(loop_scope="module")
async def test_decisions_survive_turns_of_real_opencode_and_it_is_told_what_was_taken_back(
    opencode_home: OpenCodeHome, project: Repository
) -> None:
    async with opencode_home.desk(project) as desk:
        created = await decisions_survive(desk, "opencode")
        change = (await desk.changes(created))[0]
        await desk.client.request("POST", f"/api/changes/{change.id}/undo", body={})
        shown = await desk.queue(
            f"[[bash sed -n 30p {LINES}]] [[recall]]", session=created.session_id, agent="opencode"
        )
        seen = await desk.follow(shown)
        assert "told_about_files" in [frame.code for frame in seen if isinstance(frame, frames.NoticeFrame)]
        tool = of_kind(seen, frames.ToolCallFrame)[-1]
        assert isinstance(tool, frames.ToolCallFrame) and "line 30" in tool.output
        assert "[Since your last turn the user reverted parts" in await desk.answer(shown)
        assert [(unit.old_start, unit.state) for unit in await file_units(desk, shown)] == [
            (3, "accepted"),
            (20, "open"),
            (38, "open"),
        ]
        quiet, _ = await desk.run("[[recall]]", session=created.session_id, agent="opencode")
        messages = await desk.messages(quiet)
        notices = [part.data for part in messages[-1].parts if part.kind == "notice" and part.data]
        assert "told_about_files" not in [notice.get("code") for notice in notices]


def run(home: Installation, *args: str, code: int = 0) -> str:
    """Run a command; what it printed."""
    done: subprocess.CompletedProcess[str] = home.run(*args)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


async def test_a_review_on_the_command_line(desk: ServiceHarness, home: Installation) -> None:
    created, _ = await desk.run(f"{replaced(3, 20, 30)} [[write new.txt|new]]")

    def on_the_command_line() -> None:
        assert "src/lines.txt" in run(home, "diff", "--stat")
        units = [unit for line in run(home, "diff", "--json").splitlines() for unit in json.loads(line)["units"]]
        assert [unit["kind"] for unit in units] == ["hunk"] * 4
        exact = run(home, "diff", created.session_id)
        assert exact == run(home, "changes", "diff", str(json.loads(run(home, "review", "--json"))["change_id"]))
        assert exact.startswith("diff --git ")
        shown = run(home, "diff", created.session_id[:8], LINES, "-U", "0")
        assert "+changed 20" in shown and "new.txt" not in shown
        twenty = units[2]["id"]
        said = run(home, "review", "--accept", LINES, "--reject", twenty[:8], "--reject", "new.txt")
        assert "2 accepted, 2 rejected, 0 open" in said
        assert "1 open" in run(home, "review", "--open", "new.txt")
        assert json.loads(run(home, "review", "--all", "reject", "--json"))["rejected"] == 4
        run(home, "review", "--all", "accept")
        run(home, "review", "--reject", twenty)
        assert "no file and no unit" in run(home, "review", "--accept", "nothing", code=2)
        assert "Taken back: src/lines.txt" in run(home, "review", "--undo")
        assert "3 accepted, 0 rejected, 0 open" in run(home, "review")
        said = run(home, "review", "--comment", f"{LINES}:3", "Say it in words.", "--send-comments")
        assert "task " in said
        assert "nothing_to_send" not in said
        assert "no unsent comment" in run(home, "review", "--send-comments", code=1)

    await asyncio.to_thread(on_the_command_line)
    tasks = await desk.client.items("/api/tasks", Id, session_id=created.session_id)
    assert len(tasks) == 2


def at_a_terminal(home: Installation, args: list[str], answers: list[str]) -> str:
    """Run a command at a terminal, with one answer for each question; what stood on the screen."""
    screen, keyboard = pty.openpty()
    process = subprocess.Popen(
        home.argv(*args),
        cwd=home.folder or home.home,
        env=home.environment() | {"TERM": "xterm"},
        stdin=keyboard,
        stdout=keyboard,
    )
    os.close(keyboard)
    said, asked = b"", 0
    deadline = time.monotonic() + COMMAND_S
    with os.fdopen(screen, "rb+", buffering=0) as terminal:
        while time.monotonic() < deadline:
            try:
                said += os.read(terminal.fileno(), 65_536)
            except OSError:  # the command has ended
                break
            if said.count(b"Accept this?") > asked:
                terminal.write(answers[asked].encode() + b"\n")
                asked += 1
    assert process.wait(COMMAND_S) == 0
    assert asked == len(answers)
    return said.decode()


async def test_a_person_walks_through_a_change_at_a_terminal(desk: ServiceHarness, home: Installation) -> None:
    created, _ = await desk.run(replaced(3, 20, 30))
    said = await asyncio.to_thread(at_a_terminal, home, ["review", created.session_id[:8]], ["y", "j", "n"])
    assert "(3/3)" in said and "1 accepted" in said and "\x1b[7;32mchanged" in said
    assert [unit.state for unit in await file_units(desk, created)] == ["accepted", "open", "rejected"]
    said = await asyncio.to_thread(at_a_terminal, home, ["diff"], [])
    assert "\x1b[31m-" in said and "@@ -20,1 +20,1 @@" in said


@pytest.mark.parametrize("point", ["undo.after_begin", "undo.after_files"])
async def test_a_death_while_parts_are_taken_back_leaves_the_files_as_they_were(
    point: str, installation: MakeInstallation, repository: MakeRepository, dsn: str
) -> None:
    project = repository()
    service = installation({"BOOCODER_DATABASE_URL": dsn, "BOOCODER_FAILPOINTS": point})
    await asyncio.to_thread(service.start)
    async with service.client() as client:
        desk = ServiceHarness(client, project.path)
        created, _ = await desk.run(f"{replaced(3, 20)} [[write new.txt|new]]")
        change = (await desk.changes(created))[0]
        everything: dict[str, str | bool] = {"verdict": "rejected", "all": True}
        await client.post(f"/api/changes/{change.id}/review", ReviewDecision, everything)
        worktree = service.data_dir / "worktrees" / created.session_id
        before = content_of(worktree)
        with pytest.raises(Unavailable):
            await client.post(f"/api/changes/{change.id}/undo", RevertResult)
    assert await asyncio.to_thread(service.wait_death, 30.0) == -9
    service.settings = {"BOOCODER_DATABASE_URL": dsn}
    await asyncio.to_thread(service.start)
    assert content_of(worktree) == before
    async with service.client() as client:
        desk = ServiceHarness(client, project.path)
        assert [one.state for one in await desk.changes(created)] == ["pending"]
        done = await client.post(f"/api/changes/{change.id}/undo", RevertResult)
        assert (done.units, done.change_id) == (3, None)
        assert content_of(worktree) == content_of(project.path)
    await close(service, dsn, {project.path: fingerprint(project.path)})
