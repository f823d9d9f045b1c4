"""Reads one file of a session's files, as they are now or, without a worktree, as its newest snapshot has them."""

from __future__ import annotations

from boocoder.errors import Conflict, NotFound
from boocoder.model.ids import SessionId
from boocoder.worktrees.history.snapshots import Snapshots

FILE_MAX_BYTES = 2 * 1024 * 1024  # beyond that a browser's page is not the place to read it


async def read_file(snapshots: Snapshots, session_id: SessionId, path: str) -> str:
    """The text of a file, read from git's objects: no link in the worktree leads out of it.

    Args:
        path: relative to the worktree's root, without a newline.

    Raises:
        NotFound: session_not_found, file_not_found.
        Conflict: session_without_worktree, file_not_text, file_too_large.
        GitError: git failed.
    """
    missing = NotFound("file_not_found", f"The session has no file {path}.", "Look for it by a part of its name.")
    place = await snapshots.place(session_id)
    if not {"", ".", ".."}.isdisjoint(path.split("/")):  # git would take some of these as relative to a directory
        raise missing
    latest = None if place.ready else await snapshots.latest(session_id)
    tree = await snapshots.tree_now(place) if latest is None else latest.tree
    asked = f"{tree}:{path}\n".encode()
    about = (
        await place.shadow.git("cat-file", "--batch-check=%(objecttype) %(objectsize) %(objectname)", stdin=asked)
    ).split()
    if about[:1] != [b"blob"]:
        raise missing
    if int(about[1]) > FILE_MAX_BYTES:
        text = f"{path} has {int(about[1])} bytes, more than {FILE_MAX_BYTES}."
        raise Conflict("file_too_large", text, "Open it in an editor.")
    content = await place.shadow.blob(about[2].decode(), max_bytes=FILE_MAX_BYTES)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise Conflict("file_not_text", f"{path} is not text in UTF-8.", "Open it in an editor.") from error
    if "\0" in text:
        raise Conflict("file_not_text", f"{path} is not text.", "Open it in an editor.")
    return text
