"""Deaths while applying, to every place: the next start finishes or undoes it, and nothing is ever half.

The suite has a slice; `make random` has 500.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from boocoder.db.core.pool import Database
from boocoder.failpoints import REST
from boocoder.git.user.index import MARK
from boocoder.model.change import ApplyTarget
from boocoder.model.task import ChangeState
from tests.fixtures.changes.apply_world import Case, World
from tests.fixtures.changes.change_harness import make_applier, make_desk
from tests.fixtures.changes.random_tree import content_of
from tests.fixtures.repository import MakeRepository
from tests.integration.changes.apply.test_random import check_applied
from tests.paths import ROOT

KILLS = int(os.environ.get("BOOCODER_TEST_KILLS", "12"))
SEED = int(os.environ.get("BOOCODER_TEST_SEED", "4"))
BULK = 60  # files that a change adds, so that writing it takes a while
FINE_S = 0.0001  # short beside what is watched; without a pause the watcher takes the processor from it
STEPS = {
    ApplyTarget.CHECKOUT: ("apply.after_begin", "apply.after_files"),
    ApplyTarget.COMMIT: tuple(name for name in REST if name.startswith("apply.")),
    ApplyTarget.BRANCH: ("apply.after_objects", "apply.after_begin", "apply.after_ref"),
}


class Applier:
    """The process whose children apply and die."""

    def __init__(self, world: World, root: Path) -> None:
        self._world = world
        self._root = root
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fakes.apply_child"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def apply(
        self, case: Case, *, failpoint: str = "", kill_after_s: float | None = None, first: Path | None = None
    ) -> tuple[int, float]:
        """Apply in a child; its exit code, and how long it took.

        Args:
            failpoint: where it dies.
            kill_after_s: seconds until it is killed, counted from when `first` is there, if that is given.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        job = {
            "dsn": self._world.desk.database.dsn,
            "root": str(self._root),
            "change": str(case.change_id),
            "target": case.request.target.value,
            "branch": case.request.branch or "",
            "start": case.request.start.value,
            "failpoint": failpoint,
        }
        begun = time.monotonic()
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        child = int(self._process.stdout.readline())
        if kill_after_s is not None:
            _wait(kill_after_s, first)
            with suppress(ProcessLookupError):  # it has ended
                os.kill(child, signal.SIGKILL)
        return int(self._process.stdout.readline()), time.monotonic() - begun

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process.stdout.close()


def _wait(seconds: float, first: Path | None) -> None:
    """Let a chosen moment come: when the death happens is what is random here."""
    deadline = time.monotonic() + 30
    while first is not None and not first.exists() and time.monotonic() < deadline:
        time.sleep(FINE_S)
    time.sleep(seconds)


@pytest.fixture
def closing() -> Iterator[list[Applier]]:
    appliers: list[Applier] = []
    yield appliers
    for one in appliers:
        one.close()


@pytest.mark.slow
@pytest.mark.timeout(120 + KILLS * 20)
async def test_a_death_at_any_moment_leaves_nothing_half(
    database: Database, repository: MakeRepository, tmp_path: Path, closing: list[Applier]
) -> None:
    rng = random.Random(SEED)
    world = World(await make_desk(database, repository, tmp_path), rng, quiet=True, bulk=BULK)
    await world.begin()
    private = _private(world)
    applier = Applier(world, tmp_path)
    closing.append(applier)
    lasted = {target: applier.apply(await world.case(target))[1] for target in ApplyTarget}
    seen: Counter[str] = Counter()
    for number in range(3 * KILLS):
        if seen["killed"] == KILLS:
            break
        target, way = tuple(ApplyTarget)[number % 3], number // 3 % 3
        case = await world.case(target)
        refs = world.git("for-each-ref")
        if way == 0:
            code, _ = applier.apply(case, failpoint=rng.choice(STEPS[target]))
        elif way == 1 or target is ApplyTarget.BRANCH:
            code, _ = applier.apply(case, kill_after_s=rng.uniform(0.05, 1.1) * lasted[target])
        else:
            first = world.desk.project.path / "bulk" / f"{rng.randrange(BULK):03}"
            code, _ = applier.apply(case, kill_after_s=0.0, first=first)
        assert code in (0, -signal.SIGKILL)
        seen["survived" if code == 0 else "killed"] += 1
        seen["half written" if _is_half(world, case) else "whole"] += 1
        seen[await _check_recovered(world, case, refs, tmp_path)] += 1
    assert _private(world) == private
    assert world.git("fsck", "--strict", "--no-dangling") == b""
    print(f"{seen['killed']} deaths: {dict(sorted(seen.items()))}, 0 left half")
    assert seen["killed"] == KILLS
    assert seen["half written"] > 0, "no death came in the middle of the writing"
    assert seen["finished"] > 0
    assert seen["undone"] + seen["not begun"] > 0


def _private(world: World) -> list[bytes]:
    """What applying never touches."""
    git = world.desk.project.path / ".git"
    return [
        (git / "config").read_bytes(),
        world.git("stash", "list"),
        b"".join(sorted(os.fsencode(path) for path in (git / "hooks").iterdir())),
    ]


def _is_half(world: World, case: Case) -> bool:
    return content_of(world.desk.project.path) not in (case.before, case.wanted)


async def _check_recovered(world: World, case: Case, refs: bytes, root: Path) -> str:
    """The next start: all of it or nothing of it; and what is not done can be done then."""
    desk = world.desk
    cut_short = bool(await desk.journal())
    fresh = make_applier(desk.database, root)
    await fresh.resume_all()
    assert await desk.journal() == []
    lock = desk.project.path / ".git/index.lock"
    assert not lock.exists() or not lock.read_bytes().startswith(MARK)
    if await desk.state(case.change_id) is ChangeState.APPLIED:
        await check_applied(world, case)
        return "finished" if cut_short else "whole before"
    assert content_of(desk.project.path) == case.before
    assert (desk.project.head(), world.index(), world.git("for-each-ref")) == (case.head, case.staged, refs)
    assert (await fresh.apply(case.change_id, case.request)).state == "applied"
    await check_applied(world, case)
    return "undone" if cut_short else "not begun"
