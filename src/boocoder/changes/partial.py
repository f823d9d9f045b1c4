"""Trees made of a part of a change. It decides nothing and writes objects of the shadow repository only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from boocoder.changes.splice import splice
from boocoder.changes.split import content_id, hunk_id, mode_id
from boocoder.changes.units import FileDiff, Unit, UnitKind
from boocoder.errors import Conflict, GitError
from boocoder.git.shadow import ShadowRepository
from boocoder.git.tree_build import TreeEdit, build_tree, read_blobs, write_blobs
from boocoder.git.tree_diff import NO_MODE

_WHOLE = ("added", "deleted", "type_changed")  # files that are one unit, whatever its kind
_AT_ONCE = 100  # contents in memory: at most twice REVIEW_FILE_MAX_BYTES each
_SHOWN = 3  # paths that an error names


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
    chosen = frozenset(accepted)
    _check_together(files, chosen)
    plans = [plan for file in files if (plan := _plan(file, chosen)) is not None]
    mixed = [plan for plan in plans if plan.hunks]
    ids: dict[bytes, str] = {}
    for start in range(0, len(mixed), _AT_ONCE):
        ids |= await _write(shadow, mixed[start : start + _AT_ONCE])
    edits = [edit for plan in plans for edit in plan.edits(ids)]
    return await build_tree(shadow.git, base_tree, edits)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What becomes of a file.

    Args:
        path: where it is then.
        mode: "000000": nowhere.
        id: its content before `hunks`.
        hunks: edits of that content, where only some are accepted.
        leaves: the path that it leaves, if it moves.
    """

    path: bytes
    mode: str
    id: str
    hunks: tuple[Unit, ...] = ()
    leaves: bytes | None = None

    def edits(self, ids: dict[bytes, str]) -> Iterator[TreeEdit]:
        """What that means for the tree; `ids` by path, of contents that were made."""
        if self.leaves is not None:
            yield TreeEdit(self.leaves, NO_MODE, self.id)
        yield TreeEdit(self.path, self.mode, ids.get(self.path, self.id))


def _plan(file: FileDiff, chosen: frozenset[str]) -> _Plan | None:
    units = [unit for unit in file.units if unit.id in chosen]
    if not units:
        return None
    if file.status in _WHOLE:
        return _Plan(file.path, file.new_mode, file.new_id)
    kinds = {unit.kind for unit in units}
    moves = UnitKind.RENAME in kinds
    content = [unit for unit in file.units if unit.kind in (UnitKind.HUNK, UnitKind.FILE)]
    taken = tuple(unit for unit in content if unit.id in chosen)
    whole = len(taken) == len(content)
    return _Plan(
        path=file.path if moves else _base_path(file),
        mode=file.new_mode if UnitKind.MODE in kinds else file.old_mode,
        id=file.new_id if whole else file.old_id,
        hunks=() if whole else taken,
        leaves=file.old_path if moves else None,
    )


async def _write(shadow: ShadowRepository, plans: Sequence[_Plan]) -> dict[bytes, str]:
    """Write the contents that neither tree has."""
    bases = await read_blobs(shadow.git, {plan.id for plan in plans})
    made = [_spliced(plan, bases[plan.id]) for plan in plans]
    return dict(zip((plan.path for plan in plans), await write_blobs(shadow.git, made), strict=True))


def _spliced(plan: _Plan, base: bytes) -> bytes:
    made = splice(base, plan.hunks)
    if made is None:
        raise GitError("hunks_do_not_fit", f"The hunks of {plan.path!r} were made of another content.", "Look again.")
    return made


def _check_together(files: Sequence[FileDiff], chosen: frozenset[str]) -> None:
    needed = needed_units(files, chosen)
    if not needed:
        return
    paths = sorted({unit.path for file in files for unit in file.units if unit.id in needed})
    shown = ", ".join(path.decode("utf-8", "backslashreplace") for path in paths[:_SHOWN])
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    raise Conflict(
        "units_belong_together",
        f"A file and a directory change places at {shown}{more}, and only one half of that is accepted.",
        "Accept the deletion as well, or neither.",
    )


def needed_units(files: Sequence[FileDiff], accepted: Collection[str]) -> dict[str, frozenset[str]]:
    """For each accepted unit that cannot stand alone, the ids that have to be accepted with it and are not.

    That is so only where a file and a directory change places.
    """
    chosen = frozenset(accepted)
    left = {path: unit.id for path, unit in _leaving(files) if unit.id not in chosen}
    if not left:
        return {}
    below: dict[bytes, set[str]] = {}
    for path, name in left.items():
        for folder in _folders(path):
            below.setdefault(folder, set()).add(name)
    needed: dict[str, frozenset[str]] = {}
    for path, unit in _coming(files):
        above = {left[folder] for folder in _folders(path) if folder in left}
        missing = frozenset(above | below.get(path, set())) - {unit.id}
        if missing and unit.id in chosen:
            needed[unit.id] = missing
    return needed


def _leaving(files: Iterable[FileDiff]) -> Iterator[tuple[bytes, Unit]]:
    """Paths that are free once a unit is accepted."""
    for file in files:
        if file.status == "deleted":
            yield file.path, file.units[0]
        elif file.old_path is not None:
            yield file.old_path, file.units[0]


def _coming(files: Iterable[FileDiff]) -> Iterator[tuple[bytes, Unit]]:
    """Paths that are taken once a unit is accepted."""
    return ((file.path, file.units[0]) for file in files if file.status in ("added", "renamed"))


def _folders(path: bytes) -> Iterator[bytes]:
    folder = path.rpartition(b"/")[0]
    while folder:
        yield folder
        folder = folder.rpartition(b"/")[0]


def rebased_ids(files: Sequence[FileDiff], accepted: Collection[str]) -> dict[str, str]:
    """Where the units that were not accepted are found once the accepted ones are part of the base.

    Args:
        files: what `structured_diff(base_tree, tree)` gave.
        accepted: the ids that `partial_tree` was made with.

    Returns:
        Old id -> the id that the same unit has in `structured_diff(partial tree, tree)`. Git may cut the rest of a
        file differently; then no unit has that id, and none has it wrongly.
    """
    chosen = frozenset(accepted)
    return {old: new for file in files for old, new in _rebased(file, chosen)}


def _rebased(file: FileDiff, chosen: frozenset[str]) -> Iterator[tuple[str, str]]:
    moved = any(unit.kind is UnitKind.RENAME and unit.id in chosen for unit in file.units)
    base_path = file.path if moved else _base_path(file)
    shift = 0
    for unit in file.units:
        if unit.id in chosen:
            shift += len(unit.new_lines) - len(unit.old_lines)
        elif file.status in _WHOLE or unit.kind is UnitKind.RENAME:
            yield unit.id, unit.id
        elif unit.kind is UnitKind.MODE:
            yield unit.id, mode_id(base_path, file.old_mode, file.new_mode)
        elif unit.kind is UnitKind.FILE:
            yield unit.id, content_id(base_path, file.old_id, file.new_id)
        else:
            yield unit.id, hunk_id(base_path, unit.old_start + shift, unit.old_lines, unit.new_lines)


def _base_path(file: FileDiff) -> bytes:
    return file.path if file.old_path is None else file.old_path
