"""A change as files and units with a stable identity, out of two trees. It decides nothing and writes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from boocoder.changes.flags import Flag, FlagKind
from boocoder.changes.units import FileDiff, FileStatus, Unit, UnitKind
from boocoder.git.shadow import ShadowRepository

__all__ = ["FileDiff", "FileStatus", "Flag", "FlagKind", "Unit", "UnitKind", "structured_diff"]


async def structured_diff(
    shadow: ShadowRepository, base_tree: str, tree: str, *, paths: Sequence[bytes] = ()
) -> tuple[FileDiff, ...]:
    """The difference between two trees, file by file in git's order.

    Args:
        shadow: holds both trees.
        base_tree, tree: ids of two trees.
        paths: only these files, by their new or old path, or all below these directories; all if empty. The units
            are the same as in the whole.

    Raises:
        GitError: git failed, or an object is missing.
    """
    raise NotImplementedError
