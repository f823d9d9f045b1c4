"""Whatever an agent leaves in a worktree: snapshot, diff and writing reproduce it byte by byte.

The suite has a slice; `make random` has the rest.
"""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import pytest

from boocoder.changes.apply.plan import write_plan
from boocoder.git.shadow.repository import ShadowRepository
from tests.fixtures.changes.random_tree import Content, Edits, content_of
from tests.fixtures.repository import MakeRepository, git_environment

ROUNDS = max(40, int(os.environ.get("BOOCODER_TEST_TREES", "0")) // 5)


def _check_out(shadow: ShadowRepository, tree: str, place: Path) -> Path:
    """The files of a tree in a plain directory."""
    place.mkdir(parents=True)
    env = git_environment() | {
        "GIT_DIR": str(shadow.git_dir),
        "GIT_WORK_TREE": str(place),
        "GIT_INDEX_FILE": str(place.with_suffix(".index")),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(shadow.checkout.objects),
    }
    for args in (["read-tree", tree], ["checkout-index", "-a", "-q"]):
        subprocess.run(["git", *args], cwd=place, env=env, check=True)
    return place


def _apply(diff: bytes, place: Path) -> None:
    env = git_environment() | {"GIT_CEILING_DIRECTORIES": str(place.parent)}
    done = subprocess.run(["git", "apply", "-"], cwd=place, env=env, input=diff, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def _differences(left: Content, right: Content) -> list[bytes]:
    return [path for path in {**left, **right} if left.get(path) != right.get(path)]


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_diff_and_writing_reproduce_random_trees(repository: MakeRepository, tmp_path: Path) -> None:
    rng = random.Random(20240601)
    project = repository({})
    Edits(project.path, rng, nested=False).make(60)
    project.commit("Base")
    shadow = ShadowRepository(git_dir=tmp_path / "shadow.git", project=project.path)
    await shadow.open()
    worktree = await shadow.add_worktree(tmp_path / "worktree")
    assert content_of(worktree.path) == content_of(project.path)
    index = tmp_path / "worktree.index"
    changed = 0
    for number in range(ROUNDS):
        Edits(worktree.path, rng).make(rng.randint(1, 12))
        wanted = content_of(worktree.path)
        tree = await shadow.snapshot(worktree.path, index=index, ref="refs/boocoder/one")
        diff = await shadow.diff(worktree.base_tree, tree)
        place = _check_out(shadow, worktree.base_tree, tmp_path / f"patched{number}")
        if diff:
            _apply(diff, place)
            changed += 1
        assert _differences(content_of(place), wanted) == [], number
        place = _check_out(shadow, worktree.base_tree, tmp_path / f"written{number}")
        left = await write_plan(
            shadow,
            checkout=place,
            index=tmp_path / f"written{number}.private",
            pre_tree=worktree.base_tree,
            post_tree=tree,
        )
        assert left == [], number
        assert _differences(content_of(place), wanted) == [], number
        assert not list(place.rglob(".boocoder-*"))
    print(f"{ROUNDS} random trees, {changed} with a diff: all exact by git apply and by write_plan")
    assert changed > ROUNDS * 0.9
