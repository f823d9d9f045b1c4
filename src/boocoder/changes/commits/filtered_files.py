"""Finds files that a filter of the user's git converts, such as git-crypt: no commit of ours holds them unasked."""

from __future__ import annotations

from pathlib import Path

from boocoder.changes.diff.statistics import path_text
from boocoder.errors import Conflict
from boocoder.git.diff.tree_diff import NO_MODE, SUBMODULE_MODE, SYMLINK_MODE
from boocoder.git.lfs.attributes import LFS, filters_in, filters_of
from boocoder.git.shadow.repository import ShadowRepository

SHOWN_MAX = 5  # names in a sentence
_NO_FILES = (NO_MODE, SUBMODULE_MODE, SYMLINK_MODE)
_ATTRIBUTES = b".gitattributes"


async def check_filtered(
    shadow: ShadowRepository, base_tree: str, tree: str, *, index: Path, allowed: bool
) -> tuple[str, ...]:
    """A sentence about the changed files that have a filter other than Git LFS; none where none has.

    The attributes of the user's checkout count, and those of `tree` where it changes some.

    Args:
        base_tree, tree: what is put into commits.
        index: the private index of the checkout.
        allowed: the person has asked for commits that hold such files as the agent wrote them.

    Raises:
        Conflict: `filtered_files`, where that is not allowed.
        GitError: git failed.
    """
    files = [one for one in await shadow.changed_files(base_tree, tree, counts=False) if one.new_mode not in _NO_FILES]
    paths = [one.path for one in files]
    found = await filters_of(shadow.git, shadow.checkout.root, index, paths)
    if any(path.rpartition(b"/")[2] == _ATTRIBUTES for path in paths):
        found = {**found, **await filters_in(shadow.git, tree, paths)}
    named = [f"{path_text(path)[0]} ({name})" for path, name in sorted(found.items()) if name != LFS]
    if not named:
        return ()
    more = f" and {len(named) - SHOWN_MAX:,} more" if len(named) > SHOWN_MAX else ""
    text = f"Your git converts files by filters that boocoder does not run: {', '.join(named[:SHOWN_MAX])}{more}."
    if not allowed:
        raise Conflict(
            "filtered_files",
            f"{text} A commit would hold them as the agent wrote them. Nothing was touched.",
            "Apply to your files and commit with your own git, or ask for it with --filtered (`filtered` in the API).",
        )
    return (f"{text} The commit holds them as the agent wrote them.",)
