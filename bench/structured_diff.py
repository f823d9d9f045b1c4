"""A change of a thousand files as units, beside a bare `git diff` of the same trees; fifty thousand files in all."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from pathlib import Path

from bench.harness import Bench
from bench.numbers import Comparison, Row
from boocoder.changes.diff.tree_diff import structured_diff
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.process.environment import agent_environment

SECTION = "structured_diff"
FILES = 50_000
CHANGED = 1_000
DIRECTORIES = 500
LINES = 60
EDITS = 4  # a file
TARGET_RATIO = 1.5
GIT_TIMEOUT_S = 300.0


async def measure(bench: Bench) -> list[Row]:
    """Ours and bare git by turns."""
    project = bench.directory / "project"
    project.mkdir()
    await _git(project, "init", "-q", "-b", "main")
    await _git(project, "fast-import", "--quiet", "--done", stdin=b"".join(_history()))
    base, tree = (await _git(project, "rev-parse", "main~1^{tree}", "main^{tree}")).decode().split()
    shadow = ShadowRepository(git_dir=bench.directory / "shadow.git", project=project)
    await shadow.open()
    await _ours(shadow, base, tree)
    ours: list[float] = []
    floor: list[float] = []
    for number in range(bench.rounds):
        for side in ((0, 1), (1, 0))[number % 2]:
            if side:
                ours.append(await _ours(shadow, base, tree))
            else:
                floor.append(await _bare(project, base, tree))
    what = f"{CHANGED:,} changed files of {FILES:,} as units; floor: git diff"
    return [Row(SECTION, what, "s", tuple(ours), tuple(floor), Comparison.RATIO, TARGET_RATIO)]


async def _ours(shadow: ShadowRepository, base: str, tree: str) -> float:
    began = time.monotonic()
    files = await structured_diff(shadow, base, tree)
    took = time.monotonic() - began
    if len(files) != CHANGED:
        raise RuntimeError(f"{len(files)} changed files instead of {CHANGED}")
    return took


async def _bare(project: Path, base: str, tree: str) -> float:
    began = time.monotonic()
    await _git(project, "diff", base, tree)
    return time.monotonic() - began


def _history() -> Iterator[bytes]:
    """Two commits for git's importer."""
    chance = random.Random(1)
    contents = {}
    yield from _commit(1)
    for number in range(FILES):
        path = b"package_%03d/module_%05d.py" % (number % DIRECTORIES, number)
        lines = [b"value_%d = %d\n" % (line, chance.randrange(10**9)) for line in range(LINES)]
        if number < CHANGED:
            contents[path] = lines
        yield _file(path, lines)
    yield from _commit(2)
    for path, lines in contents.items():
        for _ in range(EDITS):
            lines[chance.randrange(LINES)] = b"changed = %d\n" % chance.randrange(10**9)
        yield _file(path, lines)
    yield b"done\n"


def _commit(number: int) -> Iterator[bytes]:
    yield b"commit refs/heads/main\ncommitter A Person <person@example.org> %d +0000\ndata 0\n" % (10**9 + number)


def _file(path: bytes, lines: list[bytes]) -> bytes:
    content = b"".join(lines)
    return b"M 100644 inline %s\ndata %d\n%s\n" % (path, len(content), content)


async def _git(directory: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    environment = agent_environment({"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"})
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        "git", *arguments, cwd=directory, env=environment, stdin=pipe, stdout=pipe, stderr=pipe
    )
    async with asyncio.timeout(GIT_TIMEOUT_S):
        printed, said = await process.communicate(stdin)
    if process.returncode != 0:
        raise RuntimeError(f"git {arguments[0]}: {said.decode(errors='replace').strip()}")
    return printed
