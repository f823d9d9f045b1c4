"""Takes the commits of submodules into snapshots, and finds edits inside of submodules, which no snapshot takes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from boocoder.errors import GitError
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


async def edited_submodules(shadow: ShadowGit, directory: Path, index: Path) -> list[bytes]:
    """Submodules with files that differ from the commit that is checked out in them, or that it does not have.

    Args:
        index: the private index after a snapshot.
    """
    if not (directory / ".gitmodules").is_file():
        return []
    entries = await shadow("ls-files", "-s", "-z", index=index)
    return [path for path, commit in gitlinks(entries) if await _edited(shadow, directory / os.fsdecode(path), commit)]


async def _edited(shadow: ShadowGit, place: Path, commit: str) -> bool:
    objects = _objects_of(place)
    if objects is None:
        return False
    name = hashlib.sha256(os.fsencode(place)).hexdigest()[:32]
    index = shadow.git_dir / "seeds" / f"submodule-{name}.index"
    lending = replace(shadow, lenders=(*shadow.lenders, objects))
    try:
        await lending("read-tree", "--reset", "-i", commit, work_tree=place, index=index)
        return bool(await lending("ls-files", "-m", "-d", "-o", "--exclude-standard", work_tree=place, index=index))
    except GitError:  # a commit that is not there, or another format of objects
        return False


def _objects_of(place: Path) -> Path | None:
    """The object directory of the repository that is checked out at a place."""
    git_dir = place / ".git"
    if git_dir.is_file() and git_dir.stat().st_size < GIT_FILE_MAX_BYTES:
        target = git_dir.read_bytes().removeprefix(b"gitdir: ").removesuffix(b"\n")
        git_dir = place / os.fsdecode(target)
    objects = git_dir / "objects"
    return objects.resolve() if objects.is_dir() else None
