"""Splitting and editing units: verdicts of parts, later turns, what is applied, what is left, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.changes.apply.planner import ApplyRequest
from boocoder.changes.diff.parts import LineSpan
from boocoder.changes.review.selection import PartFilter
from boocoder.db.core.pool import Database
from boocoder.db.files import changes
from boocoder.errors import Conflict, InvalidInput
from boocoder.model.ids import ChangeId
from boocoder.model.task import ChangeState
from tests.fixtures.changes.review_harness import (
    ACCEPTED,
    REJECTED,
    ReviewHarness,
    edited,
    open_review,
    states,
    units_of,
)
from tests.fixtures.repository import MakeRepository


@pytest.fixture
async def desk(database: Database, repository: MakeRepository, tmp_path: Path) -> ReviewHarness:
    return await open_review(database, repository(), tmp_path)


async def turn(desk: ReviewHarness, content: bytes, path: str = "src/lines.txt") -> ChangeId:
    change_id = await desk.turn({path: content})
    assert change_id is not None
    return change_id


def checkout(desk: ReviewHarness, path: str = "src/lines.txt") -> bytes:
    return (desk.desk.project.path / path).read_bytes()


async def test_a_unit_is_split_at_unchanged_lines_and_its_parts_are_decided(desk: ReviewHarness) -> None:
    change = await turn(desk, edited(n3=b"three\n", n5=b"five\n", n7=b"seven\n"))
    (unit,) = units_of(await desk.review())
    await desk.decide(ACCEPTED, unit)
    done = await desk.parts.editor.split(change, unit.id)
    parts = units_of(done.review)
    assert [part.new_lines for part in parts] == [(b"three\n",), (b"five\n",), (b"seven\n",)]
    assert (done.units, states(done.review)) == (tuple(part.id for part in parts), ["accepted"] * 3)
    await desk.decide(REJECTED, parts[1])
    await turn(desk, edited(n3=b"three\n", n5=b"five\n", n7=b"7\n", n30=b"thirty\n"))
    assert states(await desk.review()) == ["accepted", "rejected", "open (was accepted)", "open"]
    report = await desk.parts.applier.apply(await pending(desk))
    assert (report.units, report.of, checkout(desk)) == (1, 4, edited(n3=b"three\n"))
    left = await desk.review()
    assert [unit.new_lines for unit in units_of(left)] == [(b"five\n",), (b"7\n",), (b"thirty\n",)]
    assert states(left)[0] == "rejected"
    assert [one for one in states(left)[1:] if not one.startswith("open")] == []


async def pending(desk: ReviewHarness) -> ChangeId:
    change_id = await desk.pending()
    assert change_id is not None
    return change_id


async def test_selected_lines_are_decided_in_the_same_step(desk: ReviewHarness) -> None:
    change = await turn(desk, edited(n3=b"a\nb\nc\n"))
    (unit,) = units_of(await desk.review())
    lines = [LineSpan(True, 3, 3), LineSpan(False, 4, 4)]
    done = await desk.parts.editor.split(change, unit.id, lines, verdict=ACCEPTED)
    assert [(part.old_lines, part.new_lines) for part in units_of(done.review)] == [
        ((b"line 3\n",), ()),
        ((), (b"a\n",)),
        ((), (b"b\n",)),
        ((), (b"c\n",)),
    ]
    assert states(done.review) == ["accepted", "open", "accepted", "open"]
    assert done.selected == (done.units[0], done.units[2])
    await desk.parts.applier.apply(change)
    assert checkout(desk) == edited(n3=b"b\n")
    left = await desk.review()
    assert sorted(unit.new_lines for unit in units_of(left)) == [(b"a\n",), (b"c\n",)]


async def test_equal_lines_at_one_place_are_parts_of_their_own(desk: ReviewHarness) -> None:
    change = await turn(desk, edited(n3=b"line 3\nx\nx\nx\n"))
    (unit,) = units_of(await desk.review())
    first = await desk.parts.editor.split(change, unit.id, [LineSpan(False, 4, 4)], verdict=ACCEPTED)
    assert len(set(first.units)) == 2
    await desk.parts.editor.split(change, first.units[1], [LineSpan(False, 6, 6)], verdict=REJECTED)
    assert states(await desk.review()) == ["accepted", "open", "rejected"]
    await desk.parts.applier.apply(change)
    assert checkout(desk) == edited(n3=b"line 3\nx\n")


async def test_lines_of_new_and_deleted_files_are_taken_apart(desk: ReviewHarness) -> None:
    change = await desk.turn({"new.txt": b"1\n2\n3\n", "src/lines.txt": None})
    assert change is not None
    new, gone = units_of(await desk.review())
    await desk.parts.editor.split(change, new.id, [LineSpan(False, 2, 2)], verdict=ACCEPTED)
    await desk.parts.editor.split(change, gone.id, [LineSpan(True, 1, 38)], verdict=ACCEPTED)
    await desk.parts.applier.apply(change)
    assert (checkout(desk, "new.txt"), checkout(desk)) == (b"2\n", b"line 39\nline 40\n")
    left = await desk.review()
    assert [unit.new_lines for unit in units_of(left)] == [(b"1\n",), (b"3\n",), ()]
    report = await desk.parts.applier.apply(left.change.id, ApplyRequest(select=PartFilter.NOT_REJECTED))
    assert (report.state, checkout(desk, "new.txt")) == ("applied", b"1\n2\n3\n")
    assert not (desk.desk.project.path / "src/lines.txt").exists()


async def test_accepting_all_parts_is_accepting_the_unit_and_joining_gives_it_back(desk: ReviewHarness) -> None:
    change = await turn(desk, edited(n3=b"three\n", n5=b"five\n"))
    (unit,) = units_of(await desk.review())
    parts = units_of((await desk.parts.editor.split(change, unit.id)).review)
    await desk.decide(ACCEPTED, *parts)
    joined = await desk.parts.editor.join(change, parts[1].id)
    assert (joined.units, states(joined.review)) == ((unit.id,), ["accepted"])
    parts = units_of((await desk.parts.editor.split(change, unit.id)).review)
    await desk.decide(REJECTED, parts[0])
    assert states((await desk.parts.editor.join(change, parts[0].id)).review) == ["open"]
    await desk.parts.editor.split(change, unit.id)
    await desk.decide(ACCEPTED, *parts)
    report = await desk.parts.applier.apply(change)
    assert (report.rest, checkout(desk)) == (None, edited(n3=b"three\n", n5=b"five\n"))


@pytest.mark.parametrize("rest", [REJECTED, None])
async def test_an_edited_unit_is_applied_as_the_person_wrote_it(desk: ReviewHarness, rest: object) -> None:
    change = await turn(desk, edited(n3=b"three\n", n30=b"thirty\n"))
    first, second = units_of(await desk.review())
    made = await desk.parts.editor.edit(change, first.id, b"3\nIII", rest=REJECTED if rest else None)
    assert (states(made), made.files[0].units[0].edited) == (["accepted", "open"], b"3\nIII\n")
    await desk.decide(ACCEPTED, first, second)  # accepting once more keeps the text
    report = await desk.parts.applier.apply(change)
    assert checkout(desk) == edited(n3=b"3\nIII\n", n30=b"thirty\n")
    assert report.rest is not None
    async with desk.desk.database.connection() as conn:
        left = await changes.get_change(conn, report.rest)
    assert left.state is (ChangeState.REJECTED if rest else ChangeState.PENDING)
    await turn(desk, edited(n3=b"three\n", n30=b"thirty\n", n40=b"forty\n"))
    assert states(await desk.review()) == ["rejected" if rest else "open", "open"]
    await desk.parts.applier.apply(await pending(desk), ApplyRequest(select=PartFilter.NOT_REJECTED))
    again = b"three\n" if rest is None else b"3\nIII\n"
    assert checkout(desk) == edited(n3=again, n30=b"thirty\n", n40=b"forty\n")


async def test_an_edit_is_dropped_with_its_verdict_and_with_its_unit(desk: ReviewHarness) -> None:
    change = await turn(desk, edited(n3=b"three\n"))
    (unit,) = units_of(await desk.review())
    await desk.parts.editor.edit(change, unit.id, b"3\n", rest=None)
    await desk.decide(REJECTED, unit)
    await desk.decide(ACCEPTED, unit)
    assert (await desk.review()).files[0].units[0].edited is None
    await desk.parts.editor.edit(change, unit.id, b"3\n", rest=None)
    with pytest.raises(InvalidInput, match="has a text of yours"):
        await desk.parts.editor.split(change, unit.id, [LineSpan(True, 3, 3)])
    assert (await desk.parts.editor.edit(change, unit.id, None, rest=None)).files[0].units[0].edited is None
    await desk.parts.editor.edit(change, unit.id, b"3\n", rest=None)
    await turn(desk, edited(n3=b"three!\n"))
    assert states(await desk.review()) == ["open (was accepted)"]


async def test_what_cannot_be_split_or_edited_is_refused(desk: ReviewHarness) -> None:
    change = await desk.turn({"src/lines.txt": edited(n3=b"three\n"), "b.bin": b"\0\1"})
    assert change is not None
    binary, unit = units_of(await desk.review())
    editor = desk.parts.editor
    with pytest.raises(InvalidInput, match="no unchanged line"):
        await editor.split(change, unit.id)
    with pytest.raises(InvalidInput, match="does not change any"):
        await editor.split(change, unit.id, [LineSpan(False, 9, 2**31 - 1)])
    with pytest.raises(InvalidInput, match="no lines to split"):
        await editor.edit(change, binary.id, b"x", rest=None)
    with pytest.raises(InvalidInput, match="was not split"):
        await editor.join(change, unit.id)
    with pytest.raises(Conflict, match="no longer has"):
        await editor.split(change, "0" * 20)
    whole = await editor.split(change, unit.id, [LineSpan(True, 3, 3), LineSpan(False, 3, 3)], verdict=ACCEPTED)
    assert (whole.units, whole.selected, states(whole.review)) == ((unit.id,), (unit.id,), ["open", "accepted"])
    await desk.parts.applier.apply(change)
    with pytest.raises(Conflict, match="no longer"):
        await editor.split(change, unit.id, [LineSpan(True, 3, 3)])


async def test_rejected_parts_are_taken_out_of_the_worktree(desk: ReviewHarness) -> None:
    change = await turn(desk, edited(n3=b"three\n", n5=b"five\n"))
    (unit,) = units_of(await desk.review())
    first, second = units_of((await desk.parts.editor.split(change, unit.id)).review)
    await desk.decide(REJECTED, first)
    await desk.decide(ACCEPTED, second)
    await desk.parts.reverter.revert(change)
    assert (desk.desk.files / "src/lines.txt").read_bytes() == edited(n5=b"five\n")
    assert states(await desk.review()) == ["accepted"]
