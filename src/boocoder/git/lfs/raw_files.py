"""Files that attributes give to Git LFS but that a commit holds as they are, without pointers.

git-lfs turns such a file into a pointer with the next commit of it; until then nobody has edited it.
"""

from __future__ import annotations

import hashlib

from boocoder.git.diff.tree_diff import blob_sizes
from boocoder.git.lfs.contents import changed_pointers
from boocoder.git.shadow.objects import ShadowGit, read_blobs
from boocoder.git.shadow.tree_build import TreeEdit, build_tree

HASHED_MAX_BYTES = 100 * 1024 * 1024  # a raw file that is larger counts as edited


async def raw_files(shadow: ShadowGit, base_tree: str, tree: str) -> list[TreeEdit]:
    """The files that are raw in `base_tree`, and pointers to just that in `tree`; as they are in `base_tree`.

    Raises:
        GitError: git failed.
    """
    found = await changed_pointers(shadow, base_tree, tree)
    sizes = await blob_sizes(shadow, (one.old_id for one in found))
    raw = []
    for one, pointer in found.items():
        if sizes.get(one.old_id) != pointer.size or pointer.size > HASHED_MAX_BYTES:
            continue
        content = (await read_blobs(shadow, (one.old_id,)))[one.old_id]
        if hashlib.sha256(content).hexdigest() == pointer.oid:
            raw.append(TreeEdit(one.path, one.new_mode, one.old_id))
    return raw


async def with_raw_files(shadow: ShadowGit, base_tree: str, tree: str) -> str:
    """The id of `tree` with the files of `base_tree` in place of pointers to just them.

    Raises:
        GitError: git failed.
    """
    return await build_tree(shadow, tree, await raw_files(shadow, base_tree, tree))
