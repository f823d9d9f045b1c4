"""A session's worktree with a repository of its own beside `git worktree add`: time; disk beside files and index."""

from __future__ import annotations

import time
from pathlib import Path

from bench.harness import Bench
from bench.numbers import Comparison, Row
from bench.repository import add_worktree, git, make_repository, settle
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.worktree.unsaved import extent

SECTION = "session_worktree"
SIZES = (5_000, 50_000)
LINES = 20
TARGET = 1.3
DISK_TARGET_MIB = 1.0
MIB = 1024 * 1024


async def measure(bench: Bench) -> list[Row]:
    """Both sides by turns, in repositories of both sizes."""
    rows: list[Row] = []
    for files in SIZES:
        rows += await _measure(bench.directory / str(files), files, bench.rounds)
    return rows


async def _measure(directory: Path, files: int, rounds: int) -> list[Row]:
    project = await make_repository(directory / "repository", files=files, lines=LINES)
    shadow = ShadowRepository(git_dir=directory / "shadow.git", project=project)
    await shadow.open()
    await shadow.add_worktree(directory / "first")  # links the objects, once a project
    ours: list[float] = []
    floor: list[float] = []
    disk: list[float] = []
    for number in range(rounds):
        made, bare = directory / f"ours-{number}", directory / f"bare-{number}"
        for side in ((0, 1), (1, 0))[number % 2]:
            await settle()
            began = time.monotonic()
            if side:
                await shadow.add_worktree(made)
                ours.append(time.monotonic() - began)
            else:
                await add_worktree(project, bare)
                floor.append(time.monotonic() - began)
        disk.append(_disk_mib(shadow.worktrees.git_dir_of(made)))
        await shadow.remove_worktree(made)
        await git(project, "worktree", "remove", "--force", str(bare))
    what = f"{files:,} files"
    return [
        Row(SECTION, f"{what}; floor: git worktree add", "s", tuple(ours), tuple(floor), Comparison.RATIO, TARGET),
        Row(SECTION, f"{what}: disk beside files and index", "MiB", tuple(disk), target=DISK_TARGET_MIB),
    ]


def _disk_mib(git_dir: Path) -> float:
    index = (git_dir / "index").stat().st_blocks * 512
    return (extent(bytes(git_dir)).size_bytes - index) / MIB
