"""Trees made of a part of a change. It decides nothing and writes objects of the shadow repository only."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from boocoder.changes.units import FileDiff
from boocoder.git.shadow import ShadowRepository


async def partial_tree(
    shadow: ShadowRepository, base_tree: str, tree: str, files: Sequence[FileDiff], accepted: Collection[str]
) -> str:
    """The id of `base_tree` with exactly the accepted units applied; the caller keeps it by a ref.

    All units give `tree`, none `base_tree`.

    Args:
        shadow: holds both trees.
        base_tree, tree: what `files` were made of.
        files: what `structured_diff` gave for them.
        accepted: ids of units; others are not looked at.

    Raises:
        Conflict: `units_belong_together`: a file is accepted where a directory (or the other way round) still stands,
            because the unit that takes it away is not; see `needed_units`.
        GitError: git failed, or an object is missing.
    """
    raise NotImplementedError


def needed_units(files: Sequence[FileDiff], accepted: Collection[str]) -> dict[str, frozenset[str]]:
    """For each accepted unit that cannot stand alone, the ids that have to be accepted with it and are not.

    That is so only where a file and a directory change places.
    """
    raise NotImplementedError


def rebased_ids(files: Sequence[FileDiff], accepted: Collection[str]) -> dict[str, str]:
    """Where the units that were not accepted are found once the accepted ones are part of the base.

    Args:
        files: what `structured_diff(base_tree, tree)` gave.
        accepted: the ids that `partial_tree` was made with.

    Returns:
        Old id -> the id that the same unit has in `structured_diff(partial tree, tree)`. Git may cut the rest of a
        file differently; then no unit has that id, and none has it wrongly.
    """
    raise NotImplementedError
