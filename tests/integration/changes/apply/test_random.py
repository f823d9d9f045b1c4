"""Random applies with the user's edits in between: each exactly as the model says, or refused with nothing touched.

The suite has a slice; `make random` has 1,000.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path

import pytest

from boocoder.changes.apply.conflicts import ApplyConflict
from boocoder.db.core.pool import Database
from boocoder.model.change import ApplyTarget
from boocoder.model.task import ChangeState
from tests.fixtures.changes.apply_world import Case, World
from tests.fixtures.changes.change_harness import make_desk
from tests.fixtures.changes.random_tree import content_of
from tests.fixtures.repository import MakeRepository

APPLIES = int(os.environ.get("BOOCODER_TEST_APPLIES", "30"))
SEED = int(os.environ.get("BOOCODER_TEST_SEED", "4"))


@pytest.mark.slow
@pytest.mark.timeout(120 + APPLIES * 10)
async def test_random_applies_are_exact_or_named(
    database: Database, repository: MakeRepository, tmp_path: Path
) -> None:
    world = World(await make_desk(database, repository, tmp_path), random.Random(SEED))
    await world.begin()
    outcomes: Counter[str] = Counter()
    for _ in range(APPLIES):
        case = await world.case()
        refs = world.git("for-each-ref")
        try:
            report = await world.desk.applier.apply(case.change_id, case.request)
        except ApplyConflict as refused:
            await check_refused(world, case, refused, refs)
            outcomes[f"{case.request.target} refused"] += 1
        else:
            assert not case.conflicts, (case.request, case.conflicts)
            assert (report.units, report.of) == case.units
            await check_applied(world, case)
            outcomes[f"{case.request.target} exact"] += 1
    assert world.git("fsck", "--strict", "--no-dangling") == b""
    print(f"{APPLIES} random applies: {dict(sorted(outcomes.items()))}, 0 wrong")
    if APPLIES >= 100:
        assert min(outcomes[f"{target} {end}"] for target in ApplyTarget for end in ("exact", "refused")) > 0


async def check_refused(world: World, case: Case, refused: ApplyConflict, refs: bytes) -> None:
    """A conflict was to be expected, it is named, and nothing was touched."""
    assert case.conflicts, refused
    named = {one.path for one in refused.conflicts}
    assert named & case.conflicts or _is_swap(case), (named, case.conflicts)
    assert content_of(world.desk.project.path) == case.before
    assert (world.desk.project.head(), world.index(), world.git("for-each-ref")) == (case.head, case.staged, refs)
    assert await world.desk.state(case.change_id) is ChangeState.PENDING


def _is_swap(case: Case) -> bool:
    """Whether a file and a directory change places: git names one of the files that meet, the model the place."""
    return any(path == b"d" or path.startswith(b"d/") for path in case.conflicts)


def _still_staged(world: World, case: Case) -> bytes:
    """What was staged, but for what the commit has exactly so."""
    committed = world.git("diff", "--name-only", "-z", "--no-renames", case.head, "HEAD").split(b"\0")
    lines = case.staged.splitlines(keepends=True)
    return b"".join(line for line in lines if line.rstrip(b"\n").split(b"\t")[1] not in committed)


async def check_applied(world: World, case: Case) -> None:
    """Files, commit, branch and index are what the model says."""
    project = world.desk.project
    assert content_of(project.path) == case.wanted
    assert await world.desk.state(case.change_id) is ChangeState.APPLIED
    assert world.index() == _still_staged(world, case)
    assert [
        path.name for path in (project.path / ".git").iterdir() if path.name.startswith(("boocoder", "index.l"))
    ] == []
    if case.request.target is ApplyTarget.BRANCH:
        assert world.content_at(f"refs/heads/{case.request.branch}") == case.tree
    if case.request.target is ApplyTarget.COMMIT and case.tree is not None:
        assert world.content_at("HEAD") == case.tree
        assert world.git("rev-parse", "HEAD^").decode().strip() == case.head
        assert world.git("symbolic-ref", "HEAD") == b"refs/heads/main\n"
    else:
        assert project.head() == case.head
    rest = await world.desk.pending()
    assert rest is None or rest.base_tree == (await world.desk.change(case.change_id)).applied_tree
