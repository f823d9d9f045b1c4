"""Modes that a checkout does not show: links without `core.symlinks`, executable files without `core.fileMode`."""

from __future__ import annotations

from boocoder.git.diff.tree_diff import EXECUTABLE_MODE, NO_MODE, SYMLINK_MODE
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.shadow.tree_build import TreeEdit, build_tree

_FILE = "100644"


async def with_unseen_modes(shadow: ShadowRepository, tree: str, *, applied: str, head: str) -> str:
    """A checkout's tree in which new files have the modes with which they were applied.

    Of a file that the user's index names git keeps the mode; of a new one it takes what it sees on the disk. Without
    this, a link or an executable file that was applied would count as changed since.

    Args:
        tree: of the checkout as git sees it.
        applied: a tree that may have been applied to it.
        head: the commit's tree; what it names is not new.

    Raises:
        GitError: git failed.
    """
    settings = shadow.settings
    unseen = {
        mode for mode, seen in ((SYMLINK_MODE, settings.symlinks), (EXECUTABLE_MODE, settings.file_mode)) if not seen
    }
    if not unseen:
        return tree
    differing = await shadow.changed_files(tree, applied, counts=False, sizes=False)
    wanted = [file for file in differing if file.old_mode == _FILE and file.new_mode in unseen]
    if not wanted:
        return tree
    since = await shadow.changed_files(head, tree, counts=False, sizes=False)
    new = {file.path for file in since if file.old_mode == NO_MODE}
    edits = [TreeEdit(file.path, file.new_mode, file.old_id) for file in wanted if file.path in new]
    return await build_tree(shadow.git, tree, edits)
