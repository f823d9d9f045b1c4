"""Asks git which filters its attributes name, such as that of Git LFS."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from boocoder.git.refs import check_id
from boocoder.git.shadow.objects import ShadowGit
from boocoder.git.shadow.private_index import temporary_index

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
    return _read(await shadow("check-attr", "-z", "--stdin", "filter", work_tree=directory, index=index, stdin=stdin))


async def filters_in(shadow: ShadowGit, tree: str, paths: Sequence[bytes]) -> dict[bytes, str]:
    """As `filters_of`, by the attributes of a tree."""
    stdin = b"".join(path + b"\0" for path in paths)
    with temporary_index(shadow.git_dir) as index:
        await shadow("read-tree", check_id(tree), index=index)
        return _read(await shadow("check-attr", "--cached", "-z", "--stdin", "filter", index=index, stdin=stdin))


def _read(answer: bytes) -> dict[bytes, str]:
    fields = answer.split(b"\0")
    found = zip(fields[::3], fields[2::3], strict=False)
    return {path: name.decode("utf-8", "replace") for path, name in found if name not in _NONE}
