"""Writes files of a tree into an empty directory, and lists the files of a directory that differ from a tree."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from boocoder.git.shadow.objects import ShadowGit

WRITE_OUT_TIMEOUT_S = 600.0  # the changed files only


async def write_out(shadow: ShadowGit, tree: str, paths: Iterable[bytes], directory: Path) -> None:
    """Write files as a checkout of `tree` would have them: with its line endings, without its filters.

    Args:
        tree: id of the tree.
        paths: files and symbolic links of it.
        directory: an empty directory outside any checkout; gets `index` and `files/`.
    """
    files = directory / "files"
    files.mkdir(parents=True, exist_ok=True)
    index = directory / "index"
    await shadow("read-tree", tree, index=index)
    stdin = b"".join(path + b"\0" for path in paths)
    await shadow(
        "checkout-index", "-q", "-f", "-z", "--stdin",
        work_tree=files, index=index, stdin=stdin, timeout_s=WRITE_OUT_TIMEOUT_S,
    )  # fmt: skip


async def differing(shadow: ShadowGit, directory: Path, index: Path, tree: str) -> set[bytes]:
    """Those paths of `tree` whose file in the directory is not what the tree has.

    Args:
        index: a private index; what it knows of unchanged files is kept.
    """
    await shadow("read-tree", "--reset", "-i", tree, index=index)
    listed = await shadow("ls-files", "-z", "-m", "-d", work_tree=directory, index=index, timeout_s=WRITE_OUT_TIMEOUT_S)
    return {path for path in listed.split(b"\0") if path}
