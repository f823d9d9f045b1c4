"""Takes a snapshot: makes a private index equal to the files of a directory and writes its tree.

It runs no filter and follows no symbolic link; the directory, its `.git` and its own index are not written.
"""

from __future__ import annotations

import asyncio
import errno
import os
import re
import stat
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from boocoder.errors import GitError
from boocoder.git.command import failed
from boocoder.git.lfs.attributes import LFS, filters_of
from boocoder.git.lfs.limits import within_limits
from boocoder.git.shadow.objects import ShadowGit
from boocoder.git.shadow.real_directory import require_real_directory
from boocoder.git.submodules.links import added_submodules, gitlinks

FILE_MAX_BYTES = 50 * 1024 * 1024  # of one untracked file: past it, it is a download or a build, not a change
UNTRACKED_MAX_BYTES = 200 * 1024 * 1024  # of all new untracked files of one snapshot together
TRIES = 4  # files may change or vanish while they are read
NESTED_ROUNDS = 32  # repositories inside repositories inside ...
HASH_TIMEOUT_S = 600.0  # reading every file of a very large checkout once
LISTING_S = 0.03  # an index without entries; starting git included
LISTING_S_PER_BYTE = 5e-8  # 50,000 files, an index of 5 MB: 0.12 s where nothing else runs, 0.28 s are allowed
_GIT_NAME = re.compile(rb"(?:^|[/\\])(?:\.git|git~1)[ .]*(?:$|[/\\:])", re.IGNORECASE)
_PLACEHOLDER = b".boocoder-placeholder"
_UNOPENED = re.compile(r"^warning: could not open directory '(.*?)/?(?:': (.*)|)$", re.MULTILINE)  # dir.c of git
_UNOPENED_MAX = 100  # named; each name may be as long as a path
_ROOT = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class SkipReason(StrEnum):
    """Why a path is not in a snapshot as it is on disk."""

    UNREADABLE = "unreadable"
    PATH_TOO_LONG = "path_too_long"  # more bytes than the system takes in one call; a directory represents all below it
    SPECIAL = "special"  # a FIFO, socket or device
    TOO_LARGE = "too_large"
    TOO_MUCH = "too_much"  # the untracked files together
    SUBMODULE = "submodule"  # stays at the base's commit
    SUBMODULE_EDITS = "edited inside a submodule; commit it there to have it in the change"  # kept beside the snapshot
    SUBMODULE_FILE = "inside a submodule, and no snapshot can hold it"
    GIT_NAME = "git_name"  # `.git` in a spelling that some file system takes for it; git refuses such names


SUBMODULE_REASONS = (SkipReason.SUBMODULE, SkipReason.SUBMODULE_EDITS, SkipReason.SUBMODULE_FILE)
"""Reasons for skipping what is inside of a submodule; a rewind does not write there."""
_LEFT_OUT = {b"!": SkipReason.UNREADABLE, b">": SkipReason.PATH_TOO_LONG}


@dataclass(frozen=True, slots=True)
class SkippedPath:
    """A path that has its earlier content in the snapshot, or is missing from it."""

    path: bytes
    reason: SkipReason


@dataclass(frozen=True, slots=True)
class TreeSnapshot:
    """A directory's content as a tree.

    Args:
        tree: its id.
        skipped: what is not in it as it is on disk.
        inside: tree of the files inside of its submodules (`git.submodules.contents`); None where they have none.
        submodules: those whose commits are in the session's repository.
    """

    tree: str
    skipped: tuple[SkippedPath, ...] = ()
    inside: str | None = None
    submodules: frozenset[bytes] = frozenset()


@dataclass(slots=True)
class _IndexChanges:
    """The differences between index and directory, by what has to be done."""

    update: list[bytes] = field(default_factory=list)
    remove: list[bytes] = field(default_factory=list)
    skipped: list[SkippedPath] = field(default_factory=list)
    untracked_bytes: int = 0

    def skip(self, path: bytes, reason: SkipReason) -> None:
        self.skipped.append(SkippedPath(path, reason))


async def update_index(
    shadow: ShadowGit,
    directory: Path,
    index: Path,
    *,
    also: Sequence[bytes] = (),
    own_index: Path | None = None,
    follow_submodules: bool = False,
) -> tuple[SkippedPath, ...]:
    """Make the index equal to the directory's tracked and untracked, not ignored files.

    Args:
        also: files that are taken although they are ignored; those that the index has already cost nothing.
        own_index: the directory's own, in which a submodule may have been added.
        follow_submodules: whether a submodule is taken with the commit that is checked out in it, else as it is in
            the index.

    Returns:
        What could not be taken.

    Raises:
        GitError: git failed, or files kept changing while they were read.
    """
    failures = 0
    while failures < TRIES:
        began = time.monotonic()
        listed = await _list(shadow, directory, index, own_index if follow_submodules else None)
        stale = time.monotonic() - began > _usual_s(index)
        todo = _sort(directory, [*(b"? " + path for path in also), *listed])
        await _sort_submodules(shadow, directory, index, todo, follow=follow_submodules)
        await _sort_large(shadow, directory, index, todo)
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


async def _list(shadow: ShadowGit, directory: Path, index: Path, own_index: Path | None) -> list[bytes]:
    """Tagged paths: `R` gone, `C` changed (or gone), `?` untracked, `!` and `>` directories that git cannot open or
    that are too deep; nested repositories opened up."""
    args = ("ls-files", "-z", "-t", "-m", "-d", "-o", "--exclude-standard")
    for _ in range(NESTED_ROUNDS):
        answer = await shadow.result(*args, work_tree=directory, index=index, timeout_s=HASH_TIMEOUT_S)
        if answer.returncode != 0:
            raise failed(args, answer)
        listed = [*_unopened(answer.stderr), *answer.stdout.split(b"\0")[:-1]]
        nested = [path[2:] for path in listed if path.endswith(b"/")]
        if not nested:
            return listed
        added = await added_submodules(shadow, directory, own_index)
        links = [path for path in nested if path.rstrip(b"/") in added]
        if links and await _add_links(shadow, directory, index, links):
            nested = [path for path in nested if path not in links]
        await _open_up(shadow, nested, index)
    return [path for path in listed if not path.endswith(b"/")]


def _unopened(warnings: str) -> list[bytes]:
    """The directories that git left out with no more than a warning; a long name is cut off by git."""
    found = list(_UNOPENED.finditer(warnings))[:_UNOPENED_MAX]
    denied = os.strerror(errno.EACCES)
    tagged = [(b"! " if one[2] == denied else b"> ", one[1]) for one in found]
    return [tag + path.encode("utf-8", "surrogateescape") for tag, path in tagged]


async def _add_links(shadow: ShadowGit, directory: Path, index: Path, links: Sequence[bytes]) -> bool:
    """Take submodules with the commits that are checked out in them; False where one has none."""
    stdin = _joined(path.rstrip(b"/") for path in links)
    args = ("update-index", "-z", "--add", "--stdin")
    return (await shadow.result(*args, work_tree=directory, index=index, stdin=stdin)).returncode == 0


async def _open_up(shadow: ShadowGit, nested: Iterable[bytes], index: Path) -> None:
    """Let git see a nested repository as a plain directory: it is one if the index has a file in it.

    The placeholder is found gone, and taken out of the index, with the other changes.
    """
    empty = (await shadow("hash-object", "-w", "--stdin", borrow=False)).strip()
    entries = b"".join(b"100644 %s 0\t%s%s\0" % (empty, path, _PLACEHOLDER) for path in nested)
    await shadow("update-index", "-z", "--add", "--replace", "--index-info", index=index, stdin=entries)


def _sort(directory: Path, listed: Iterable[bytes]) -> _IndexChanges:
    todo = _IndexChanges()
    tags = {tagged[2:]: tagged[:1] for tagged in listed}  # what is gone is listed twice
    try:
        root = os.open(directory, _ROOT)
    except OSError as error:
        require_real_directory(directory)
        raise GitError("worktree_restless", f"{directory} cannot be read: {error.strerror}.", "Try again.") from error
    try:
        parents = _RealDirectories(root)
        for path, tag in tags.items():
            if tag in _LEFT_OUT:
                todo.skip(path, _LEFT_OUT[tag])
            elif _GIT_NAME.search(path):
                todo.skip(path, SkipReason.GIT_NAME)
            elif not parents.real(path):
                todo.remove.append(path)
            else:
                _sort_one(todo, root, tag, path)
    finally:
        os.close(root)
    return todo


def _sort_one(todo: _IndexChanges, root: int, tag: bytes, path: bytes) -> None:
    try:
        found = os.stat(path, dir_fd=root, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        if tag != b"?":
            todo.update.append(path)  # update-index takes out what is gone
        return
    except OSError as error:
        too_long = error.errno == errno.ENAMETOOLONG
        todo.skip(path, SkipReason.PATH_TOO_LONG if too_long else SkipReason.UNREADABLE)
        return
    if stat.S_ISDIR(found.st_mode):
        todo.remove.append(path)
    elif not stat.S_ISREG(found.st_mode) and not stat.S_ISLNK(found.st_mode):
        todo.skip(path, SkipReason.SPECIAL)
    elif stat.S_ISREG(found.st_mode) and not os.access(path, os.R_OK, dir_fd=root):
        todo.skip(path, SkipReason.UNREADABLE)
    elif tag == b"?" and found.st_size > FILE_MAX_BYTES:
        todo.skip(path, SkipReason.TOO_LARGE)
    elif tag == b"?" and todo.untracked_bytes + found.st_size > UNTRACKED_MAX_BYTES:
        todo.skip(path, SkipReason.TOO_MUCH)
    else:
        todo.untracked_bytes += found.st_size if tag == b"?" else 0
        todo.update.append(path)


class _RealDirectories:
    """Checks that every parent directory of a path is a real directory, so that no symbolic link is followed."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._known: dict[bytes, bool] = {b"": True}

    def real(self, path: bytes) -> bool:
        parent = path.rpartition(b"/")[0]
        known = self._known.get(parent)
        if known is None:
            known = self.real(parent) and not self._is_link(parent)
            self._known[parent] = known
        return known

    def _is_link(self, path: bytes) -> bool:
        try:
            return stat.S_ISLNK(os.stat(path, dir_fd=self._root, follow_symlinks=False).st_mode)
        except OSError:
            return False


async def _sort_submodules(
    shadow: ShadowGit, directory: Path, index: Path, todo: _IndexChanges, *, follow: bool
) -> None:
    """A submodule is no directory that took a file's place: its commit is taken, or stays as it is."""
    places = [path for path in todo.remove if (directory / os.fsdecode(path)).is_dir()]
    if not places:
        return
    entries = await shadow("ls-files", "-s", "-z", index=index)
    for path, _ in gitlinks(entries):
        if path in places:
            todo.remove.remove(path)
            if follow:
                todo.update.append(path)
            else:
                todo.skip(path, SkipReason.SUBMODULE)


async def _sort_large(shadow: ShadowGit, directory: Path, index: Path, todo: _IndexChanges) -> None:
    """Large files of Git LFS are taken: their contents are not in trees."""
    large = [one.path for one in todo.skipped if one.reason in (SkipReason.TOO_LARGE, SkipReason.TOO_MUCH)]
    if large and shadow.contents is not None:
        filters = await filters_of(shadow, directory, index, large)
        taken = within_limits({path: _size(directory, path) for path in large if filters.get(path) == LFS})
        todo.skipped = [one for one in todo.skipped if one.path not in taken]
        todo.update += sorted(taken)


def _size(directory: Path, path: bytes) -> int:
    try:
        return (directory / os.fsdecode(path)).lstat().st_size
    except OSError:
        return 0


def _usual_s(index: Path) -> float:
    """How long listing takes while the index knows the times of all files.

    Where files have new times and their old content, as after switching branches and back, git reads them again each
    time until the index is refreshed; a refresh costs as much as a listing.
    """
    return LISTING_S + LISTING_S_PER_BYTE * (index.stat().st_size if index.exists() else 0)


async def _write(shadow: ShadowGit, directory: Path, index: Path, todo: _IndexChanges, *, refresh: bool) -> None:
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


async def _write_apart(
    shadow: ShadowGit, directory: Path, index: Path, todo: _IndexChanges, paths: Sequence[bytes]
) -> None:
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


async def _write_raw(shadow: ShadowGit, directory: Path, index: Path, todo: _IndexChanges, path: bytes) -> None:
    full = directory / os.fsdecode(path)
    contents = shadow.contents
    if contents is not None and LFS not in (await filters_of(shadow, directory, index, [path])).values():
        contents = None
    try:
        found = full.lstat()
        if stat.S_ISLNK(found.st_mode):
            raw = os.fsencode(full.readlink())
        elif contents is not None:
            raw = await asyncio.to_thread(contents.store.file_pointer, full)
        else:
            raw = full.read_bytes()
    except OSError:
        todo.skip(path, SkipReason.UNREADABLE)
        return
    name = (await shadow("hash-object", "-w", "--no-filters", "--stdin", stdin=raw)).strip()
    mode = b"120000" if stat.S_ISLNK(found.st_mode) else b"100755" if found.st_mode & stat.S_IXUSR else b"100644"
    entry = b"%s %s 0\t%s\0" % (mode, name, path)
    await shadow("update-index", "-z", "--add", "--replace", "--index-info", index=index, stdin=entry)


def _joined(paths: Iterable[bytes]) -> bytes:
    return b"".join(path + b"\0" for path in paths)
