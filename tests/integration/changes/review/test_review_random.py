"""Random turns and random verdicts: what is decided stays decided, and taking back leaves exactly the rest.

The suite has a slice; `make random` has the rest.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from boocoder.changes.apply.partial_tree import partial_tree
from boocoder.db.core.pool import Database
from boocoder.errors import Conflict
from boocoder.model.change import Verdict
from tests.fixtures.changes.random_tree import Edits
from tests.fixtures.changes.review_harness import REJECTED, ReviewHarness, open_review, units_of
from tests.fixtures.repository import MakeRepository

ROUNDS = int(os.environ.get("BOOCODER_TEST_REVIEWS", "10"))


async def decide_some(desk: ReviewHarness, rng: random.Random, known: dict[str, Verdict]) -> None:
    """Decide about half of the units, and note what was decided."""
    for verdict in Verdict:
        some = [unit for unit in units_of(await desk.review()) if rng.random() < 0.3]
        if some:
            await desk.decide(verdict, *some)
        known.update((unit.id, verdict) for unit in some)


async def check(desk: ReviewHarness, known: dict[str, Verdict]) -> None:
    """Each unit has the verdict that was given to exactly this edit, or none."""
    made = await desk.review()
    told = {one.unit.id: one.state for file in made.files for one in file.units}
    assert told == {unit_id: str(known.get(unit_id, "open")) for unit_id in told}


async def take_back_some(desk: ReviewHarness, known: dict[str, Verdict]) -> None:
    made = await desk.review()
    files = [file.diff for file in made.files]
    kept = {unit.id for file in files for unit in file.units} - {unit.id for unit in made.units("rejected")}
    shadow = desk.desk.shadow
    try:
        wanted = await partial_tree(shadow, made.change.base_tree, made.change.tree, files, kept)
    except Conflict:
        wanted = ""  # a file and a directory changed places, and only one of the two is rejected
    if not made.units("rejected") or not wanted:
        with pytest.raises(Conflict):
            await desk.parts.reverter.revert(made.change.id)
        return
    await desk.parts.reverter.revert(made.change.id)
    assert await desk.desk.snapshots.tree_now(await desk.desk.snapshots.place(desk.desk.session_id)) == wanted
    if await desk.pending() is not None:
        await check(desk, known)


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_random_lives_of_a_review(database: Database, repository: MakeRepository, tmp_path: Path) -> None:
    rng = random.Random(20261122)
    project = repository({})
    Edits(project.path, rng, nested=False).make(60)
    project.commit("Base")
    desk = await open_review(database, project, tmp_path)
    known: dict[str, Verdict] = {}
    rejected = 0
    for _ in range(ROUNDS):
        Edits(desk.desk.files, rng, nested=False).make(rng.randint(1, 10))
        if await desk.measure() is None:
            continue
        await check(desk, known)
        await decide_some(desk, rng, known)
        await check(desk, known)
        rejected += sum(known.get(unit.id) is REJECTED for unit in units_of(await desk.review()))
        await take_back_some(desk, known)
    assert rejected > ROUNDS
