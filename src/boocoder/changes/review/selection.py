"""Selects the part of a change to apply, and measures what remains after it."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from boocoder.changes.apply.partial_tree import edited_rest, partial_tree, rebased_units
from boocoder.changes.diff.model import FileChange, Unit, UnitKind
from boocoder.changes.diff.parts import part_row, with_parts
from boocoder.changes.diff.statistics import ChangeMeasure, measure
from boocoder.changes.diff.tree_diff import structured_diff
from boocoder.changes.pending import put_change
from boocoder.changes.review.state import ReviewState, load_state, unit_location
from boocoder.db.core.pool import Connection, Database
from boocoder.db.files import changes, review, review_parts
from boocoder.db.files.changes import Change
from boocoder.db.files.review_parts import PartRow
from boocoder.errors import Conflict, GitError
from boocoder.events import frames
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.model.change import Verdict
from boocoder.model.task import ChangeState

log = logging.getLogger(__name__)


class PartFilter(StrEnum):
    """Which units of a change to apply."""

    ALL = "all"
    ACCEPTED = "accepted"
    NOT_REJECTED = "not_rejected"


@dataclass(frozen=True, slots=True)
class ChangePart:
    """A part of a change, or all of it.

    Args:
        tree: the change's base with this part.
        whole: whether it is all of the change.
        units, of: how many units it has, and how many the change has; 0 where nothing was decided.
    """

    tree: str
    whole: bool
    units: int = 0
    of: int = 0

    @property
    def applied_tree(self) -> str | None:
        """As the change records it."""
        return None if self.whole else self.tree


@dataclass(frozen=True, slots=True)
class RemainingChange:
    """What remains of a change after a part of it was applied.

    Args:
        measured: against the part that was applied.
        mapping: old unit id -> id of the same unit now.
        gone: ids of the units that were applied.
        starts: unit id -> its first line now.
        rejected: whether all its units are rejected.
        parts: of units that were split, as they are found now.
        refused: units that a person's own text replaced, and that are rejected.
        seen: the decisions that all this was made of.
    """

    measured: ChangeMeasure
    mapping: Mapping[str, str]
    gone: Collection[str]
    starts: Mapping[str, int]
    rejected: bool
    parts: tuple[PartRow, ...] = ()
    refused: tuple[Unit, ...] = ()
    seen: ReviewState = field(default_factory=ReviewState)


async def select_part(
    database: Database, shadow: ShadowRepository, change: Change, select: PartFilter | None, *, ref: str
) -> ChangePart:
    """The part of a change that a person selected.

    Args:
        select: None for what is accepted, if anything is, else for what is not rejected.
        ref: keeps the part's tree.

    Raises:
        Conflict: nothing_selected; units_belong_together, as `partial_tree`.
        GitError: git failed.
    """
    state = ReviewState() if select is PartFilter.ALL else await _state(database, change)
    if not state.verdicts and select is not PartFilter.ACCEPTED:
        return ChangePart(change.tree, whole=True)
    files = with_parts(await structured_diff(shadow, change.base_tree, change.tree), state.parts)
    known = _ids(files)
    meant = _meant(known, state.verdicts, select)
    if not meant:
        raise Conflict(
            "nothing_selected",
            f"None of the {len(known)} parts of change {change.id} is {'accepted' if select else 'left to apply'}.",
            "Accept parts of it first (boocoder review), or apply all of it.",
        )
    if len(meant) == len(known) and not meant & state.edits.keys():
        return ChangePart(change.tree, whole=True, units=len(known), of=len(known))
    tree = await partial_tree(shadow, change.base_tree, change.tree, files, meant, state.edits)
    await shadow.keep(ref, tree, beside=change.tree)
    return ChangePart(tree, whole=False, units=len(meant), of=len(known))


async def _state(database: Database, change: Change) -> ReviewState:
    async with database.connection() as conn:
        return await load_state(conn, change.session_id)


def _ids(files: Sequence[FileChange]) -> set[str]:
    return {unit.id for file in files for unit in file.units}


def _meant(known: set[str], verdicts: Mapping[str, Verdict], select: PartFilter | None) -> set[str]:
    accepted = {one for one in known if verdicts.get(one) is Verdict.ACCEPTED}
    if select is PartFilter.ACCEPTED or (select is None and accepted):
        return accepted
    return {one for one in known if verdicts.get(one) is not Verdict.REJECTED}


async def measure_remaining(
    database: Database, shadow: ShadowRepository, change: Change, applied_tree: str | None, tree: str
) -> RemainingChange | None:
    """Measure what remains after a part was applied; None if nothing does.

    Args:
        applied_tree: the part; None for all of the change.
        tree: what the session's files are now: the change's tree, or a later one.
    """
    base = applied_tree or change.tree
    if base == tree:
        return None
    measured = await measure(shadow, base_tree=base, tree=tree)
    state = await _state(database, change)
    undecided = RemainingChange(measured, {}, (), {}, rejected=False, seen=state)
    if not state.verdicts and not state.parts:
        return undecided
    try:
        return await _decided_rest(shadow, change, measured, state)
    except (Conflict, GitError):  # the rest has to be recorded anyway
        log.exception("decisions cannot be carried over", extra={"change_id": str(change.id)})
        return undecided


async def _decided_rest(
    shadow: ShadowRepository, change: Change, measured: ChangeMeasure, state: ReviewState
) -> RemainingChange:
    base, tree = measured.base_tree, measured.tree
    files = with_parts(await structured_diff(shadow, change.base_tree, tree), state.parts)
    meant = await _applied_units(shadow, change.base_tree, tree, files, state, base)
    moved = rebased_units(files, meant, state.edits)
    split = {unit.id for file in files for unit in file.units if unit.part_of is not None}
    parts = tuple(
        part_row(one.unit, one.base_path, place) for place, (old, one) in enumerate(moved.items()) if old in split
    )
    now = with_parts(await structured_diff(shadow, base, tree), parts)
    mapping = {old: one.unit.id for old, one in moved.items()}
    verdicts = {mapping.get(old, old): verdict for old, verdict in state.verdicts.items() if old not in meant}
    refused = _refused(files, now, meant, state)
    verdicts |= {unit.id: Verdict.REJECTED for unit in refused}
    starts = {unit.id: unit.old_start for file in now for unit in file.units}
    rejected = bool(starts) and all(verdicts.get(one) is Verdict.REJECTED for one in starts)
    return RemainingChange(measured, mapping, meant, starts, rejected, parts, refused, state)


def _refused(
    files: Sequence[FileChange], now: Sequence[FileChange], meant: Collection[str], state: ReviewState
) -> tuple[Unit, ...]:
    """The units that bring back lines that a person replaced by their own text and rejected."""
    edits = {one: lines for one, lines in state.edits.items() if one in state.rest_rejected}
    if not edits:
        return ()
    places: dict[bytes, list[tuple[int, int]]] = {}
    for path, first, last in edited_rest(files, meant, state.edits, of=edits):
        places.setdefault(path, []).append((first, last))

    def within(unit: Unit, base_path: bytes) -> bool:
        start = unit.old_start - bool(unit.old_lines)
        end = start + len(unit.old_lines)
        return any(first <= start and end <= last for first, last in places.get(base_path, ()))

    return tuple(
        unit for file in now for unit in file.units if unit.kind is UnitKind.HUNK and within(unit, file.base_path)
    )


async def _applied_units(
    shadow: ShadowRepository,
    base_tree: str,
    tree: str,
    files: Sequence[FileChange],
    state: ReviewState,
    applied: str,
) -> set[str]:
    """The units of an applied part; empty if they cannot be determined."""
    for select in (PartFilter.ACCEPTED, PartFilter.NOT_REJECTED):
        meant = _meant(_ids(files), state.verdicts, select)
        try:
            if meant and await partial_tree(shadow, base_tree, tree, files, meant, state.edits) == applied:
                return meant
        except Conflict:
            continue
    return set()


async def carry_decisions(conn: Connection, change: Change, rest: RemainingChange) -> None:
    """Keep the decisions on what remains. Call it in the transaction that records the apply, before recording it:
    decisions made before an apply no longer count after it."""
    session_id = change.session_id
    await review.carry_over(conn, session_id, rest.mapping, rest.gone, starts=rest.starts)
    await review_parts.replace_parts(conn, session_id, rest.parts)
    await review.put_decisions(conn, session_id, [unit_location(unit) for unit in rest.refused], Verdict.REJECTED)


async def store_remaining(conn: Connection, change: Change, rest: RemainingChange) -> list[frames.Frame]:
    """Make the rest the session's pending change. Call it in the transaction that records the apply.

    Returns:
        The frames to publish.
    """
    change_id, updated = await put_change(
        conn, change.session_id, rest.measured, task_id=change.task_id, agent=change.agent
    )
    if rest.rejected:
        await changes.decide_change(conn, change_id, ChangeState.REJECTED)
        updated.state = "rejected"
    return [updated]
