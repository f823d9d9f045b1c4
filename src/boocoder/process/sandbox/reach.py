"""Finds the git directories that a session's commands write, without asking git: an agent may have written them."""

from __future__ import annotations

import os
from pathlib import Path

from boocoder.process.sandbox.profile import WorktreeReach

SHADOWS = "shadows"
_LENT = ("user-objects", "lfs", "lfs-user")  # of the project's shadow repository, what its sessions read
_POINTER_MAX_BYTES = 8_192


def worktree_reach(worktree: Path, project: Path, data_dir: Path) -> WorktreeReach:
    """Paths that a session's processes need in addition to its worktree.

    Only the session's own git directory counts, or the admin directory of a linked worktree in the project: a `.git`
    file that an agent has pointed elsewhere opens nothing.

    Args:
        worktree: the session's; its name is the session's.
        project: the person's repository.
        data_dir: boocoder's.
    """
    git_dir = git_directory(worktree)
    shadows = Path(os.path.realpath(data_dir / SHADOWS))
    if git_dir is not None and git_dir.is_relative_to(shadows) and git_dir.name == worktree.name:
        return WorktreeReach(project, (git_dir,), _lent(git_dir))
    admin = _admin_directory(worktree, project)
    if git_dir is not None and git_dir == admin:
        return WorktreeReach(project, (admin,))  # commits need a session repository: objects are the person's
    return WorktreeReach(project)


def session_directories(data_dir: Path) -> WorktreeReach:
    """Paths for a process that serves all sessions of this host: their git directories and the object stores."""
    projects = [path for path in (data_dir / SHADOWS).glob("*.git") if not path.name.startswith(".") and path.is_dir()]
    writable = [data_dir / "worktrees", *(project / "sessions" for project in projects)]
    for path in writable:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return WorktreeReach(None, tuple(writable), (data_dir / SHADOWS,))


def git_directory(worktree: Path) -> Path | None:
    """What the worktree's `.git` file names, a real path; None where it is no such file."""
    pointer = worktree / ".git"
    if pointer.is_symlink() or not pointer.is_file():
        return None
    try:
        with pointer.open("rb") as file:
            text = os.fsdecode(file.read(_POINTER_MAX_BYTES)).strip()
    except OSError:
        return None
    word, _, path = text.partition(": ")
    return Path(os.path.realpath(worktree / path)) if word == "gitdir" and path else None


def _lent(git_dir: Path) -> tuple[Path, ...]:
    """What a session reads; not what its `alternates` say, which its agent can write."""
    shadow = git_dir.parent.parent
    return tuple(shadow / name for name in _LENT if (shadow / name).is_dir())


def _admin_directory(worktree: Path, project: Path) -> Path | None:
    """The worktree's admin directory in the person's repository, according to the repository, not to the worktree."""
    common = Path(os.path.realpath(project / ".git"))
    for pointer in common.glob("worktrees/*/gitdir"):
        if os.path.realpath(Path(os.fsdecode(pointer.read_bytes()).strip()).parent) == os.path.realpath(worktree):
            return pointer.parent
    return None
