"""Sessions forked from one another: when the parent was applied, a fork shows and applies its own work alone."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from uuid import UUID

import pytest

from boocoder.errors import BoocoderError
from boocoder.events import frames
from tests.acceptance.harness import WAIT_S, ServiceHarness
from tests.acceptance.many_tasks import Created
from tests.acceptance.worktrees.sessions import apply, changed, comes_to, fork, read, rewind, update, worktree_of
from tests.fixtures.repository import Repository
from tests.fixtures.service import MakeInstallation


@pytest.mark.parametrize("target", ["checkout", "commit"])
async def test_a_stack_is_applied_from_below(desk: ServiceHarness, project: Repository, target: str) -> None:
    first, _ = await desk.run("[[write README.md|first]] [[write one.txt|one]]")
    second = await fork(desk, first, "[[write README.md|first second]] [[write two.txt|two]]")
    third = await fork(desk, second, "[[write README.md|first second third]] [[write three.txt|three]]")
    await desk.run("[[write later.txt|later]]", session=first.session_id)
    assert set(await changed(desk, second)) == {"README.md", "one.txt", "two.txt"}
    await apply(desk, first, target)
    assert (project.path / "later.txt").exists()
    await comes_to(desk, second, {"README.md": "first second", "two.txt": "two"})
    await comes_to(desk, third, {"README.md": "first second third", "two.txt": "two", "three.txt": "three"})
    await apply(desk, second, target)
    await comes_to(desk, third, {"README.md": "first second third", "three.txt": "three"})
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
    await comes_to(desk, second, {"two.txt": "two", "more.txt": "more"})
    assert (await desk.task(running)).state == "running"
    await desk.cancel(running)
    await desk.follow(running)
    await base_moved(desk, third)
    await comes_to(desk, third, {"two.txt": "two", "three.txt": "three"})


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
    await comes_to(desk, second, {"two.txt": "two"})
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
        assert bool(body) != ((await worktree_of(desk, child)) / "user.txt").exists()


async def test_an_undone_apply_is_undone_for_forks_and_after_an_update_or_a_rewind(
    desk: ServiceHarness, project: Repository
) -> None:
    first, _ = await desk.run("[[write one.txt|one]]")
    second = await fork(desk, first, "[[write two.txt|two]]")
    await desk.run("[[write later.txt|later]]", session=first.session_id)
    await apply(desk, first, "checkout")
    await comes_to(desk, second, {"two.txt": "two"})
    project.write("user.txt", "user")
    project.git("add", "user.txt")
    project.git("commit", "-qm", "Mine")
    await update(desk, first)
    third = await fork(desk, first, "[[write three.txt|three]]")
    await comes_to(desk, third, {"three.txt": "three"})
    await undo(desk, first)
    everything = {"one.txt": "one", "later.txt": "later"}
    assert await changed(desk, first) == everything
    await comes_to(desk, second, {"one.txt": "one", "two.txt": "two"})
    await comes_to(desk, third, {**everything, "three.txt": "three"})
    assert sorted(file.name for file in project.path.glob("*.txt")) == ["user.txt"]
    await apply(desk, first, "checkout")
    await rewind(desk, first, first)
    assert await changed(desk, first) == {}
    await undo(desk, first)
    assert await changed(desk, first) == {"one.txt": "one"}, "its files are those of the first turn"


async def undo(desk: ServiceHarness, created: Created) -> None:
    """Take the newest applied change out of the person's files again."""
    applied = next(one for one in await desk.changes(created) if one.state == "applied")
    await desk.client.request("POST", f"/api/changes/{applied.id}/unapply", body={})


async def test_a_fork_follows_an_apply_that_a_crash_cut_short(
    installation: MakeInstallation, project: Repository, dsn: str
) -> None:
    service = installation({"BOOCODER_DATABASE_URL": dsn})
    service.settings = {**service.settings, "BOOCODER_FAILPOINTS": "apply.after_files=1"}
    await asyncio.to_thread(service.start)
    async with service.client() as client:
        desk = ServiceHarness(client, project.path)
        first, _ = await desk.run("[[write one.txt|one]]")
        second = await fork(desk, first, "[[write two.txt|two]]")
        with pytest.raises(BoocoderError):
            await apply(desk, first, "checkout")
    assert await asyncio.to_thread(service.wait_death, WAIT_S) == -9
    service.settings = {"BOOCODER_DATABASE_URL": dsn}
    await asyncio.to_thread(service.start)
    async with service.client() as client:
        desk = ServiceHarness(client, project.path)
        await base_moved(desk, second)
        await comes_to(desk, second, {"two.txt": "two"})
    assert await asyncio.to_thread(service.stop) == 0
