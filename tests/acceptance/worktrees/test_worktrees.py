"""Snapshots, rewinds, forks and worktrees as a person uses them, and kill -9 of the service in the middle."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import msgspec
import pytest

from boocoder.errors import BoocoderError, Conflict
from boocoder.failpoints import REST
from boocoder.wire.snapshots import ForkResult, RewindResult, SnapshotInfo
from boocoder.wire.worktrees import PrunedWorktree, WorktreeInfo
from tests.acceptance.harness import ServiceHarness
from tests.acceptance.worktrees.sessions import changed
from tests.fixtures.changes.random_tree import content_of
from tests.fixtures.repository import MakeRepository, Repository
from tests.fixtures.service import Installation, MakeInstallation
from tests.invariants import World, fingerprint, processes_of, violations

KILLS = 12
FILES = 300


async def snapshots(desk: ServiceHarness, session: str) -> list[SnapshotInfo]:
    return await desk.client.items(f"/api/sessions/{session}/snapshots", SnapshotInfo, limit=200)


async def notices(desk: ServiceHarness, created: object) -> list[str]:
    parts = (await desk.messages(created))[-1].parts  # type: ignore[arg-type]
    return [str(part.data["code"]) for part in parts if part.kind == "notice" and part.data is not None]


async def test_two_turns_back_and_forth_again(desk: ServiceHarness, home: Installation) -> None:
    first, _ = await desk.run("[[write a.txt|one]]")
    session = first.session_id
    files = home.data_dir / "worktrees" / session
    await desk.run("[[write a.txt|two]] [[write b.txt|new]]", session=session)
    kinds = [one.kind for one in await snapshots(desk, session)]
    assert kinds == ["turn_end", "turn_end", "turn_start"], "files that nobody touched give no snapshot of a start"
    said = await asyncio.to_thread(home.run, "rewind", session[:8], "--yes")
    assert said.returncode == 0, said.stderr
    assert "2 files changed" in said.stdout
    assert (files / "a.txt").read_text() == "one"
    assert not (files / "b.txt").exists()
    third, _ = await desk.run("[[recall]]", session=session)
    assert "told_about_files" in await notices(desk, third)
    assert "set the files of this workspace back" in await desk.answer(third)
    kinds = [one.kind for one in await snapshots(desk, session)]
    assert kinds[:3] == ["turn_end", "changed", "before_rewind"], "the turn began with what the rewind left"
    (files / "mine.txt").write_text("typed between two turns")
    fourth, _ = await desk.run("[[say hm]]", session=session)
    newest = await snapshots(desk, session)
    assert [one.kind for one in newest[:2]] == ["turn_end", "turn_start"]
    assert "told_about_files" not in await notices(desk, fourth)
    undo = next(one for one in newest if one.kind == "before_rewind")
    said = await asyncio.to_thread(home.run, "snapshots", "diff", session[:8], str(undo.id)[:8], "now")
    assert said.returncode == 0, said.stderr
    assert "+typed between two turns" in said.stdout
    back = await desk.client.post(f"/api/sessions/{session}/rewind", RewindResult, {"snapshot_id": str(undo.id)})
    assert back.files == 3
    assert (files / "a.txt").read_text() == "two"
    said = await asyncio.to_thread(home.run, "snapshots", session[:8])
    assert said.returncode == 0, said.stderr
    assert "before rewind" in said.stdout


async def test_a_running_turn_has_its_files_to_itself(desk: ServiceHarness) -> None:
    first, _ = await desk.run("[[write a.txt|one]]")
    running = await desk.queue("[[delay 0.2]] [[tokens 400]]", session=first.session_id)
    while (await desk.task(running)).state != "running":
        await asyncio.sleep(0.02)
    for path in ("rewind", "worktree/remove"):
        body: dict[str, int] = {"turns": 1} if path == "rewind" else {}
        with pytest.raises(Conflict) as error:
            await desk.client.post(f"/api/sessions/{first.session_id}/{path}", msgspec.Raw, dict(body))
        assert error.value.code in ("session_busy", "worktree_kept")
    await desk.cancel(running)
    await desk.follow(running)


async def test_a_fork_knows_what_was_said_and_goes_its_own_way(desk: ServiceHarness, home: Installation) -> None:
    first, _ = await desk.run("[[say apples]] [[write a.txt|one]]")
    await desk.run("[[say pears]] [[write a.txt|two]]", session=first.session_id)
    said = await asyncio.to_thread(home.run, "fork", first.session_id[:8], "--task", first.task_id, "--title", "Other")
    assert said.returncode == 0, said.stderr
    session = said.stdout.split()[1]
    files = home.data_dir / "worktrees" / session
    assert (files / "a.txt").read_text() == "one"
    ended, _ = await desk.run("[[recall]] [[write b.txt|three]]", session=session)
    answer = await desk.answer(ended)
    assert "users=2: Here is the conversation of this workspace so far." in answer, "one message before, and this one"
    messages = await desk.messages(ended)
    assert [message.role for message in messages] == ["user", "assistant"] * 2
    assert (await desk.changes(ended))[0].additions == 2, "its change shows everything since the base"
    made = await desk.client.post(f"/api/sessions/{first.session_id}/fork", ForkResult)
    assert made.worktree is not None
    assert (Path(made.worktree) / "a.txt").read_text() == "two"


async def test_an_archived_session_gives_its_files_back_until_it_is_deleted(
    desk: ServiceHarness, home: Installation, project: Repository
) -> None:
    before = fingerprint(project.path)
    first, _ = await desk.run("[[write a.txt|one]]")
    session = first.session_id
    files = home.data_dir / "worktrees" / session
    (files / "mine.txt").write_text("in no snapshot yet")
    said = await asyncio.to_thread(home.run, "worktrees", "pin", session[:8])
    assert said.returncode == 0, said.stderr
    said = await asyncio.to_thread(home.run, "sessions", "archive", session[:8])
    assert said.returncode == 0, said.stderr
    assert await desk.client.post("/api/worktrees/prune", list[PrunedWorktree]) == []
    said = await asyncio.to_thread(home.run, "worktrees", "unpin", session[:8])
    dry = await desk.client.post("/api/worktrees/prune", list[PrunedWorktree], {"dry_run": True})
    assert [str(one.session_id) for one in dry] == [session]
    assert files.is_dir()
    said = await asyncio.to_thread(home.run, "prune")
    assert "removed" in said.stdout, said.stderr
    assert not files.exists()
    said = await asyncio.to_thread(home.run, "worktrees", "--all")
    assert "its session is archived" in said.stdout
    said = await asyncio.to_thread(home.run, "sessions", "reopen", session[:8])
    assert said.returncode == 0, said.stderr
    second, ended = await desk.run("[[write b.txt|two]]", session=session)
    assert ended.outcome == "completed"
    assert "worktree_restored" in await notices(desk, second)
    assert (files / "mine.txt").read_text() == "in no snapshot yet"
    listed = await desk.client.items("/api/worktrees", WorktreeInfo)
    assert [(str(one.session_id), one.state) for one in listed] == [(session, "ready")]
    said = await asyncio.to_thread(home.run, "sessions", "delete", session[:8])
    assert said.returncode == 1 and "Nothing was deleted." in said.stdout
    assert "messages: 4" in said.stdout and "a change that is not applied" in said.stdout
    said = await asyncio.to_thread(home.run, "sessions", "delete", session[:8], "--yes")
    assert said.stdout == "Deleted.\n", said.stderr
    assert list(home.data_dir.glob(f"*/**/*{session}*")) == []
    assert fingerprint(project.path) == before


@pytest.mark.parametrize("name", [name for name in REST if name.split(".")[0] in ("rewind", "removal", "restore")])
async def test_death_at_each_failpoint_outside_of_turns(
    name: str, installation: MakeInstallation, repository: MakeRepository, dsn: str
) -> None:
    project = repository()
    before = fingerprint(project.path)
    service = installation({"BOOCODER_DATABASE_URL": dsn})
    service.settings = {**service.settings, "BOOCODER_FAILPOINTS": f"{name}=1"}
    await asyncio.to_thread(service.start)
    async with service.client() as client:
        desk = ServiceHarness(client, project.path)
        first, _ = await desk.run("[[write a.txt|one]]")
        await desk.run("[[write a.txt|two]]", session=first.session_id)
        files = service.data_dir / "worktrees" / first.session_id
        then = content_of(files)
        project.write("user.txt", "user")
        project.commit()
        before = fingerprint(project.path)
        work = {
            "rewind": [("worktree/update", {}), ("rewind", {"turns": 1})],
            "removal": [("worktree/remove", {})],
            "restore": [("worktree/remove", {}), ("worktree/restore", {})],
        }[name.split(".")[0]]
        with pytest.raises(BoocoderError):
            for path, body in work:
                await client.post(f"/api/sessions/{first.session_id}/{path}", msgspec.Raw, dict(body))
    assert await asyncio.to_thread(service.wait_death, 30.0) == -9
    service.settings = {"BOOCODER_DATABASE_URL": dsn}
    await asyncio.to_thread(service.start)
    async with service.client() as client:
        desk = ServiceHarness(client, project.path)
        _, ended = await desk.run("[[say hello]]", session=first.session_id)
        assert ended.outcome == "completed"
        shown = await changed(desk, first)
    if name.startswith("rewind"):
        assert (files / "a.txt").read_text() == "one" and not (files / "user.txt").exists()
        assert shown == {"a.txt": "one"}, "the base went back with the files"
    else:
        assert content_of(files) == then
    assert await asyncio.to_thread(service.stop) == 0
    assert processes_of(service.data_dir) == []
    assert await violations(World(dsn, service.data_dir, {project.path: before})) == []


@pytest.mark.slow
async def test_kills_in_the_middle_of_rewinds(
    installation: MakeInstallation, repository: MakeRepository, dsn: str
) -> None:
    """A rewind of many files, killed anywhere: the next start finishes it, or it never began."""
    project = repository()
    service = installation({"BOOCODER_DATABASE_URL": dsn})
    await asyncio.to_thread(service.start)
    chance = random.Random(20261122)
    async with service.client() as client:
        desk = ServiceHarness(client, project.path)
        first, _ = await desk.run("[[say hello]]")
        files = service.data_dir / "worktrees" / first.session_id
        states: list[tuple[str, dict[bytes, tuple[str, bool, bytes]]]] = []
        for text in ("one", "two"):
            for number in range(FILES):
                (files / f"f{number}.txt").write_text(f"{text} {number}\n" * 50)
            taken = await client.post(f"/api/sessions/{first.session_id}/snapshots", SnapshotInfo)
            states.append((str(taken.id), content_of(files)))
    for kill in range(KILLS):
        async with service.client() as client:
            target, content = states[kill % 2]
            before = content_of(files)
            rewinding = asyncio.ensure_future(
                client.post(f"/api/sessions/{first.session_id}/rewind", RewindResult, {"snapshot_id": target})
            )
            await asyncio.sleep(chance.uniform(0.0, 0.6))
            await asyncio.to_thread(service.kill)
            done = not isinstance((await asyncio.gather(rewinding, return_exceptions=True))[0], BaseException)
        await asyncio.to_thread(service.start)
        now = content_of(files)
        assert now == content or (now == before and not done), f"kill {kill}: half of a rewind"
    assert await asyncio.to_thread(service.stop) == 0
    assert await violations(World(dsn, service.data_dir)) == []
