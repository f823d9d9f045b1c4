"""A repository of 50,000 files: a snapshot and a diff beside the git commands that a person types."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from pathlib import Path

from bench.harness import Bench
from bench.numbers import Comparison, Row
from bench.repository import add_worktree, git, make_repository
from boocoder.changes.diff.statistics import measure as measure_change
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.worktree.session_worktrees import Worktree

SECTION = "large_repository"
FILES = 50_000
LINES = 20
CHANGED = 1_000
IDENTITY = ("-c", "user.name=A Person", "-c", "user.email=person@example.org")
SNAPSHOT_TARGET = 2.0
DIFF_TARGET = 1.5


@dataclass
class _Samples:
    """Seconds of boocoder's and of plain git's."""

    ours: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)

    def row(self, what: str, target: float | None) -> Row:
        return Row(SECTION, what, "s", tuple(self.ours), tuple(self.floor), Comparison.RATIO, target)


@dataclass
class _Pair:
    """A worktree of boocoder's and one that plain git made, and what is measured on them."""

    shadow: ShadowRepository
    directory: Path
    snapshot: _Samples = field(default_factory=_Samples)
    same: _Samples = field(default_factory=_Samples)
    diff: _Samples = field(default_factory=_Samples)
    look: list[float] = field(default_factory=list)

    async def round(self, number: int) -> None:
        """Everything once, both sides by turns."""
        ours, bare = self.directory / f"ours-{number}", self.directory / f"bare-{number}"
        index = self.directory / f"{number}.index"
        made = await self.shadow.add_worktree(ours)
        await add_worktree(self.shadow.project, bare)
        await self._snapshots(ours, bare, index)
        await self._diffs(made, bare, index)
        self.look.append(await _timed(self.shadow.dirty_paths(staged=False)))
        await self.shadow.remove_worktree(ours)
        await git(self.shadow.project, "worktree", "remove", "--force", str(bare))

    async def _snapshots(self, ours: Path, bare: Path, index: Path) -> None:
        await self._snapshot(ours, index)  # as after a first turn that changed nothing; both indexes are at rest then
        await git(bare, "status", "--porcelain")
        _change(ours, 1, "first")
        _change(bare, 1, "first")
        self.snapshot.ours.append(await _timed(self._snapshot(ours, index)))
        self.snapshot.floor.append(await _timed(git(bare, "status", "--porcelain")))
        self.same.ours.append(await _timed(self._snapshot(ours, index)))
        self.same.floor.append(await _timed(git(bare, "status", "--porcelain")))

    async def _diffs(self, made: Worktree, bare: Path, index: Path) -> None:
        _change(made.path, CHANGED, "second")
        _change(bare, CHANGED, "second")
        tree = await self._snapshot(made.path, index)
        await git(bare, *IDENTITY, "commit", "-q", "-a", "-m", "Second")
        self.diff.ours.append(await _timed(measure_change(self.shadow, base_tree=made.base_tree, tree=tree)))
        self.diff.floor.append(await _timed(git(bare, "diff", "--binary", "--full-index", "HEAD~1", "HEAD")))

    async def _snapshot(self, worktree: Path, index: Path) -> str:
        return await self.shadow.snapshot(worktree, index=index, ref="refs/boocoder/bench/turn")

    def rows(self) -> list[Row]:
        """What came of all rounds."""
        return [
            self.snapshot.row("a snapshot, 1 file changed; floor: git status", SNAPSHOT_TARGET),
            self.same.row("a snapshot, nothing changed; floor: git status", None),
            self.diff.row(f"a change of {CHANGED:,} files: list, counts, diff; floor: git diff", DIFF_TARGET),
            Row(SECTION, "a look at the user's checkout, beside a turn", "s", tuple(self.look)),
        ]


async def measure(bench: Bench) -> list[Row]:
    """Several worktrees of one large repository, one pair after the other."""
    repository = await make_repository(bench.directory / "repository", files=FILES, lines=LINES)
    shadow = ShadowRepository(git_dir=bench.directory / "shadow.git", project=repository)
    await shadow.open()
    pair = _Pair(shadow, bench.directory)
    for number in range(bench.rounds):
        await pair.round(number)
    return pair.rows()


def _change(worktree: Path, number: int, word: str) -> None:
    """Change a line of each of the first files."""
    for path in sorted(worktree.glob("package_*/module_*.py"))[:number]:
        lines = path.read_text().splitlines(keepends=True)
        lines[3] = f"changed = {word!r}\n"
        path.write_text("".join(lines))


async def _timed(work: Awaitable[object]) -> float:
    began = time.monotonic()
    await asyncio.ensure_future(work)
    return time.monotonic() - began
