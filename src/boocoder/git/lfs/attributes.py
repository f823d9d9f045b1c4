"""Asks git which files its attributes put into Git LFS."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from boocoder.git.shadow.objects import ShadowGit

LFS = "lfs"
_NONE = (b"unspecified", b"set", b"unset", b"")


async def filters_of(shadow: ShadowGit, directory: Path, index: Path, paths: Sequence[bytes]) -> dict[bytes, str]:
    """Path -> name of its filter, such as `lfs`, for those that have one.

    Args:
        directory: the work tree whose attributes count.
        index: for attributes of files that are not there.

    Raises:
        GitError: git failed.
    """
    if not paths:
        return {}
    stdin = b"".join(path + b"\0" for path in paths)
    answer = await shadow("check-attr", "-z", "--stdin", "filter", work_tree=directory, index=index, stdin=stdin)
    fields = answer.split(b"\0")
    found = zip(fields[::3], fields[2::3], strict=False)
    return {path: name.decode("utf-8", "replace") for path, name in found if name not in _NONE}
