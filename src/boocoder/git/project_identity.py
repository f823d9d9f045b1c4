"""Checks whether a repository is the one that a project's sessions were created from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from boocoder.git.command import Git
from boocoder.git.project import Checkout, user_git
from boocoder.git.shadow.objects import ShadowGit

ROOTS_TIMEOUT_S = 120.0  # a history of millions of commits on a cold disk


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
    if await has_commit(candidate, commits):
        return True
    return bool(await _roots_of_store(git_dir, _lines(commits)) & await _roots(user_git(candidate)))


async def has_commit(checkout: Checkout, commits: Sequence[str]) -> bool:
    """Whether a repository has one of these commits.

    Args:
        commits: full ids.

    Raises:
        GitError: git failed.
    """
    if not commits:
        return False
    git = user_git(checkout)
    answers = await git("cat-file", "--batch-check=%(objecttype)", "--buffer", stdin=_lines(commits))
    return b"commit" in answers.splitlines()


async def root_commits(checkout: Checkout) -> list[str]:
    """Ids of the commits that the checked-out history begins with, sorted; none before the first commit.

    Raises:
        GitError: git took too long.
    """
    done = await user_git(checkout).result("rev-list", "--max-parents=0", "HEAD", timeout_s=ROOTS_TIMEOUT_S)
    return sorted(done.stdout.decode().split()) if done.returncode == 0 else []


def _lines(commits: Sequence[str]) -> bytes:
    return "".join(f"{one}\n" for one in commits).encode()


async def _roots_of_store(git_dir: Path, commits: bytes) -> set[bytes]:
    shadow = ShadowGit(Git(git_dir), git_dir, ())
    done = await shadow.result("rev-list", "--max-parents=0", "--ignore-missing", "--stdin", stdin=commits)
    return set(done.stdout.split()) if done.returncode == 0 else set()


async def _roots(git: Git) -> set[bytes]:
    done = await git.result("rev-list", "--max-parents=0", "--all", "HEAD")
    return set(done.stdout.split()) if done.returncode == 0 else set()
