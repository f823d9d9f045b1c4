"""Takes a snapshot: makes a private index equal to the files of a directory and writes its tree.

It runs no filter and follows no symbolic link; the directory, its `.git` and its own index are not written.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from boocoder.errors import GitError
from boocoder.git.objects import ShadowGit

FILE_MAX_BYTES = 50 * 1024 * 1024  # of one untracked file: past it, it is a download or a build, not a change
UNTRACKED_MAX_BYTES = 200 * 1024 * 1024  # of all new untracked files of one snapshot together
TRIES = 4  # files may change or vanish while they are read
NESTED_ROUNDS = 32  # repositories inside repositories inside ...
HASH_TIMEOUT_S = 600.0  # reading every file of a very large checkout once
LISTING_S = 0.03  # an index without entries; starting git included
LISTING_S_PER_BYTE = 5e-8  # 50,000 files, an index of 5 MB: 0.12 s where nothing else runs, 0.28 s are allowed
_GIT_NAME = re.compile(rb"(?:^|[/\\])(?:\.git|git~1)[ .]*(?:$|[/\\:])", re.IGNORECASE)
_PLACEHOLDER = b".boocoder-placeholder"


class SkipReason(StrEnum):
    """Why a path is not in a snapshot as it is on disk."""

    UNREADABLE = "unreadable"
    SPECIAL = "special"  # a FIFO, socket or device
    TOO_LARGE = "too_large"
    TOO_MUCH = "too_much"  # the untracked files together
    SUBMODULE = "submodule"  # stays at the base's commit
    GIT_NAME = "git_name"  # `.git` in a spelling that some file system takes for it; git refuses such names


@dataclass(frozen=True, slots=True)
class Skipped:
    """A path that keeps its earlier content in the snapshot, or is not in it."""

    path: bytes
    reason: SkipReason


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A directory's content as a tree.

    Args:
        tree: its id.
        skipped: what is not in it as it is on disk.
    """

    tree: str
    skipped: tuple[Skipped, ...] = ()


@dataclass(slots=True)
class _Sorted:
    """The differences between index and directory, by what has to be done."""

    update: list[bytes] = field(default_factory=list)
    remove: list[bytes] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    untracked_bytes: int = 0

    def skip(self, path: bytes, reason: SkipReason) -> None:
        self.skipped.append(Skipped(path, reason))


async def update_index(
    shadow: ShadowGit, directory: Path, index: Path, *, also: Sequence[bytes] = ()
) -> tuple[Skipped, ...]:
    """Make the index equal to the directory's tracked and untracked, not ignored files.

    Args:
        also: files that are taken although they are ignored; those that the index has already cost nothing.

    Returns:
        What could not be taken.

    Raises:
        GitError: git failed, or files kept changing while they were read.
    """
    failures = 0
    while failures < TRIES:
        began = time.monotonic()
        listed = await _list(shadow, directory, index)
        stale = time.monotonic() - began > _usual_s(index)
        todo = _sort(directory, [*(b"? " + path for path in also), *listed])
        await _keep_submodules(shadow, directory, index, todo)
        if not todo.update and not todo.remove:
            if stale:
                await _update(shadow, directory, index, (), refresh=True)
            return tuple(todo.skipped)
        try:
            await _write(shadow, directory, index, todo, refresh=stale)
        except GitError as error:
            failures += 1
            if error.code != "git_failed":
                raise
            if failures == TRIES:
                await _write_apart(shadow, directory, index, todo, todo.update)
                return tuple(todo.skipped)
            continue
        also = ()
        if not todo.remove:
            return tuple(todo.skipped)
        failures += 1  # a file may have hidden a repository: look again, but not for ever
    raise GitError("worktree_restless", f"The files of {directory} kept changing while they were read.", "Try again.")


async def _list(shadow: ShadowGit, directory: Path, index: Path) -> list[bytes]:
    """Tagged paths: `R` gone, `C` changed (or gone), `?` untracked; nested repositories opened up."""
    for _ in range(NESTED_ROUNDS):
        told = await shadow(
            "ls-files", "-z", "-t", "-m", "-d", "-o", "--exclude-standard",
            work_tree=directory, index=index, timeout_s=HASH_TIMEOUT_S,
        )  # fmt: skip
        listed = told.split(b"\0")[:-1]
        nested = [path[2:] for path in listed if path.endswith(b"/")]
        if not nested:
            return listed
        await _open_up(shadow, nested, index)
    return [path for path in listed if not path.endswith(b"/")]


async def _open_up(shadow: ShadowGit, nested: Iterable[bytes], index: Path) -> None:
    """Let git see a nested repository as a plain directory: it is one if the index has a file in it.

    The placeholder is found gone, and taken out of the index, with the other changes.
    """
    empty = (await shadow("hash-object", "-w", "--stdin", borrow=False)).strip()
    entries = b"".join(b"100644 %s 0\t%s%s\0" % (empty, path, _PLACEHOLDER) for path in nested)
    await shadow("update-index", "-z", "--add", "--replace", "--index-info", index=index, stdin=entries)


def _sort(directory: Path, listed: Iterable[bytes]) -> _Sorted:
    todo = _Sorted()
    root = os.fsencode(directory)
    parents = _Parents(root)
    tags = {tagged[2:]: tagged[:1] for tagged in listed}  # what is gone is listed twice
    for path, tag in tags.items():
        if _GIT_NAME.search(path):
            todo.skip(path, SkipReason.GIT_NAME)
        elif not parents.real(path):
            todo.remove.append(path)
        else:
            _sort_one(todo, root, tag, path)
    return todo


def _sort_one(todo: _Sorted, root: bytes, tag: bytes, path: bytes) -> None:
    full = root + b"/" + path
    try:
        found = os.lstat(full)
    except (FileNotFoundError, NotADirectoryError):
        if tag != b"?":
            todo.update.append(path)  # update-index takes out what is gone
        return
    except OSError:
        todo.skip(path, SkipReason.UNREADABLE)
        return
    if stat.S_ISDIR(found.st_mode):
        todo.remove.append(path)
    elif not stat.S_ISREG(found.st_mode) and not stat.S_ISLNK(found.st_mode):
        todo.skip(path, SkipReason.SPECIAL)
    elif stat.S_ISREG(found.st_mode) and not os.access(full, os.R_OK):
        todo.skip(path, SkipReason.UNREADABLE)
    elif tag == b"?" and found.st_size > FILE_MAX_BYTES:
        todo.skip(path, SkipReason.TOO_LARGE)
    elif tag == b"?" and todo.untracked_bytes + found.st_size > UNTRACKED_MAX_BYTES:
        todo.skip(path, SkipReason.TOO_MUCH)
    else:
        todo.untracked_bytes += found.st_size if tag == b"?" else 0
        todo.update.append(path)


class _Parents:
    """Tells whether every directory above a path is a real one, so that no symbolic link is followed."""

    def __init__(self, root: bytes) -> None:
        self._root = root
        self._known: dict[bytes, bool] = {b"": True}

    def real(self, path: bytes) -> bool:
        parent = path.rpartition(b"/")[0]
        known = self._known.get(parent)
        if known is None:
            known = self.real(parent) and not Path(os.fsdecode(self._root + b"/" + parent)).is_symlink()
            self._known[parent] = known
        return known


async def _keep_submodules(shadow: ShadowGit, directory: Path, index: Path, todo: _Sorted) -> None:
    """Leave submodules at the base's commit: what is in one belongs to another repository."""
    places = [path for path in todo.remove if (directory / os.fsdecode(path)).is_dir()]
    if not places:
        return
    entries = await shadow("ls-files", "-s", "-z", index=index)
    for path in submodules(entries):
        if path in places:
            todo.remove.remove(path)
            todo.skip(path, SkipReason.SUBMODULE)


def submodules(entries: bytes) -> Iterator[bytes]:
    """The paths of mode 160000 in what `ls-files -s -z` or `ls-tree -z` printed."""
    for entry in entries.split(b"\0"):
        if entry.startswith(b"160000 "):
            yield entry.partition(b"\t")[2]


def _usual_s(index: Path) -> float:
    """How long listing takes while the index knows the times of all files.

    Where files were touched and have their old content, as after switching branches to and fro, git reads them anew
    each time, until the index is told; telling it costs as much as a listing.
    """
    return LISTING_S + LISTING_S_PER_BYTE * (index.stat().st_size if index.exists() else 0)


async def _write(shadow: ShadowGit, directory: Path, index: Path, todo: _Sorted, *, refresh: bool) -> None:
    if todo.remove:
        await shadow(
            "update-index", "-z", "--force-remove", "--stdin",
            work_tree=directory, index=index, stdin=_joined(todo.remove),
        )  # fmt: skip
    if todo.update:
        await _update(shadow, directory, index, todo.update, refresh=refresh)


async def _update(
    shadow: ShadowGit, directory: Path, index: Path, paths: Sequence[bytes], *, refresh: bool = False
) -> None:
    await shadow(
        "update-index", "-q", *(("--refresh",) if refresh else ()), "-z", "--add", "--remove", "--replace", "--stdin",
        work_tree=directory, index=index, stdin=_joined(paths), timeout_s=HASH_TIMEOUT_S,
    )  # fmt: skip


async def _write_apart(shadow: ShadowGit, directory: Path, index: Path, todo: _Sorted, paths: Sequence[bytes]) -> None:
    """Find the files that git refuses, and take those as they are: their attributes may ask for what cannot be,
    such as an encoding that they do not have."""
    try:
        await _update(shadow, directory, index, paths)
    except GitError as error:
        if error.code != "git_failed":
            raise
        if len(paths) > 1:
            middle = len(paths) // 2
            await _write_apart(shadow, directory, index, todo, paths[:middle])
            await _write_apart(shadow, directory, index, todo, paths[middle:])
        else:
            await _write_raw(shadow, directory, index, todo, paths[0])


async def _write_raw(shadow: ShadowGit, directory: Path, index: Path, todo: _Sorted, path: bytes) -> None:
    full = directory / os.fsdecode(path)
    try:
        found = full.lstat()
        raw = os.fsencode(full.readlink()) if stat.S_ISLNK(found.st_mode) else full.read_bytes()
    except OSError:
        todo.skip(path, SkipReason.UNREADABLE)
        return
    name = (await shadow("hash-object", "-w", "--no-filters", "--stdin", stdin=raw)).strip()
    mode = b"120000" if stat.S_ISLNK(found.st_mode) else b"100755" if found.st_mode & stat.S_IXUSR else b"100644"
    entry = b"%s %s 0\t%s\0" % (mode, name, path)
    await shadow("update-index", "-z", "--add", "--replace", "--index-info", index=index, stdin=entry)


def _joined(paths: Iterable[bytes]) -> bytes:
    return b"".join(path + b"\0" for path in paths)
