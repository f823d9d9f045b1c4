"""Rewinds: exact files, nothing lost, refusals that touch nothing, and what the agent and the change get of it."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from boocoder.db.conversation import agent_notes as notes
from boocoder.db.core.pool import Database
from boocoder.db.files import changes, worktree_locks
from boocoder.db.files.worktrees import Snapshot
from boocoder.db.tasks.claim import claim_tasks
from boocoder.errors import Conflict, NotFound
from boocoder.model.ids import SnapshotId, new_id
from boocoder.model.session import SnapshotKind
from boocoder.model.task import ChangeState
from tests.fixtures.changes.random_tree import Edits, content_of
from tests.fixtures.repository import MakeRepository
from tests.fixtures.row_builders import LEASE_S, add_task
from tests.fixtures.worktrees.worktree_harness import WorktreeHarness, open_desk


@pytest.fixture
async def desk(database: Database, repository: MakeRepository, tmp_path: Path) -> WorktreeHarness:
    return await open_desk(database, repository(), tmp_path / "data")


async def take(desk: WorktreeHarness) -> Snapshot:
    return await desk.snapshots.take(desk.session_id, kind=SnapshotKind.TURN_END, task_id=desk.task.id)


async def pending(desk: WorktreeHarness) -> list[changes.Change]:
    async with desk.database.connection() as conn:
        return await changes.list_changes(conn, session_id=desk.session_id, state=ChangeState.PENDING)


async def test_a_rewind_is_exact_and_can_be_undone(desk: WorktreeHarness) -> None:
    (desk.files / "one.txt").write_bytes(b"one\n")
    first, then = await take(desk), content_of(desk.files)
    (desk.files / "one.txt").write_bytes(b"two\r\n\x00")
    (desk.files / "src" / "main.py").unlink()
    (desk.files / "run").write_bytes(b"#!/bin/sh\n")
    (desk.files / "run").chmod(0o755)
    (desk.files / "build").mkdir()
    (desk.files / "build" / "out.o").write_bytes(b"ignored")
    later = content_of(desk.files)
    report = await desk.rewinder.rewind(desk.session_id, first.id)
    assert report.files == 3
    ignored = {b"build/out.o": later[b"build/out.o"]}
    assert content_of(desk.files) == then | ignored
    change = (await pending(desk))[0]
    assert (change.tree, change.base_tree) == (first.tree, desk.worktree.base_tree)
    await desk.rewinder.rewind(desk.session_id, report.before.id)
    assert content_of(desk.files) == later
    newest = await desk.snapshots.latest(desk.session_id)
    assert newest is not None
    assert (newest.kind, newest.tree) == (SnapshotKind.CHANGED, report.before.tree)
    assert desk.heard.notices() == ["rewound", "rewound"]
    async with desk.database.connection() as conn:
        told = await notes.take_notes(conn, desk.session_id, desk.task.id)
        assert len(told) == 2
        assert "3 files changed" in told[0]
        assert await worktree_locks.list_rewinds(conn, desk.owner.host_id) == []


async def test_a_rewind_to_the_base_withdraws_the_change(desk: WorktreeHarness) -> None:
    base = await take(desk)
    (desk.files / "one.txt").write_bytes(b"one\n")
    second = await take(desk)
    await desk.rewinder.rewind(desk.session_id, second.id)
    assert len(await pending(desk)) == 1
    await desk.rewinder.rewind(desk.session_id, base.id)
    assert await pending(desk) == []


async def test_a_rewind_that_changes_nothing_leaves_no_state_of_its_own(desk: WorktreeHarness) -> None:
    (desk.files / "one.txt").write_bytes(b"one\n")
    first = await take(desk)
    report = await desk.rewinder.rewind(desk.session_id, first.id)
    assert report.files == 0
    kinds = [one.kind for one in await desk.snapshots.list(desk.session_id)]
    assert kinds == [SnapshotKind.BEFORE_REWIND, SnapshotKind.TURN_END]
    async with desk.database.connection() as conn:
        assert await notes.take_notes(conn, desk.session_id, desk.task.id) == []
        assert await worktree_locks.list_rewinds(conn, desk.owner.host_id) == []


async def test_random_trees_come_back_byte_by_byte(desk: WorktreeHarness) -> None:
    rng = random.Random(20261122)
    edits = Edits(desk.files, rng, nested=False)
    known = [((await take(desk)), content_of(desk.files))]
    for _ in range(int(os.environ.get("BOOCODER_TEST_REWINDS", "8"))):
        edits.make(rng.randint(1, 12))
        now = content_of(desk.files)
        target, content = rng.choice(known)
        report = await desk.rewinder.rewind(desk.session_id, target.id)
        assert content_of(desk.files) == content
        known.append((report.before, now))


async def test_ignored_files_in_the_way_are_kept_in_the_snapshot_before(desk: WorktreeHarness) -> None:
    (desk.files / "notes").write_bytes(b"followed\n")
    first = await take(desk)
    (desk.files / "notes").unlink()
    (desk.files / "notes").mkdir()
    (desk.files / "notes" / "a.log").write_bytes(b"ignored, and known to nobody\n")
    await take(desk)
    report = await desk.rewinder.rewind(desk.session_id, first.id)
    assert (desk.files / "notes").read_bytes() == b"followed\n"
    await desk.rewinder.rewind(desk.session_id, report.before.id)
    assert (desk.files / "notes" / "a.log").read_bytes() == b"ignored, and known to nobody\n"


async def test_what_no_snapshot_can_hold_stops_a_rewind(desk: WorktreeHarness) -> None:
    (desk.files / "pipe").write_bytes(b"a file\n")
    first = await take(desk)
    (desk.files / "pipe").unlink()
    await take(desk)
    os.mkfifo(desk.files / "pipe")
    before = content_of(desk.files)
    with pytest.raises(Conflict, match="pipe") as error:
        await desk.rewinder.rewind(desk.session_id, first.id)
    assert error.value.code == "rewind_blocked"
    assert content_of(desk.files) == before
    async with desk.database.connection() as conn:
        assert await worktree_locks.list_rewinds(conn, desk.owner.host_id) == []


async def test_a_rewind_writes_through_no_link(desk: WorktreeHarness, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "main.py").write_bytes(b"somebody else's\n")
    first = await take(desk)
    (desk.files / "src" / "main.py").unlink()
    (desk.files / "src" / "lines.txt").unlink()
    (desk.files / "src").rmdir()
    (desk.files / "src").symlink_to(outside)
    await desk.rewinder.rewind(desk.session_id, first.id)
    assert (desk.files / "src" / "main.py").read_bytes().startswith(b"def main")
    assert not (desk.files / "src").is_symlink()
    assert (outside / "main.py").read_bytes() == b"somebody else's\n"


async def test_turns_and_holders_exclude_one_another(desk: WorktreeHarness) -> None:
    first = await take(desk)
    async with desk.locks.exclusive(desk.session_id, "test"), desk.database.connection() as conn:
        await add_task(conn, desk.place)
        claimed = await claim_tasks(conn, desk.owner.host_id, desk.owner.instance_id, 9, LEASE_S)
        assert claimed == []
    async with desk.database.connection() as conn:
        claimed = await claim_tasks(conn, desk.owner.host_id, desk.owner.instance_id, 9, LEASE_S)
    assert len(claimed) == 1
    with pytest.raises(Conflict) as error:
        await desk.rewinder.rewind(desk.session_id, first.id)
    assert error.value.code == "session_busy"
    with pytest.raises(NotFound):
        await desk.rewinder.rewind(desk.session_id, SnapshotId(new_id()))


async def test_what_was_cut_short_is_done_again(desk: WorktreeHarness) -> None:
    first, then = await take(desk), content_of(desk.files)
    (desk.files / "src" / "main.py").write_bytes(b"later\n")
    (desk.files / "new.txt").write_bytes(b"new\n")
    await take(desk)
    async with desk.database.connection() as conn:
        assert await worktree_locks.begin_rewind(await desk.locks.hold(conn, desk.session_id), first.id)
        await add_task(conn, desk.place)
        assert await claim_tasks(conn, desk.owner.host_id, desk.owner.instance_id, 9, LEASE_S) == []
    (desk.files / "new.txt").unlink()  # so far it had come
    (desk.files / "README.md").write_bytes(b"typed after the crash\n")
    assert await desk.rewinder.resume_all() == 1
    assert content_of(desk.files) == then
    listed = await desk.snapshots.list(desk.session_id)
    before = next(one for one in listed if one.kind is SnapshotKind.BEFORE_REWIND)
    assert "cut short" in before.note
    async with desk.database.connection() as conn:
        assert len(await claim_tasks(conn, desk.owner.host_id, desk.owner.instance_id, 9, LEASE_S)) == 1
    assert await desk.rewinder.resume_all() == 0
