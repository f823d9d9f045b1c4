"""Lets git-lfs of an agent find the contents that are on this machine, without network.

git-lfs looks into `../lfs` beside each object directory that a repository borrows from, if its path is absolute
(git-lfs, fs.go). It links or copies what it finds into the session's own store, so an agent prunes and deletes its own.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from boocoder.git.inside import replace_inside
from boocoder.git.lfs.content_filter import ContentFilter
from boocoder.model.ids import new_id

USER_CONTENTS = "lfs-user"  # in the shadow repository: leads to the user's store
ALTERNATES_MAX_BYTES = 1024 * 1024


def lend_contents(git_dir: Path, store: Path, contents: ContentFilter) -> None:
    """Let a session's repository find our contents and the user's. Idempotent; nothing without Git LFS. It blocks.

    Args:
        git_dir: of the session.
        store: the project's object store, which is beside our contents.
        contents: ours and the user's.

    Raises:
        OSError: a file could not be written.
    """
    if not contents.is_used and not (contents.user / "objects").is_dir():
        return
    wanted = [os.fsencode(store), os.fsencode(_beside(store.parent / USER_CONTENTS, contents.user))]
    if any(b"\n" in line for line in wanted):  # git reads one path a line
        return
    alternates = git_dir / "objects" / "info" / "alternates"
    lines = alternates.read_bytes().splitlines() if alternates.stat().st_size < ALTERNATES_MAX_BYTES else []
    missing = [line for line in wanted if line not in lines]
    if missing:
        content = b"".join(line + b"\n" for line in (*lines, *missing))
        replace_inside(git_dir, alternates.relative_to(git_dir), content)


def _beside(place: Path, contents: Path) -> Path:
    """An object directory without objects, with a link to the contents at `../lfs`."""
    objects = place / "objects"
    objects.mkdir(parents=True, exist_ok=True)
    link = place / "lfs"
    if not link.is_symlink() or link.readlink() != contents:
        made = place / f".lfs-{new_id().hex}"
        made.symlink_to(contents)
        with suppress(FileNotFoundError):
            made.replace(link)
    return objects
