"""Verdicts on units: who gets which, what outlives later turns, what opens again, what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from boocoder.changes.diff.cache import DiffCache
from boocoder.changes.review.service import UnitSelection
from boocoder.db.core.pool import Database
from boocoder.db.files import changes, review
from boocoder.errors import Conflict, InvalidInput, NotFound
from boocoder.model.ids import ChangeId, new_id
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


async def test_units_files_and_whole_changes_are_decided_as_they_are_now(desk: ReviewHarness) -> None:
    await desk.turn({"src/lines.txt": edited(n3=b"three\n", n30=b"thirty\n"), "README.md": b"new\n", "a.txt": b"a\n"})
    made = await desk.review()
    assert [(file.diff.path, len(file.units)) for file in made.files] == [
        (b"README.md", 1),
        (b"a.txt", 1),
        (b"src/lines.txt", 2),
    ]
    assert states(made) == ["open"] * 4
    change = made.change.id
    await desk.parts.reviews.decide(change, UnitSelection(paths=(b"src/lines.txt",)), REJECTED)
    await desk.decide(ACCEPTED, units_of(made)[3])
    assert states(await desk.review()) == ["open", "open", "rejected", "accepted"]
    done = await desk.parts.reviews.decide(change, UnitSelection(everything=True), ACCEPTED)
    assert (done.decided, done.gone, states(done.review)) == (4, (), ["accepted"] * 4)
    await desk.decide(None, units_of(made)[0], units_of(made)[1])
    assert states(await desk.review()) == ["open", "open", "accepted", "accepted"]
    told = [(frame.accepted, frame.rejected, frame.open) for frame in desk.told()]
    assert told == [(0, 2, 2), (1, 1, 2), (4, 0, 0), (2, 0, 2)]


async def test_verdicts_outlive_turns_that_change_other_hunks_of_the_file(desk: ReviewHarness) -> None:
    await desk.turn({"src/lines.txt": edited(n3=b"three\n", n20=b"twenty\n", n30=b"thirty\n")})
    first, second, third = units_of(await desk.review())
    await desk.decide(ACCEPTED, first)
    await desk.decide(REJECTED, second, third)
    await desk.turn({"src/lines.txt": edited(n3=b"three\n", n20=b"20\n20\n", n30=b"thirty\n", n39=b"new\n")})
    made = await desk.review()
    assert states(made) == ["accepted", "open (was rejected)", "rejected", "open"]
    assert [unit.id for unit in units_of(made)][::2] == [first.id, third.id]
    await desk.turn({"src/lines.txt": edited(n3=b"three\n", n30=b"thirty\n")})
    assert states(await desk.review()) == ["accepted", "rejected"]
    await desk.turn({"src/lines.txt": edited(n3=b"three\n", n20=b"twenty\n", n30=b"thirty\n")})
    assert states(await desk.review()) == ["accepted", "rejected", "rejected"]  # it is what was rejected once


async def test_a_decided_file_does_not_decide_what_comes_later(desk: ReviewHarness) -> None:
    change = await desk.turn({"src/lines.txt": edited(n3=b"three\n")})
    assert change is not None
    await desk.parts.reviews.decide(change, UnitSelection(everything=True), ACCEPTED)
    await desk.turn({"src/lines.txt": edited(n3=b"three\n", n30=b"thirty\n"), "b.txt": b"b\n"})
    assert states(await desk.review()) == ["open", "accepted", "open"]


async def test_a_new_file_that_goes_on_changing_is_open_again_and_says_so(desk: ReviewHarness) -> None:
    await desk.turn({"new.py": b"a\nb\n"})
    await desk.decide(ACCEPTED, *units_of(await desk.review()))
    await desk.turn({"new.py": b"a\nb\nc\n"})
    assert states(await desk.review()) == ["open (was accepted)"]


async def test_what_the_change_does_not_have_is_refused_and_nothing_decided(desk: ReviewHarness) -> None:
    change = await desk.turn({"src/lines.txt": edited(n3=b"three\n", n30=b"thirty\n")})
    assert change is not None
    one, _ = units_of(await desk.review())
    for chosen, error in (
        (UnitSelection(units=(one.id, "0" * 20)), Conflict),
        (UnitSelection(paths=(b"src/lines.txt", b"other")), Conflict),
        (UnitSelection(), InvalidInput),
    ):
        with pytest.raises(error) as refused:
            await desk.parts.reviews.decide(change, chosen, ACCEPTED)
        assert refused.value.code in ("units_gone", "nothing_chosen")
    with pytest.raises(NotFound):
        await desk.parts.reviews.get(ChangeId(new_id()))
    assert states(await desk.review()) == ["open", "open"]
    assert desk.told() == []


async def test_a_superseded_change_decides_what_is_left_of_it(desk: ReviewHarness) -> None:
    seen = await desk.turn({"src/lines.txt": edited(n3=b"three\n", n30=b"thirty\n")})
    assert seen is not None
    kept, lost = units_of(await desk.review())
    await desk.turn({"src/lines.txt": edited(n3=b"three\n", n30=b"30\n"), "README.md": b"not looked at\n"})
    done = await desk.parts.reviews.decide(seen, UnitSelection(everything=True), ACCEPTED)
    assert (done.decided, done.gone) == (1, (lost.id,))
    assert done.review.change.id == await desk.pending()
    assert states(done.review) == ["open", "accepted", "open"]
    with pytest.raises(Conflict) as refused:
        await desk.parts.reviews.decide(seen, UnitSelection(units=(lost.id,)), ACCEPTED)
    assert refused.value.code == "units_gone"
    assert [unit.id for unit in (await desk.review()).units("accepted")] == [kept.id]


async def test_a_change_that_was_decided_as_a_whole_is_closed(desk: ReviewHarness) -> None:
    change = await desk.turn({"README.md": b"new\n"})
    assert change is not None
    async with desk.desk.database.transaction() as conn:
        await changes.decide_change(conn, change, ChangeState.REJECTED)
    with pytest.raises(Conflict) as refused:
        await desk.parts.reviews.decide(change, UnitSelection(everything=True), ACCEPTED)
    assert refused.value.code == "change_not_pending"


async def test_verdicts_of_many_screens_at_once_are_all_kept(desk: ReviewHarness) -> None:
    numbers = range(1, 41, 4)
    await desk.turn({"src/lines.txt": edited(**{f"n{number}": b"x\n" for number in numbers})})
    units = units_of(await desk.review())
    assert len(units) == len(numbers)
    await asyncio.gather(*(desk.decide(ACCEPTED if at % 2 else REJECTED, unit) for at, unit in enumerate(units)))
    assert states(await desk.review()) == ["rejected", "accepted"] * 5
    assert (desk.told()[-1].accepted, desk.told()[-1].rejected) == (5, 5)


async def test_what_was_applied_is_judged_anew_when_it_comes_again(desk: ReviewHarness) -> None:
    async def apply() -> None:
        pending = await desk.pending()
        assert pending is not None
        async with desk.desk.database.transaction() as conn:
            await changes.decide_change(conn, pending, ChangeState.APPLIED)

    await desk.turn({"src/lines.txt": edited(n3=b"three\n")})
    (first,) = units_of(await desk.review())
    await desk.decide(ACCEPTED, first)
    await apply()
    await desk.turn({"src/lines.txt": edited()})
    assert states(await desk.review()) == ["open"]
    await apply()
    await desk.turn({"src/lines.txt": edited(n3=b"three\n")})
    assert units_of(await desk.review()) == [first]
    assert states(await desk.review()) == ["open"]


async def test_a_diff_is_made_once_and_the_cache_stays_small(desk: ReviewHarness) -> None:
    await desk.turn({"src/lines.txt": edited(n3=b"three\n")})
    change, shadow = (await desk.review()).change, desk.desk.shadow
    kept = DiffCache()
    many = await asyncio.gather(*(kept.get(shadow, change.base_tree, change.tree) for _ in range(4)))
    assert all(one is many[0] for one in many)
    assert await kept.get(shadow, change.base_tree, change.tree) is many[0]
    tiny = DiffCache(max_bytes=1)
    first = await tiny.get(shadow, change.base_tree, change.tree)
    again = await tiny.get(shadow, change.base_tree, change.tree)
    assert first == again == many[0] and first is not again


async def rows(desk: ReviewHarness) -> Sequence[review.DecisionRow]:
    async with desk.desk.database.connection() as conn:
        return await review.list_decisions(conn, desk.desk.session_id)


async def test_carrying_over_renames_forgets_and_keeps_the_rest(desk: ReviewHarness) -> None:
    await desk.turn({"src/lines.txt": edited(n3=b"three\n", n20=b"twenty\n", n30=b"thirty\n")})
    one, two, three = units_of(await desk.review())
    await desk.decide(ACCEPTED, one)
    await desk.decide(REJECTED, two, three)
    async with desk.desk.database.transaction() as conn:
        mapping = {two.id: three.id, three.id: "f" * 20, "unknown": "other"}
        await review.carry_over(conn, desk.desk.session_id, mapping, [one.id], starts={"f" * 20: 31})
    kept = {row.unit_id: (row.verdict, row.old_start, row.path) for row in await rows(desk)}
    assert kept == {three.id: (REJECTED, 20, b"src/lines.txt"), "f" * 20: (REJECTED, 31, b"src/lines.txt")}
