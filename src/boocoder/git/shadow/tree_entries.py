"""Lists all files of a tree."""

from __future__ import annotations

from dataclasses import dataclass

from boocoder.git.shadow.objects import ShadowGit


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One file of a tree. `kind` is `blob`, or `commit` for a submodule; `size` is None for a submodule."""

    path: bytes
    mode: str
    kind: str
    id: str
    size: int | None


async def tree_entries(shadow: ShadowGit, tree: str) -> list[TreeEntry]:
    """All files of a tree, in git's order.

    Raises:
        GitError: git failed.
    """
    printed = await shadow("ls-tree", "-r", "-l", "-z", "--full-tree", tree)
    entries: list[TreeEntry] = []
    for record in printed.split(b"\0")[:-1]:
        about, _, path = record.partition(b"\t")
        mode, kind, name, size = about.decode().split()
        entries.append(TreeEntry(path, mode, kind, name, int(size) if size.isdigit() else None))
    return entries
