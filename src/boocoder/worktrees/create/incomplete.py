"""Notices about content that a new worktree is missing: submodules and Git LFS files."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from boocoder.events.agent_event import Notice, NoticeLevel
from boocoder.git.shadow.repository import ShadowRepository, TreeEntry
from boocoder.git.worktree.session_worktrees import Worktree
from boocoder.worktrees.create.start_point import count, named, path_shown

_POINTER = b"version https://git-lfs.github.com/spec/"  # first bytes of every pointer (git-lfs, docs/spec.md)
_POINTER_BYTES = range(100, 1024)  # the same page: a pointer is shorter than 1024 bytes; an id alone has 64
CANDIDATES_MAX = 5_000  # small files that are looked into


async def missing_content_notices(shadow: ShadowRepository, worktree: Worktree) -> list[Notice]:
    """What the person should know about submodules and LFS files, none in most repositories."""
    modules = (worktree.path / ".gitmodules").is_file()
    lfs = _mentions_lfs(worktree.path / ".gitattributes")
    if not modules and not lfs:
        return []
    entries = await shadow.tree_entries(worktree.base_tree)
    notices = _submodules(entries) if modules else []
    if lfs:
        notices += await asyncio.to_thread(_pointers, worktree.path, entries)
    return notices


def _submodules(entries: Sequence[TreeEntry]) -> list[Notice]:
    paths = [path_shown(entry.path) for entry in entries if entry.kind == "commit"]
    if not paths:
        return []
    text = (
        f"{count(len(paths), 'submodule')} stay empty in the worktree: {named(paths)}."
        " To have them, set up new worktrees with: git submodule update --init --recursive"
    )
    return [Notice("submodules_empty", text, NoticeLevel.WARNING)]


def _pointers(root: Path, entries: Sequence[TreeEntry]) -> list[Notice]:
    small = [entry for entry in entries if entry.size in _POINTER_BYTES and entry.mode.startswith("100")]
    paths = [path_shown(entry.path) for entry in small[:CANDIDATES_MAX] if _is_pointer(root, entry.path)]
    if not paths:
        return []
    text = (
        f"{count(len(paths), 'file')} of Git LFS are pointers in the worktree: {named(paths)}."
        " To have their contents, set up new worktrees with: git lfs pull"
    )
    return [Notice("lfs_pointers", text, NoticeLevel.WARNING)]


def _is_pointer(root: Path, path: bytes) -> bool:
    return _head(root / os.fsdecode(path), len(_POINTER)) == _POINTER


def _mentions_lfs(attributes: Path) -> bool:
    return b"filter=lfs" in _head(attributes, 1024 * 1024)


def _head(path: Path, size: int) -> bytes:
    """The first bytes of a plain file; none of a link, which may lead anywhere."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    with os.fdopen(fd, "rb") as file:
        try:
            return file.read(size)
        except OSError:
            return b""
