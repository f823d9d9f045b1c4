"""A git repository of realistic size, identical in every run, and worktrees made by plain git."""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

from boocoder.process.environment import agent_environment

FILES = 2_000  # a middling project; `git ls-files | wc -l` of Flask is 230, of Django 6,900
DIRECTORIES = 100
LINES = 60
GIT_TIMEOUT_S = 300.0  # adding or writing 50,000 files to a slow disk


async def make_repository(path: Path, *, files: int = FILES, lines: int = LINES) -> Path:
    """Make the repository with one commit and return its path; FILES / DIRECTORIES files a directory."""
    path.mkdir(parents=True)
    chance = random.Random(1)
    directories = files * DIRECTORIES // FILES
    for number in range(files):
        folder = path / f"package_{number % directories:02d}"
        folder.mkdir(exist_ok=True)
        content = [f"value_{line} = {chance.randrange(10**9)}\n" for line in range(lines)]
        (folder / f"module_{number:04d}.py").write_text("".join(content))
    await git(path, "init", "-q", "-b", "main")
    await git(path, "add", "-A")
    await git(path, "config", "gc.auto", "0")  # nothing collects beside what is measured
    await git(path, "-c", "user.name=A Person", "-c", "user.email=person@example.org", "commit", "-q", "-m", "First")
    await git(path, "gc", "-q")
    return path


async def add_worktree(repository: Path, path: Path) -> Path:
    """What a person would type."""
    await git(repository, "worktree", "add", "-q", "--detach", str(path))
    return path


async def settle() -> None:
    """Wait until the disk has what was written, so that what is measured next does not wait for it."""
    await asyncio.to_thread(os.sync)


async def git(directory: Path, *arguments: str) -> None:
    """Run git with nobody's configuration.

    Raises:
        RuntimeError: it failed.
    """
    environment = agent_environment({"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"})
    process = await asyncio.create_subprocess_exec(
        "git",
        *arguments,
        cwd=directory,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(GIT_TIMEOUT_S):
        _, said = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"git {arguments[0]}: {said.decode(errors='replace').strip()}")
