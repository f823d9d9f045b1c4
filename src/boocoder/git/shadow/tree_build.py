"""Writes contents in bulk, and makes a tree out of another one and a few edits. No files, no refs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from boocoder.git.diff.tree_diff import NO_MODE
from boocoder.git.refs import check_id
from boocoder.git.shadow.objects import ShadowGit
from boocoder.git.shadow.private_index import temporary_index


@dataclass(frozen=True, slots=True)
class TreeEdit:
    """What a path of a tree shall be.

    Args:
        path: its bytes, relative to the root.
        mode: as git writes it; "000000" takes the path away.
        id: of its content; of no meaning where it is taken away.
    """

    path: bytes
    mode: str
    id: str


async def write_blobs(shadow: ShadowGit, contents: Sequence[bytes]) -> list[str]:
    """Write contents and return their ids, in the same order.

    Raises:
        GitError: git failed.
    """
    match contents:
        case []:
            return []
        case [content]:
            written = await shadow("hash-object", "-w", "--no-filters", "--stdin", stdin=content)
        case _:
            written = await shadow("fast-import", "--quiet", "--done", stdin=_import_stream(contents))
    return [check_id(one) for one in written.decode("ascii").split()]


def _import_stream(contents: Sequence[bytes]) -> bytes:
    blobs = [b"blob\nmark :%d\ndata %d\n%s\n" % (mark, len(one), one) for mark, one in enumerate(contents, 1)]
    asked = [b"get-mark :%d\n" % mark for mark in range(1, len(contents) + 1)]
    return b"".join((*blobs, *asked, b"done\n"))


async def build_tree(shadow: ShadowGit, base_tree: str, edits: Sequence[TreeEdit]) -> str:
    """The id of a tree that is `base_tree` but for the edits.

    Args:
        base_tree: id of a tree.
        edits: one a path, in any order. A file may take the place of a directory, or the other way round, if edits
            take away what stood there.

    Raises:
        GitError: a file and a directory would have the same path, or git failed.
    """
    if not edits:
        return base_tree
    gone = b"".join(b"0 %s\t%s\0" % (b"0" * len(base_tree), edit.path) for edit in edits if edit.mode == NO_MODE)
    put = b"".join(
        b"%s %s 0\t%s\0" % (edit.mode.encode(), edit.id.encode(), edit.path) for edit in edits if edit.mode != NO_MODE
    )
    with temporary_index(shadow.git_dir) as index:
        await shadow("read-tree", check_id(base_tree), index=index)
        await shadow("update-index", "-z", "--add", "--index-info", index=index, stdin=gone + put)
        return (await shadow("write-tree", index=index)).decode().strip()
