"""Lists files of the user's checkout that git does not track and that match patterns; it reads names only."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from boocoder.errors import GitError
from boocoder.git.objects import ShadowGit
from boocoder.git.project import Checkout, read_head, user_git

LIST_TIMEOUT_S = 60.0  # every directory of the checkout is read, those that are ignored too


async def untracked_matching(
    shadow: ShadowGit, checkout: Checkout, patterns: Sequence[str], *, index: Path
) -> list[bytes]:
    """Ignored and untracked files that match, sorted; nothing inside of other repositories.

    Args:
        patterns: as lines of .gitignore; the last one that matches decides, `!` takes out.
        index: where a copy of the checkout's index is put for the time of the call.
    """
    try:
        with suppress(OSError):
            shutil.copyfile(checkout.git_dir / "index", index)
        try:
            told = await _list(shadow, checkout.root, patterns, index)
        except GitError as error:  # a split or broken index
            if error.code != "git_failed":
                raise
            index.unlink(missing_ok=True)
            await shadow("read-tree", (await read_head(user_git(checkout), checkout.object_format)).tree, index=index)
            told = await _list(shadow, checkout.root, patterns, index)
    finally:
        index.unlink(missing_ok=True)
    return sorted(path for path in told.split(b"\0") if path and not path.endswith(b"/"))


async def _list(shadow: ShadowGit, root: Path, patterns: Sequence[str], index: Path) -> bytes:
    args = [f"--exclude={pattern}" for pattern in patterns]
    return await shadow("ls-files", "-z", "-o", "-i", *args, work_tree=root, index=index, timeout_s=LIST_TIMEOUT_S)
