"""Writes files of a tree into a directory, and lists the files of a directory that differ from a tree."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from boocoder.git.lfs.checkout import write_files
from boocoder.git.lfs.raw_files import raw_files
from boocoder.git.shadow.objects import ShadowGit

WRITE_OUT_TIMEOUT_S = 600.0  # the changed files only
REWRITE_TIMEOUT_S = 1_800.0  # every file of a very large repository to a slow disk


async def write_out(
    shadow: ShadowGit, tree: str, paths: Iterable[bytes], directory: Path, *, pointers_stay: bool = False
) -> None:
    """Write files as a checkout of `tree` would have them: with its line endings and the contents of Git LFS that are
    here, without other filters.

    Args:
        tree: id of the tree.
        paths: files and symbolic links of it.
        directory: an empty directory outside any checkout; gets `index` and `files/`.
        pointers_stay: write pointers of Git LFS.
    """
    files = directory / "files"
    files.mkdir(parents=True, exist_ok=True)
    index = directory / "index"
    await shadow("read-tree", tree, index=index)
    stdin = b"".join(path + b"\0" for path in paths)
    await write_files(
        shadow, "checkout-index", "-q", "-f", "-u", "-z", "--stdin",
        work_tree=files, index=index, stdin=stdin, timeout_s=WRITE_OUT_TIMEOUT_S, pointers_stay=pointers_stay,
    )  # fmt: skip


async def rewrite(shadow: ShadowGit, directory: Path, index: Path, old: str, new: str) -> None:
    """Bring the files of a directory from one tree to another.

    Args:
        index: a private index that is equal to `old`.
    """
    # An agent's `git stash; git stash pop` leaves old content with new times, which read-tree takes for edits
    args = ("update-index", "-q", "--refresh")
    await shadow.result(*args, work_tree=directory, index=index, timeout_s=REWRITE_TIMEOUT_S)
    change = ("read-tree", "-m", "-u", old, new)
    await write_files(shadow, *change, work_tree=directory, index=index, timeout_s=REWRITE_TIMEOUT_S)


async def differing(shadow: ShadowGit, directory: Path, index: Path, tree: str) -> set[bytes]:
    """Those paths of `tree` whose file in the directory is not what the tree has.

    Args:
        index: a private index; what it knows of unchanged files is kept.
    """
    await shadow("read-tree", "--reset", "-i", tree, index=index)
    listed = await shadow("ls-files", "-z", "-m", "-d", work_tree=directory, index=index, timeout_s=WRITE_OUT_TIMEOUT_S)
    paths = {path for path in listed.split(b"\0") if path}
    if not paths or shadow.contents is None or not shadow.contents.is_used:
        return paths
    args = ("update-index", "-z", "--remove", "--stdin")
    await shadow(*args, work_tree=directory, index=index, stdin=listed, timeout_s=WRITE_OUT_TIMEOUT_S)
    found = (await shadow("write-tree", index=index)).decode().strip()
    return paths - {edit.path for edit in await raw_files(shadow, tree, found)}
