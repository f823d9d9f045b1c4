"""Reverting rejected parts in the agent's worktree: exactly these, after a snapshot, and published."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from boocoder.changes.review.service import UnitSelection
from boocoder.db.conversation import agent_notes as notes
from boocoder.db.core.pool import Database
from boocoder.db.files import changes, snapshots
from boocoder.errors import BoocoderError, Conflict
from boocoder.events import frames
from boocoder.model.session import SnapshotKind
from tests.fixtures.changes.random_tree import content_of
from tests.fixtures.changes.review_harness import ACCEPTED, REJECTED, ReviewHarness, open_review, states, units_of
from tests.fixtures.repository import MakeRepository
from tests.fixtures.row_builders import add_running, add_task
from tests.integration.changes.review.test_review import edited

WAIT_S = 60.0
POLL_S = 0.02


@pytest.fixture
async def desk(database: Database, repository: MakeRepository, tmp_path: Path) -> ReviewHarness:
    return await open_review(database, repository(), tmp_path)


async def refused(desk: ReviewHarness, *units: str) -> str:
    """The code with which taking back is refused; the worktree is as it was."""
    change, before = await desk.pending(), content_of(desk.desk.files)
    assert change is not None
    with pytest.raises(BoocoderError) as error:
        await desk.parts.reverter.revert(change, units)
    assert content_of(desk.desk.files) == before
    return error.value.code


async def test_rejected_units_go_and_the_rest_stays(desk: ReviewHarness) -> None:
    edits = {"src/lines.txt": edited(n3=b"three\n", n20=b"twenty\n", n30=b"thirty\n"), "new.txt": b"new\n"}
    change = await desk.turn({**edits, "README.md": None})
    assert change is not None
    before = content_of(desk.desk.files)
    readme, new, _, twenty, thirty = units_of(await desk.review())
    await desk.decide(REJECTED, readme, new, twenty)
    await desk.decide(ACCEPTED, thirty)
    done = await desk.parts.reverter.revert(change)
    assert (done.units, done.paths) == (3, ("README.md", "new.txt", "src/lines.txt"))
    assert (desk.desk.files / "src/lines.txt").read_bytes() == edited(n3=b"three\n", n30=b"thirty\n")
    assert (desk.desk.files / "README.md").read_bytes() == (desk.desk.project.path / "README.md").read_bytes()
    assert not (desk.desk.files / "new.txt").exists()
    assert done.change_id == await desk.pending() != change
    assert states(await desk.review()) == ["open", "accepted"]
    kinds = [one.kind for one in await desk.desk.snapshots.list(desk.desk.session_id)]
    assert kinds == [SnapshotKind.CHANGED, SnapshotKind.BEFORE_UNDO, SnapshotKind.TURN_END]
    async with desk.desk.database.connection() as conn:
        kept = await snapshots.get_snapshot(conn, desk.desk.session_id, done.snapshot_id)
    await desk.desk.rewinder.rewind(desk.desk.session_id, kept.id)
    assert content_of(desk.desk.files) == before


async def test_everybody_is_told_and_the_agent_once(desk: ReviewHarness) -> None:
    change = await desk.turn({"src/lines.txt": edited(n3=b"three\n", n30=b"thirty\n")})
    assert change is not None
    one, two = units_of(await desk.review())
    await desk.decide(REJECTED, one, two)
    desk.desk.heard.frames.clear()
    await desk.parts.reverter.revert(change, [one.id])
    kinds = [type(frame) for frame in desk.desk.heard.frames]
    assert kinds == [frames.ChangeUpdatedFrame, frames.NoticeFrame, frames.ReviewChangedFrame]
    assert states(await desk.review()) == ["rejected"]
    async with desk.desk.database.transaction() as conn:
        task_id = await add_task(conn, desk.desk.place)
        (said,) = await notes.take_notes(conn, desk.desk.session_id, task_id)
        assert "src/lines.txt" in said
        assert await notes.take_notes(conn, desk.desk.session_id, task_id) == [said]  # its prompt was not sent yet
    last = await desk.pending()
    assert last is not None
    assert (await desk.parts.reverter.revert(last)).change_id is None
    async with desk.desk.database.connection() as conn:
        assert (await changes.get_change(conn, last)).state == "withdrawn"
    assert content_of(desk.desk.files) == content_of(desk.desk.project.path)


async def test_edits_by_hand_elsewhere_stay_and_at_the_same_place_refuse(desk: ReviewHarness) -> None:
    change = await desk.turn({"src/lines.txt": edited(n3=b"three\n", n30=b"thirty\n")})
    assert change is not None
    await desk.decide(REJECTED, *units_of(await desk.review()))
    (desk.desk.files / "src/lines.txt").write_bytes(edited(n3=b"by hand\n", n30=b"thirty\n"))
    assert await refused(desk) == "undo_conflicts"
    (desk.desk.files / "src/lines.txt").write_bytes(edited(n3=b"three\n", n15=b"by hand\n", n30=b"thirty\n"))
    (desk.desk.files / "by-hand.txt").write_bytes(b"by hand\n")
    await desk.parts.reverter.revert(change)
    assert (desk.desk.files / "src/lines.txt").read_bytes() == edited(n15=b"by hand\n")
    assert (desk.desk.files / "by-hand.txt").read_bytes() == b"by hand\n"


async def test_nothing_is_written_through_a_link(desk: ReviewHarness, tmp_path: Path) -> None:
    await desk.turn({"src/lines.txt": edited(n3=b"three\n")})
    await desk.decide(REJECTED, *units_of(await desk.review()))
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "lines.txt").write_bytes(edited(n3=b"three\n"))
    source = desk.desk.files / "src"
    shutil.rmtree(source)
    source.symlink_to(outside)
    assert await refused(desk) == "undo_conflicts"
    assert (outside / "lines.txt").read_bytes() == edited(n3=b"three\n")


async def test_links_modes_and_names_that_are_not_utf8_come_back(desk: ReviewHarness) -> None:
    odd = os.fsdecode(b"odd\xff.txt")
    change = await desk.turn({odd: b"\xff\xfe\n", "src/main.py": None})
    assert change is not None
    (desk.desk.files / "README.md").chmod(0o755)
    (desk.desk.files / "link").symlink_to("/etc/passwd")
    change = await desk.measure()
    assert change is not None
    await desk.parts.reviews.decide(change, UnitSelection(everything=True), REJECTED)
    done = await desk.parts.reverter.revert(change)
    assert "odd%FF.txt" in done.paths
    assert content_of(desk.desk.files) == content_of(desk.desk.project.path)


async def test_what_cannot_be_taken_back_is_refused_by_name(desk: ReviewHarness) -> None:
    await desk.turn({"src/lines.txt": edited(n3=b"three\n", n30=b"thirty\n")})
    one, two = units_of(await desk.review())
    assert await refused(desk) == "nothing_rejected"
    await desk.decide(REJECTED, one)
    assert await refused(desk, two.id) == "units_not_rejected"
    async with desk.desk.database.connection() as conn:
        await add_running(conn, desk.desk.owner, desk.desk.place)
    assert await refused(desk) == "session_busy"


async def test_a_superseded_change_is_not_taken_back(desk: ReviewHarness) -> None:
    old = await desk.turn({"src/lines.txt": edited(n3=b"three\n", n30=b"thirty\n")})
    assert old is not None
    await desk.decide(REJECTED, *units_of(await desk.review()))
    await desk.turn({"src/lines.txt": edited(n3=b"three\n", n30=b"30\n")})
    with pytest.raises(Conflict) as error:
        await desk.parts.reverter.revert(old)
    assert error.value.code == "change_not_pending"


async def test_two_at_once_take_it_back_once(desk: ReviewHarness) -> None:
    change = await desk.turn({"src/lines.txt": edited(n3=b"three\n")})
    assert change is not None
    await desk.decide(REJECTED, *units_of(await desk.review()))
    done = await asyncio.gather(*(desk.parts.reverter.revert(change) for _ in range(2)), return_exceptions=True)
    codes = [one.code if isinstance(one, Conflict) else "done" for one in done]
    assert sorted(codes) == ["change_not_pending", "done"]
    assert content_of(desk.desk.files) == content_of(desk.desk.project.path)


async def test_a_caller_that_goes_away_does_not_stop_it_half_way(desk: ReviewHarness) -> None:
    change = await desk.turn({f"many/{number}.txt": b"x\n" for number in range(50)})
    assert change is not None
    await desk.parts.reviews.decide(change, UnitSelection(everything=True), REJECTED)
    caller = asyncio.get_running_loop().create_task(desk.parts.reverter.revert(change))
    async with asyncio.timeout(WAIT_S):
        while not any(
            one.kind is SnapshotKind.BEFORE_UNDO for one in await desk.desk.snapshots.list(desk.desk.session_id)
        ):
            assert not caller.done()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    async with asyncio.timeout(WAIT_S):
        while await desk.pending() is not None:
            await asyncio.sleep(POLL_S)
    assert content_of(desk.desk.files) == content_of(desk.desk.project.path)
    await desk.parts.reverter.stop()
