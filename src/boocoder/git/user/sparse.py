"""Knows which files a sparse checkout leaves out: they are not deleted (git-sparse-checkout, skip-worktree bit)."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from boocoder.git.project import Checkout, user_git
from boocoder.git.shadow.objects import ShadowGit


async def sparse_paths(checkout: Checkout) -> set[bytes]:
    """Files of the user's index that are not on disk because the checkout is sparse. Empty in most repositories.

    Raises:
        GitError: git cannot read the index.
    """
    if not _is_sparse(checkout):
        return set()
    listed = await user_git(checkout)("ls-files", "-t", "-z")
    left_out = [entry[2:] for entry in listed.split(b"\0") if entry.startswith(b"S ")]
    root = os.fsencode(checkout.root)
    return await asyncio.to_thread(lambda: {path for path in left_out if not os.path.lexists(root + b"/" + path)})


async def mark_sparse(shadow: ShadowGit, checkout: Checkout, index: Path) -> None:
    """Let a private index, which has just been read from a tree, leave out what the user's checkout leaves out.

    Raises:
        GitError: git failed.
    """
    if not _is_sparse(checkout):
        return
    paths = await sparse_paths(checkout)
    entries = (await shadow("ls-files", "-t", "-z", index=index)).split(b"\0")
    marked = {entry[2:] for entry in entries if entry.startswith(b"S ")}
    present = {entry[2:] for entry in entries}
    for flag, some in (("--skip-worktree", (paths & present) - marked), ("--no-skip-worktree", marked - paths)):
        if some:
            stdin = b"".join(path + b"\0" for path in sorted(some))
            await shadow("update-index", "-z", flag, "--stdin", work_tree=checkout.root, index=index, stdin=stdin)


def _is_sparse(checkout: Checkout) -> bool:
    return (checkout.git_dir / "info" / "sparse-checkout").is_file()
