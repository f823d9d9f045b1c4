"""Finds the pointers that a tree adds, and gives their contents to the user's store."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path

from boocoder.errors import GitError
from boocoder.git.diff.tree_diff import NO_MODE, SUBMODULE_MODE, SYMLINK_MODE, ChangedFile, blob_sizes, changed_files
from boocoder.git.lfs.content_filter import ContentFilter
from boocoder.git.lfs.pointer import POINTER_MAX_BYTES, Pointer, parse_pointer
from boocoder.git.lfs.store import ContentStore
from boocoder.git.shadow.objects import ShadowGit, read_blobs

SHOWN_MAX = 5  # names in a sentence
_NO_FILES = (NO_MODE, SUBMODULE_MODE, SYMLINK_MODE)


async def new_pointers(shadow: ShadowGit, old_tree: str, tree: str) -> Mapping[bytes, Pointer]:
    """Path -> pointer, for files that are pointers in `tree` and are otherwise in `old_tree`.

    Raises:
        GitError: git failed.
    """
    return {one.path: pointer for one, pointer in (await changed_pointers(shadow, old_tree, tree)).items()}


async def changed_pointers(shadow: ShadowGit, old_tree: str, tree: str) -> Mapping[ChangedFile, Pointer]:
    """As `new_pointers`, with what each file was.

    Raises:
        GitError: git failed.
    """
    contents = shadow.contents
    if contents is None or old_tree == tree or not await asyncio.to_thread(_has_contents, shadow.git_dir, contents):
        return {}
    files = [one for one in await changed_files(shadow, old_tree, tree, counts=False) if one.new_mode not in _NO_FILES]
    sizes = await blob_sizes(shadow, (one.new_id for one in files))
    small = {name for name, size in sizes.items() if size < POINTER_MAX_BYTES}
    blobs = await read_blobs(shadow, small)
    found = {name: pointer for name, content in blobs.items() if (pointer := parse_pointer(content)) is not None}
    return {one: found[one.new_id] for one in files if one.new_id in found}


async def missing_contents(shadow: ShadowGit, old_tree: str, tree: str) -> tuple[str, ...]:
    """A sentence that names those of the new pointers whose contents are in no store here; none where all are."""
    pointers = await new_pointers(shadow, old_tree, tree)
    if not pointers:
        return ()
    store = every_store(shadow)
    missing = await asyncio.to_thread(lambda: [path for path, one in pointers.items() if store.find(one) is None])
    return (missing_sentence(missing),) if missing else ()


def missing_sentence(paths: Sequence[bytes]) -> str:
    """Names files whose contents are missing."""
    names = [path.decode("utf-8", "backslashreplace") for path in paths[:SHOWN_MAX]]
    more = f" and {len(paths) - SHOWN_MAX:,} more" if len(paths) > SHOWN_MAX else ""
    return (
        f"The contents of {len(paths):,} Git LFS file{'' if len(paths) == 1 else 's'} are not on this machine, so"
        f" pointers stand for them: {', '.join(names)}{more}. `git lfs pull` in your checkout fetches them."
    )


async def give_contents(shadow: ShadowGit, old_tree: str, tree: str) -> None:
    """Put the contents of new pointers into the user's store, as far as they are here.

    Raises:
        GitError: `lfs_contents_not_written`, or git failed.
    """
    pointers = await new_pointers(shadow, old_tree, tree)
    if pointers and shadow.contents is not None:
        await asyncio.to_thread(_give, every_store(shadow), list(pointers.values()), shadow.contents.user)


def _give(store: ContentStore, pointers: list[Pointer], user: Path) -> None:
    try:
        for one in pointers:
            store.give(one, user)
    except OSError as error:
        raise GitError(
            "lfs_contents_not_written",
            f"Contents of Git LFS could not be put into {user}: {error}.",
            "Make room on the disk, or make the directory writable, then apply again.",
        ) from error


def every_store(shadow: ShadowGit) -> ContentStore:
    """Our contents, the user's, and what git-lfs of an agent has stored for its commits."""
    assert shadow.contents is not None
    sessions = sorted(shadow.git_dir.glob("sessions/*/lfs"))
    return ContentStore(shadow.contents.root, (shadow.contents.user,), sessions)


def _has_contents(git_dir: Path, contents: ContentFilter) -> bool:
    """Whether the project uses Git LFS at all, as far as anything of it has been seen."""
    elsewhere = chain((contents.user,), git_dir.glob("sessions/*/lfs"))
    return contents.is_used or any((place / "objects").is_dir() for place in elsewhere)
