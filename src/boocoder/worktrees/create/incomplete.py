"""Notices about content that a new worktree is missing: submodules and contents of Git LFS."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from boocoder.events.agent_event import Notice, NoticeLevel
from boocoder.git.lfs.contents import missing_sentence
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.shadow.tree_entries import TreeEntry
from boocoder.git.worktree.session_worktrees import Worktree
from boocoder.worktrees.create.start_point import count, named, path_shown


async def missing_content_notices(shadow: ShadowRepository, worktree: Worktree) -> list[Notice]:
    """What the person should know about submodules and files of Git LFS, none in most repositories."""
    notices: list[Notice] = []
    if (worktree.path / ".gitmodules").is_file():
        notices = _submodules(worktree.path, await shadow.tree_entries(worktree.base_tree))
    if worktree.pointers:
        notices.append(Notice("lfs_pointers", missing_sentence(worktree.pointers), NoticeLevel.WARNING))
    return notices


def _submodules(worktree: Path, entries: Sequence[TreeEntry]) -> list[Notice]:
    links = [entry.path for entry in entries if entry.kind == "commit"]
    paths = [path_shown(path) for path in links if not os.path.lexists(worktree / os.fsdecode(path) / ".git")]
    if not paths:
        return []
    text = (
        f"{count(len(paths), 'submodule')} stay empty in the worktree: {named(paths)}."
        " To have them, set up new worktrees with: git submodule update --init --recursive"
    )
    return [Notice("submodules_empty", text, NoticeLevel.WARNING)]
