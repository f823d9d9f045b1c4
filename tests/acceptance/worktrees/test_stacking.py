"""Sessions forked from one another: when the parent was applied, a fork shows and applies its own work alone."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path
from uuid import UUID

import pytest

from boocoder.events import frames
from boocoder.wire.changes import ApplyResult
from boocoder.wire.snapshots import ForkResult
from boocoder.wire.worktrees import WorktreeInfo
from tests.acceptance.harness import WAIT_S, ServiceHarness
from tests.acceptance.many_tasks import Created
from tests.fixtures.repository import Repository


async def fork(desk: ServiceHarness, created: Created, prompt: str, **body: str) -> Created:
    """A fork that has done a turn."""
    made = await desk.client.post(f"/api/sessions/{created.session_id}/fork", ForkResult, body)
    child, ended = await desk.run(prompt, session=str(made.session_id))
    assert ended.outcome == "completed"
    return child


async def changed(desk: ServiceHarness, created: Created) -> dict[str, str]:
    """Path -> the added lines, of the session's pending change."""
    (pending,) = [one for one in await desk.changes(created) if one.state == "pending"]
    diff = (await desk.client.request("GET", f"/api/changes/{pending.id}/diff")).decode()
    files = diff.split("diff --git ")[1:]
    added = {one.split()[1].removeprefix("b/"): one.splitlines() for one in files}
    return {
        path: "".join(line[1:] for line in lines if line.startswith("+") and line[1:2] != "+")
        for path, lines in added.items()
    }


async def apply(desk: ServiceHarness, created: Created, target: str) -> None:
    (pending,) = [one for one in await desk.changes(created) if one.state == "pending"]
    applied = await desk.client.post(f"/api/changes/{pending.id}/apply", ApplyResult, {"target": target})
    assert (applied.conflicts, applied.already_applied) == ((), False)


@pytest.mark.parametrize("target", ["checkout", "commit"])
async def test_a_stack_is_applied_from_below(desk: ServiceHarness, project: Repository, target: str) -> None:
    first, _ = await desk.run("[[write README.md|first]] [[write one.txt|one]]")
    second = await fork(desk, first, "[[write README.md|first second]] [[write two.txt|two]]")
    third = await fork(desk, second, "[[write README.md|first second third]] [[write three.txt|three]]")
    await desk.run("[[write later.txt|later]]", session=first.session_id)
    assert set(await changed(desk, second)) == {"README.md", "one.txt", "two.txt"}
    await apply(desk, first, target)
    assert (project.path / "later.txt").exists()
    assert await changed(desk, second) == {"README.md": "first second", "two.txt": "two"}
    assert await changed(desk, third) == {"README.md": "first second third", "two.txt": "two", "three.txt": "three"}
    await apply(desk, second, target)
    assert await changed(desk, third) == {"README.md": "first second third", "three.txt": "three"}
    beside = await fork(desk, second, "[[write four.txt|four]]")
    assert await changed(desk, beside) == {"four.txt": "four"}
    await apply(desk, third, target)
    await apply(desk, beside, target)
    names = ("README.md", "one.txt", "two.txt", "three.txt", "four.txt", "later.txt")
    contents = ["first second third", "one", "two", "three", "four", "later"]
    assert [read(project.path / name) for name in names] == contents


async def test_an_apply_waits_for_no_turn_of_a_fork(desk: ServiceHarness) -> None:
    first, _ = await desk.run("[[write one.txt|one]]")
    second = await fork(desk, first, "[[write two.txt|two]]")
    third = await fork(desk, second, "[[write three.txt|three]]")
    running = await desk.queue("[[bash sleep 600]]", session=third.session_id)
    await desk.follow(running, until=frames.TurnStartedFrame)
    async with asyncio.timeout(WAIT_S):
        await apply(desk, first, "checkout")
        await desk.run("[[write more.txt|more]]", session=second.session_id)
    assert await changed(desk, second) == {"two.txt": "two", "more.txt": "more"}
    assert (await desk.task(running)).state == "running"
    await desk.cancel(running)
    await desk.follow(running)
    await base_moved(desk, third)
    assert await changed(desk, third) == {"two.txt": "two", "three.txt": "three"}


async def base_moved(desk: ServiceHarness, created: Created) -> None:
    """Wait until the session's change is measured anew."""
    async with asyncio.timeout(WAIT_S), aclosing(desk.client.stream(UUID(created.session_id))) as stream:
        async for frame in stream:
            if isinstance(frame, frames.NoticeFrame) and frame.code == "base_moved":
                return


async def test_an_earlier_turn_is_forked_after_the_base_moved_onto_the_applied_commit(
    desk: ServiceHarness, project: Repository
) -> None:
    first, _ = await desk.run("[[write one.txt|one]]")
    await desk.run("[[write later.txt|later]]", session=first.session_id)
    project.write("user.txt", "user")
    project.commit()
    await apply(desk, first, "commit")
    second = await fork(desk, first, "[[write two.txt|two]]", task_id=first.task_id)
    assert await changed(desk, second) == {"two.txt": "two"}
    await apply(desk, second, "checkout")
    names = ("one.txt", "later.txt", "user.txt", "two.txt")
    assert [read(project.path / name) for name in names] == ["one", "later", "user", "two"]


async def test_an_earlier_turn_is_forked_after_an_update(desk: ServiceHarness, project: Repository) -> None:
    first, _ = await desk.run("[[write one.txt|one]]")
    project.write("user.txt", "user")
    project.commit()
    await desk.client.request("POST", f"/api/sessions/{first.session_id}/worktree/update", body={})
    for body in ({"task_id": first.task_id}, {}):
        child = await fork(desk, first, "[[write two.txt|two]]", **body)
        assert await changed(desk, child) == {"one.txt": "one", "two.txt": "two"}
        assert bool(body) != (await is_in_worktree(desk, child, "user.txt"))


async def is_in_worktree(desk: ServiceHarness, created: Created, name: str) -> bool:
    listed = await desk.client.items("/api/worktrees", WorktreeInfo)
    (path,) = [Path(one.path) for one in listed if str(one.session_id) == created.session_id]
    return (path / name).exists()


def read(path: Path) -> str:
    return path.read_text().strip()
