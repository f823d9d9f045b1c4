"""Two services on one database: the sessions of one that is killed or drained go on on the other one."""

from __future__ import annotations

import asyncio
import time

import pytest

from boocoder.errors import Conflict
from boocoder.events import frames
from boocoder.wire.service import HostInfo
from boocoder.wire.sessions import Session
from boocoder.wire.snapshots import SnapshotInfo, StoredFiles
from tests.acceptance.harness import ServiceHarness, text_of
from tests.acceptance.many_tasks import Created
from tests.fixtures.repository import MakeRepository
from tests.fixtures.service import Installation, MakeInstallation
from tests.invariants import World, fingerprint, violations

MOVED_S = 60.0  # from the death of a host to the end of its waiting tasks elsewhere
STORED_S = 60.0  # a look every 15 s, after the other host has looked at its projects


async def stored(desk: ServiceHarness, created: Created) -> StoredFiles:
    """Wait until the newest snapshot of a session is stored."""
    deadline = time.monotonic() + STORED_S
    while not (found := await desk.client.get(f"/api/sessions/{created.session_id}/stored", StoredFiles)).complete:
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.1)
    return found


async def snapshots(desk: ServiceHarness, created: Created) -> list[SnapshotInfo]:
    return await desk.client.items(f"/api/sessions/{created.session_id}/snapshots", SnapshotInfo)


async def host_of(desk: ServiceHarness, created: Created) -> str:
    return str((await desk.client.get(f"/api/sessions/{created.session_id}", Session)).host_id)


async def current(desk: ServiceHarness) -> str:
    return next(str(host.id) for host in await desk.client.items("/api/hosts", HostInfo) if host.current)


def notices(seen: list[frames.Frame]) -> list[str]:
    return [frame.code for frame in seen if isinstance(frame, frames.NoticeFrame)]


async def ended_here(desk: ServiceHarness, created: Created) -> list[frames.Frame]:
    seen = await desk.follow(created)
    assert isinstance(seen[-1], frames.TurnEndedFrame) and seen[-1].outcome == "completed", seen[-1]
    return seen


async def test_sessions_of_a_killed_host_go_on_and_stay_away_from_it(
    installation: MakeInstallation, repository: MakeRepository, dsn: str
) -> None:
    project = repository()
    before = fingerprint(project.path)
    settings = {"BOOCODER_DATABASE_URL": dsn, "BOOCODER_LEASE_TTL_S": "4", "BOOCODER_TAKEOVER_AFTER_S": "3"}
    red, blue = (installation(settings, name=name) for name in ("red", "blue"))
    await asyncio.to_thread(red.start)
    async with red.client() as client:
        desk = ServiceHarness(client, project.path)
        made, _ = await desk.run("[[write a.txt|one]] [[say first words]]")
        idle, _ = await desk.run("[[write b.txt|two]]")
        await asyncio.to_thread(blue.start)
        sizes = await stored(desk, made)
        assert 0 < sizes.size_bytes < 5_000, "the clone is the same: only what the turn wrote"
        await stored(desk, idle)
        await review_on(blue, made)
        running = await desk.queue("[[write lost.txt|x]] [[say halfway]] [[hang]]", session=made.session_id)
        await desk.follow(running, until=frames.DeltaFrame)
        waiting = [await desk.queue(f"[[write {n}.txt|{n}]]", session=made.session_id) for n in range(2)]
        trees = {(await snapshots(desk, one))[-1 if one is idle else 0].tree for one in (made, idle)}
        last = (await snapshots(desk, made))[0]
    await asyncio.to_thread(red.kill)
    died = time.monotonic()
    async with blue.client() as client:
        desk = ServiceHarness(client, project.path)
        for task in waiting:
            seen = await ended_here(desk, task)
        assert time.monotonic() - died < MOVED_S
        assert (await desk.task(running)).state == "interrupted"
        assert "taken_over" in notices(seen) and "session_handed_over" in notices(seen)
        assert await host_of(desk, made) == await current(desk) != await host_of(desk, idle)
        taken = next(one for one in await snapshots(desk, made) if one.kind == "takeover")
        assert taken.tree == last.tree and taken.tree in trees
        files = sorted(path.name for path in (blue.data_dir / "worktrees" / made.session_id).glob("*.txt"))
        assert files == ["0.txt", "1.txt", "a.txt"]
        assert (red.data_dir / "worktrees" / made.session_id / "lost.txt").exists(), "kept on the host that died"
        await a_person_asks(desk, blue, idle)
        await the_host_comes_back(desk, red, made)
        await the_other_host_is_drained(desk, red, blue, made)
    for host in (red, blue):
        assert await asyncio.to_thread(host.stop) == 0
    world = World(dsn, red.data_dir, {project.path: before}, other_data_dirs=(blue.data_dir,))
    assert await violations(world) == []


async def review_on(other: Installation, created: Created) -> None:
    """A host that has the project shows what the session's own one has stored, and can apply it here."""
    async with other.client() as client:
        desk = ServiceHarness(client, other.home)
        (change,) = await desk.changes(created)
        for path in ("files", "review", "files/0", "diff"):
            assert b"a.txt" in await client.request("GET", f"/api/changes/{change.id}/{path}") or path == "review"
        path = f"/api/sessions/{created.session_id}/snapshots/compare"
        newest = str((await snapshots(desk, created))[0].id)
        assert b"a.txt" in await client.request("GET", path, params={"from": "base", "to": newest})
        with pytest.raises(Conflict, match="are on") as refused:
            await client.request("GET", path, params={"from": "base", "to": "now"})
        assert refused.value.code == "session_elsewhere" and "boocoder sessions adopt" in refused.value.cure
        apply = f"/api/changes/{change.id}/apply"
        assert b'"files_written":1' in await client.request("POST", apply, body={"dry_run": True})
        with pytest.raises(Conflict, match="are on"):
            await client.request("POST", apply, body={"target": "commit", "keep_commits": True, "dry_run": True})


async def a_person_asks(desk: ServiceHarness, blue: Installation, idle: Created) -> None:
    """A session without waiting tasks stays where it is until then."""
    shown = await asyncio.to_thread(blue.run, "sessions", "show", idle.session_id)
    assert "stored for other hosts: " in shown.stdout
    adopted = await asyncio.to_thread(blue.run, "sessions", "adopt", idle.session_id)
    assert adopted.returncode == 0, adopted.stderr
    assert await host_of(desk, idle) == await current(desk)
    body = {"prompt": "[[say here]]", "agent": "scripted", "session_id": idle.session_id}
    await ended_here(desk, await desk.client.post("/api/tasks", Created, body))
    assert (blue.data_dir / "worktrees" / idle.session_id / "b.txt").read_text().strip() == "two"


async def the_host_comes_back(desk: ServiceHarness, red: Installation, made: Created) -> None:
    """Its session is not its own any more."""
    await asyncio.to_thread(red.start)
    async with red.client() as client:
        back = ServiceHarness(client, desk.project)
        again = await back.queue("[[write later.txt|x]] [[say on the other one]]", session=made.session_id)
        seen = await ended_here(back, again)
        assert text_of(seen).endswith("on the other one")
        assert await host_of(back, made) != await current(back)
    kept = red.data_dir / "worktrees" / made.session_id
    assert (kept / "lost.txt").exists() and not (kept / "later.txt").exists()


async def the_other_host_is_drained(desk: ServiceHarness, red: Installation, blue: Installation, made: Created) -> None:
    """The session goes back at once, with what was made meanwhile; what lay there is kept."""
    await stored(desk, made)
    await desk.client.patch(f"/api/hosts/{await current(desk)}", HostInfo, {"drained": True})
    began = time.monotonic()
    body = {"prompt": "[[write home.txt|x]]", "agent": "scripted", "session_id": made.session_id}
    await ended_here(desk, await desk.client.post("/api/tasks", Created, body))
    assert time.monotonic() - began < MOVED_S
    assert await host_of(desk, made) != await current(desk)
    here = red.data_dir / "worktrees" / made.session_id
    names = sorted(path.name for path in here.glob("*.txt"))
    assert names == ["0.txt", "1.txt", "a.txt", "home.txt", "later.txt"]
    assert list(here.parent.glob(f"{made.session_id}.kept-*/lost.txt"))


@pytest.mark.slow
async def test_many_sessions_of_a_killed_host_end_elsewhere(
    installation: MakeInstallation, repository: MakeRepository, dsn: str
) -> None:
    project = repository()
    settings = {"BOOCODER_DATABASE_URL": dsn, "BOOCODER_LEASE_TTL_S": "4", "BOOCODER_TAKEOVER_AFTER_S": "3"}
    red, blue = (installation(settings, name=name) for name in ("red", "blue"))
    await asyncio.to_thread(red.start)
    async with red.client() as client:
        desk = ServiceHarness(client, project.path)
        made = [await desk.queue(f"[[write a.txt|{n}]]") for n in range(40)]
        for one in made:
            await desk.follow(one)
        await asyncio.to_thread(blue.start)
        for one in made:
            await stored(desk, one)
    await asyncio.to_thread(red.kill)
    died = time.monotonic()
    async with blue.client() as client:
        desk = ServiceHarness(client, project.path)
        bodies = [{"prompt": "[[say on]]", "agent": "scripted", "session_id": one.session_id} for one in made]
        waiting = [await desk.client.post("/api/tasks", Created, body) for body in bodies]
        for task in waiting:
            await ended_here(desk, task)
        took_s = time.monotonic() - died
        for n, one in enumerate(made):
            assert (blue.data_dir / "worktrees" / one.session_id / "a.txt").read_text().strip() == str(n)
    assert took_s < MOVED_S, took_s
