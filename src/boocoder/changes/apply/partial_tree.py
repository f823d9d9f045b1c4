"""Builds trees from a part of a change; writes objects of the shadow repository only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from boocoder.changes.diff.hunks import content_id, hunk_id, mode_id
from boocoder.changes.diff.line_edits import splice
from boocoder.changes.diff.model import FileChange, Unit, UnitKind
from boocoder.changes.diff.parts import numbered
from boocoder.errors import Conflict, GitError
from boocoder.git.diff.tree_diff import NO_MODE
from boocoder.git.shadow.objects import read_blobs
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.shadow.tree_build import TreeEdit, build_tree, write_blobs

_WHOLE = ("added", "deleted", "type_changed")  # files that are one unit of any kind, unless a person split it
_AT_ONCE = 100  # contents in memory: at most twice REVIEW_FILE_MAX_BYTES each
_SHOWN = 3  # paths that an error names


UnitEdits = Mapping[str, tuple[bytes, ...]]
"""Unit id -> the lines that a person wants in place of the agent's, with their line ends."""


async def partial_tree(
    shadow: ShadowRepository,
    base_tree: str,
    tree: str,
    files: Sequence[FileChange],
    accepted: Collection[str],
    edits: UnitEdits | None = None,
) -> str:
    """The id of `base_tree` with exactly the accepted units applied; the caller keeps it by a ref.

    All units give `tree`, none `base_tree`, as long as none is edited.

    Args:
        shadow: holds both trees.
        base_tree, tree: what `files` were made of.
        files: what `structured_diff` gave for them, units split or not.
        accepted: ids of units; others are not looked at.
        edits: of accepted units.

    Raises:
        Conflict: `units_belong_together`: a file is accepted where a directory (or the reverse) remains,
            because the unit that takes it away is not; see `needed_units`.
        GitError: git failed, or an object is missing.
    """
    chosen = frozenset(accepted)
    _check_together(files, chosen)
    plans = [plan for file in files if (plan := _plan(file, chosen, edits or {})) is not None]
    mixed = [plan for plan in plans if plan.hunks]
    ids: dict[bytes, str] = {}
    for start in range(0, len(mixed), _AT_ONCE):
        ids |= await _write(shadow, mixed[start : start + _AT_ONCE])
    written = [edit for plan in plans for edit in plan.edits(ids)]
    return await build_tree(shadow.git, base_tree, written)


@dataclass(frozen=True, slots=True)
class _FilePlan:
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


def _plan(file: FileChange, chosen: frozenset[str], edits: UnitEdits) -> _FilePlan | None:
    units = [unit for unit in file.units if unit.id in chosen]
    if not units:
        return None
    kinds = {unit.kind for unit in units}
    content = [unit for unit in file.units if unit.kind in (UnitKind.HUNK, UnitKind.FILE)]
    taken = tuple(_edited(unit, edits) for unit in content if unit.id in chosen)
    whole = taken == tuple(content)
    if file.status in _WHOLE:
        if whole:
            return _FilePlan(file.path, file.new_mode, file.new_id)
        mode = file.new_mode if file.old_mode == NO_MODE else file.old_mode
        return _FilePlan(file.path, mode, file.old_id, taken)
    moves = UnitKind.RENAME in kinds
    return _FilePlan(
        path=file.path if moves else file.base_path,
        mode=file.new_mode if UnitKind.MODE in kinds else file.old_mode,
        id=file.new_id if whole else file.old_id,
        hunks=() if whole else taken,
        leaves=file.old_path if moves else None,
    )


def _edited(unit: Unit, edits: UnitEdits) -> Unit:
    return replace(unit, new_lines=edits[unit.id], same=()) if unit.id in edits else unit


async def _write(shadow: ShadowRepository, plans: Sequence[_FilePlan]) -> dict[bytes, str]:
    """Write the contents that neither tree has."""
    bases = await read_blobs(shadow.git, {plan.id for plan in plans if plan.id.strip("0")})
    made = [_spliced(plan, bases.get(plan.id, b"")) for plan in plans]
    return dict(zip((plan.path for plan in plans), await write_blobs(shadow.git, made), strict=True))


def _spliced(plan: _FilePlan, base: bytes) -> bytes:
    made = splice(base, plan.hunks, whole_lines=True)
    if made is None:
        raise GitError("hunks_do_not_fit", f"The hunks of {plan.path!r} were made of another content.", "Look again.")
    return made


def _check_together(files: Sequence[FileChange], chosen: frozenset[str]) -> None:
    needed = needed_units(files, chosen)
    if not needed:
        return
    paths = sorted({unit.path for file in files for unit in file.units if unit.id in needed})
    shown = ", ".join(path.decode("utf-8", "backslashreplace") for path in paths[:_SHOWN])
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    raise Conflict(
        "units_belong_together",
        f"A file and a directory trade places at {shown}{more}, and only one half of that is accepted.",
        "Accept the deletion as well, or neither.",
    )


def needed_units(files: Sequence[FileChange], accepted: Collection[str]) -> dict[str, frozenset[str]]:
    """For each accepted unit that depends on others, the ids that must be accepted with it and are not.

    Only units of a file and a directory that trade places depend on each other.
    """
    chosen = frozenset(accepted)
    left: dict[bytes, set[str]] = {}
    for path, unit in _leaving(files):
        if unit.id not in chosen:
            left.setdefault(path, set()).add(unit.id)
    if not left:
        return {}
    below: dict[bytes, set[str]] = {}
    for path, names in left.items():
        for folder in _folders(path):
            below.setdefault(folder, set()).update(names)
    needed: dict[str, frozenset[str]] = {}
    for path, unit in _coming(files):
        above = {name for folder in _folders(path) for name in left.get(folder, ())}
        missing = frozenset(above | below.get(path, set())) - {unit.id}
        if missing and unit.id in chosen:
            needed[unit.id] = missing
    return needed


def _leaving(files: Iterable[FileChange]) -> Iterator[tuple[bytes, Unit]]:
    """Paths that are free once all these units are accepted."""
    for file in files:
        if file.status == "deleted":
            yield from ((file.path, unit) for unit in file.units)
        elif file.old_path is not None:
            yield file.old_path, file.units[0]


def _coming(files: Iterable[FileChange]) -> Iterator[tuple[bytes, Unit]]:
    """Paths that are taken once one of these units is accepted."""
    for file in files:
        if file.status == "added":
            yield from ((file.path, unit) for unit in file.units)
        elif file.status == "renamed":
            yield file.path, file.units[0]


def _folders(path: bytes) -> Iterator[bytes]:
    folder = path.rpartition(b"/")[0]
    while folder:
        yield folder
        folder = folder.rpartition(b"/")[0]


@dataclass(frozen=True, slots=True)
class RebasedUnit:
    """Where a unit that was not accepted is found once the accepted ones are part of the base.

    Args:
        base_path: of its file then.
        unit: with the id and the first line that it has then.
    """

    base_path: bytes
    unit: Unit


def rebased_units(
    files: Sequence[FileChange], accepted: Collection[str], edits: UnitEdits | None = None
) -> dict[str, RebasedUnit]:
    """Where the units that were not accepted are found once the accepted ones are part of the base.

    Args:
        files: what `structured_diff(base_tree, tree)` gave, units split or not.
        accepted, edits: what `partial_tree` was made with.

    Returns:
        Old id -> the same unit in `structured_diff(partial tree, tree)`. Git may cut the rest of a file differently;
        then no unit has that id, and none has it wrongly.
    """
    chosen = frozenset(accepted)
    return {old: new for file in files for old, new in _rebased(file, chosen, edits or {})}


def _rebased(file: FileChange, chosen: frozenset[str], edits: UnitEdits) -> Iterator[tuple[str, RebasedUnit]]:
    moved = any(unit.kind is UnitKind.RENAME and unit.id in chosen for unit in file.units)
    base_path = file.path if moved else file.base_path
    shift = 0
    left: list[tuple[str, Unit]] = []
    for unit in file.units:
        if unit.id in chosen:
            shift += len(_edited(unit, edits).new_lines) - len(unit.old_lines)
        else:
            left.append((unit.id, _moved(file, unit, base_path, shift)))
    units = numbered(unit for _, unit in left)
    yield from ((old, RebasedUnit(base_path, unit)) for (old, _), unit in zip(left, units, strict=True))


def _moved(file: FileChange, unit: Unit, base_path: bytes, shift: int) -> Unit:
    if unit.kind is UnitKind.RENAME or (file.status in _WHOLE and unit.part_of is None):
        return unit
    if unit.kind is UnitKind.MODE:
        return replace(unit, id=mode_id(base_path, file.old_mode, file.new_mode))
    if unit.kind is UnitKind.FILE:
        return replace(unit, id=content_id(base_path, file.old_id, file.new_id))
    start = unit.old_start + shift
    return replace(unit, id=hunk_id(base_path, start, unit.old_lines, unit.new_lines), old_start=start)


def edited_rest(
    files: Sequence[FileChange], accepted: Collection[str], edits: UnitEdits, *, of: Collection[str]
) -> Iterator[tuple[bytes, int, int]]:
    """Where a person's text is once it is part of the base: (path, lines before it, lines before what follows).

    Args:
        files, accepted, edits: as for `rebased_units`.
        of: the units that are wanted.
    """
    for file in files:
        moved = any(unit.kind is UnitKind.RENAME and unit.id in accepted for unit in file.units)
        shift = 0
        for unit in file.units:
            if unit.id not in accepted:
                continue
            lines = _edited(unit, edits).new_lines
            if unit.id in of:
                start = unit.old_start - bool(unit.old_lines) + shift
                yield file.path if moved else file.base_path, start, start + len(lines)
            shift += len(lines) - len(unit.old_lines)
