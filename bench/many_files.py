"""A change of 40,000 new files: showing it and applying it to the checkout, beside git merging the same commit."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from pathlib import Path

from bench.harness import Bench
from bench.numbers import Comparison, Row
from bench.repository import git, make_repository, settle
from boocoder.changes.apply.plan import ApplyPlan, plan_apply, write_plan
from boocoder.changes.diff.statistics import measure as measure_change
from boocoder.git.shadow.repository import ShadowRepository

SECTION = "many_files"
FILES = 40_000
FILES_A_FOLDER = 200
TARGET = 2.0
IDENTITY = ("-c", "user.name=A Person", "-c", "user.email=person@example.org")


async def measure(bench: Bench) -> list[Row]:
    """The same change applied by both, each to a checkout of its own, by turns."""
    project = await make_repository(bench.directory / "repository", files=100, lines=20)
    shadow = ShadowRepository(git_dir=bench.directory / "shadow.git", project=project)
    await shadow.open()
    worktree = await shadow.add_worktree(bench.directory / "worktree")
    _add_files(worktree.path)
    index = bench.directory / "worktree.index"
    tree = await shadow.snapshot(worktree.path, index=index, ref="refs/boocoder/bench/turn")
    bare = bench.directory / "bare"
    await git(project, "clone", "-q", str(project), str(bare))
    await git(bare, "config", "gc.auto", "0")  # both sides read objects that are not packed, as right after a turn
    await git(bare, "checkout", "-q", "-b", "change")
    _add_files(bare)
    await git(bare, "add", "-A")
    await git(bare, *IDENTITY, "commit", "-q", "-m", "Many files")
    await git(bare, "checkout", "-q", "-")
    apply: list[float] = []
    merge: list[float] = []
    show: list[float] = []
    diff: list[float] = []
    for number in range(bench.rounds):
        for side in ((0, 1), (1, 0))[number % 2]:
            await settle()
            if side:
                show.append(await _timed(measure_change(shadow, base_tree=worktree.base_tree, tree=tree)))
                apply.append(await _timed(_apply(shadow, bench.directory / "checkout.index", worktree.base_tree, tree)))
                await git(project, "clean", "-fdq")
            else:
                diff.append(await _timed(git(bare, "diff", "--binary", "--full-index", "HEAD", "change")))
                merge.append(await _timed(git(bare, *IDENTITY, "merge", "-q", "--no-ff", "-m", "Merge", "change")))
                await git(bare, "reset", "-q", "--hard", "HEAD~1")
    what = f"{FILES:,} new files"
    return [
        Row(
            SECTION,
            f"{what}: list, counts, diff; floor: git diff",
            "s",
            tuple(show),
            tuple(diff),
            Comparison.RATIO,
            TARGET,
        ),
        Row(SECTION, f"{what} applied; floor: git merge", "s", tuple(apply), tuple(merge), Comparison.RATIO, TARGET),
    ]


async def _apply(shadow: ShadowRepository, index: Path, base_tree: str, tree: str) -> None:
    root = shadow.checkout.root
    plan = await plan_apply(
        shadow, checkout=root, index=index, base_tree=base_tree, tree=tree, ref="refs/boocoder/bench/apply"
    )
    assert isinstance(plan, ApplyPlan)
    left = await write_plan(shadow, checkout=root, index=index, pre_tree=plan.pre_tree, post_tree=plan.post_tree)
    assert left == []


def _add_files(directory: Path) -> None:
    for number in range(FILES):
        folder = directory / f"generated_{number // FILES_A_FOLDER}"
        folder.mkdir(exist_ok=True)
        (folder / f"file_{number}.py").write_text(f"value = {number}\n" * 5)


async def _timed(work: Awaitable[object]) -> float:
    began = time.monotonic()
    await work
    return time.monotonic() - began
