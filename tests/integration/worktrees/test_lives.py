"""Random lives of worktrees under the garbage collector, against a model: not a byte is lost that no person deleted.

The suite has a slice; `make random` has 1,000.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from boocoder.db.core.pool import Database
from tests.fixtures.changes.random_tree import content_of
from tests.fixtures.repository import MakeRepository
from tests.fixtures.worktrees.worktree_harness import open_desk
from tests.fixtures.worktrees.worktree_life import WorktreeLife

LIVES = int(os.environ.get("BOOCODER_TEST_LIVES", "20"))
SEED = int(os.environ.get("BOOCODER_TEST_LIVES_SEED", "20261122"))
GROUPS = 2
STEPS = 7


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("group", range(GROUPS))
async def test_random_lives_lose_nothing(
    group: int, database: Database, repository: MakeRepository, tmp_path: Path
) -> None:
    project = repository()
    removed = refused = killed = 0
    for number in range(LIVES * group // GROUPS, LIVES * (group + 1) // GROUPS):
        rng = random.Random(SEED + number)
        desk = await open_desk(database, project, tmp_path / f"life{number}")
        life = WorktreeLife(desk, rng, content_of(desk.files))
        await life.live(STEPS)
        removed, refused, killed = removed + life.removed, refused + life.refused, killed + life.killed
    assert removed + refused + killed >= LIVES // GROUPS // 2, "lives without any danger"
    print(f"lives {LIVES // GROUPS}: removed {removed}, refused {refused}, killed {killed}")
