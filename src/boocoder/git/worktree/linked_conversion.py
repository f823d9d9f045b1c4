"""Copies the state of a linked worktree of the user's repository into a git directory of a session's own."""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import suppress
from pathlib import Path

from boocoder.git.command import Git

_LEFT_BEHIND = ("commondir", "gitdir", "boocoder", "locked", "config.worktree", "HEAD")
_UNDER_WAY = (
    "rebase-merge",
    "rebase-apply",
    "sequencer",
    "MERGE_HEAD",
    "CHERRY_PICK_HEAD",
    "REVERT_HEAD",
    "BISECT_LOG",
)


def copy_linked_state(admin: Path, common_dir: Path, made: Path, *, own_branch: str, stash: str | None) -> None:
    """Fill a new git directory with what a linked worktree has: index, HEAD, reflogs, a rebase that is under way, the
    stash, and the git directories of its submodules. It blocks.

    Args:
        admin: the linked worktree's directory in the user's repository.
        common_dir: the user's repository.
        made: the new git directory, with references and HEAD on `own_branch`.
        own_branch: full name; it gets the commit that a detached HEAD names.
        stash: the newest entry of the stash, which the linked worktree shares with the user; None without one.
    """
    for entry in os.scandir(admin):
        if entry.name in _LEFT_BEHIND or entry.name.endswith(".lock"):
            continue
        if entry.is_dir(follow_symlinks=False):
            shutil.copytree(entry.path, made / entry.name, symlinks=True, dirs_exist_ok=True)
        elif entry.is_file(follow_symlinks=False):
            shutil.copy2(entry.path, made / entry.name)
    _copy_head(admin, made, own_branch)
    if stash is not None:
        (made / "refs" / "stash").write_text(f"{stash}\n")
        (made / "logs" / "refs").mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # a reftable holds the older entries otherwise: only the newest comes along
            shutil.copy2(common_dir / "logs" / "refs" / "stash", made / "logs" / "refs" / "stash")
    _sync(made)


def _copy_head(admin: Path, made: Path, own_branch: str) -> None:
    head = (admin / "HEAD").read_text("utf-8", "surrogateescape").strip()
    if head.startswith("ref: ") or any((admin / name).exists() for name in _UNDER_WAY):
        (made / "HEAD").write_text(f"{head}\n", "utf-8", "surrogateescape")
    else:
        (made / own_branch).write_text(f"{head}\n")


def _sync(directory: Path) -> None:
    """The old place goes when this is there, so it has to be on the disk."""
    for path in directory.rglob("*"):
        if path.is_file() and not path.is_symlink():
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)


async def move_submodules(worktree: Path, old: Path, new: Path) -> None:
    """Let the submodules of a worktree and their copied git directories name one another. Harmless to repeat.

    Args:
        old: the linked worktree's directory in the user's repository.
        new: the session's git directory, with a copy of `old/modules`.
    """
    for config in sorted((new / "modules").rglob("config")):
        module = config.parent
        if not (module / "HEAD").is_file():
            continue
        was = old / module.relative_to(new)
        setting = await Git(new).result("config", "-f", str(config), "--get", "core.worktree")
        place = Path(os.path.normpath(was / os.fsdecode(setting.stdout.removesuffix(b"\n"))))
        if setting.returncode != 0 or not place.is_relative_to(worktree) or not place.is_dir():
            continue
        await Git(new)("config", "-f", str(config), "core.worktree", str(place))
        made = place / f".git-{module.name}.new"
        made.write_bytes(b"gitdir: " + os.fsencode(module) + b"\n")
        made.replace(place / ".git")


def earlier_seed_name(worktree: Path) -> str:
    """The file name of a worktree's seed index as earlier versions chose it: by the whole path."""
    name = hashlib.sha256(str(worktree).encode("utf-8", "surrogateescape")).hexdigest()[:32]
    return f"{name}.index"
