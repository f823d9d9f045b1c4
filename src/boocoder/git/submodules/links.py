"""Finds the submodules of a worktree, and the repositories that are checked out in them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from boocoder.git.command import Git
from boocoder.git.shadow.objects import ShadowGit

GIT_FILE_MAX_BYTES = 10_000


def gitlinks(entries: bytes) -> Iterator[tuple[bytes, str]]:
    """Path and commit of every entry of mode 160000 in what `ls-files -s -z` printed."""
    for entry in entries.split(b"\0"):
        if entry.startswith(b"160000 "):
            about, _, path = entry.partition(b"\t")
            yield path, about.split(b" ")[1].decode()


async def added_submodules(shadow: ShadowGit, directory: Path, own_index: Path | None) -> set[bytes]:
    """Paths that `.gitmodules` names and that the worktree's own index has as submodules.

    A repository inside that is neither is taken as plain files, so that its content is in the snapshot.

    Args:
        own_index: as the agent's git keeps it; None for none.
    """
    modules = directory / ".gitmodules"
    if own_index is None or not own_index.is_file() or modules.is_symlink() or not modules.is_file():
        return set()
    args = ("config", "--no-includes", "-f", str(modules), "-z", "--get-regexp", r"^submodule\..*\.path$")
    listed = await Git(shadow.git_dir).result(*args)
    named = {entry.partition(b"\n")[2] for entry in listed.stdout.split(b"\0") if entry}
    staged = await shadow.result("ls-files", "-s", "-z", index=own_index)
    return {path for path, _ in gitlinks(staged.stdout) if path in named}


def module_directory(place: Path) -> Path | None:
    """The git directory of the repository that is checked out at a place, without links; None where there is none."""
    git_dir = place / ".git"
    if git_dir.is_symlink():
        return None
    if git_dir.is_file() and git_dir.stat().st_size < GIT_FILE_MAX_BYTES:
        target = git_dir.read_bytes().removeprefix(b"gitdir: ").removesuffix(b"\n")
        git_dir = place / os.fsdecode(target)
    return git_dir.resolve() if is_repository(git_dir) else None


def is_repository(git_dir: Path) -> bool:
    """Whether a directory looks like one of git's."""
    return (git_dir / "objects").is_dir() and (git_dir / "HEAD").is_file()
