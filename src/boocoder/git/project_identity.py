"""Checks whether a repository is the one that a project's sessions were created from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from boocoder.git.command import Git
from boocoder.git.project import Checkout, user_git
from boocoder.git.shadow.objects import ShadowGit


async def is_same_repository(git_dir: Path, candidate: Checkout, commits: Sequence[str]) -> bool:
    """Whether the candidate has one of the commits, or begins with the same first commit.

    Args:
        git_dir: the project's shadow repository, whose object store has the commits.
        candidate: a checkout somewhere.
        commits: full ids of what sessions began at; without any, every repository will do.

    Raises:
        GitError: git failed.
    """
    if not commits:
        return True
    git = user_git(candidate)
    stdin = "".join(f"{one}\n" for one in commits).encode()
    answers = (await git("cat-file", "--batch-check=%(objecttype)", "--buffer", stdin=stdin)).splitlines()
    if b"commit" in answers:
        return True
    return bool(await _roots_of_store(git_dir, stdin) & await _roots(git))


async def _roots_of_store(git_dir: Path, commits: bytes) -> set[bytes]:
    shadow = ShadowGit(Git(git_dir), git_dir, ())
    done = await shadow.result("rev-list", "--max-parents=0", "--ignore-missing", "--stdin", stdin=commits)
    return set(done.stdout.split()) if done.returncode == 0 else set()


async def _roots(git: Git) -> set[bytes]:
    done = await git.result("rev-list", "--max-parents=0", "--all", "HEAD")
    return set(done.stdout.split()) if done.returncode == 0 else set()
