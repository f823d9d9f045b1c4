"""Which part of a change is meant, and what is left once it is applied. It writes objects and nothing else."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from boocoder.changes.measure import ChangeMeasure, measure
from boocoder.changes.partial import partial_tree, rebased_ids
from boocoder.changes.pending import put_change
from boocoder.changes.structured import structured_diff
from boocoder.changes.units import FileDiff
from boocoder.db import changes, review
from boocoder.db.changes import Change
from boocoder.db.pool import Connection, Database
from boocoder.errors import Conflict, GitError
from boocoder.events import frames
from boocoder.git.shadow import ShadowRepository
from boocoder.model.review import Verdict
from boocoder.model.task import ChangeState

log = logging.getLogger(__name__)


class Select(StrEnum):
    """Which units of a change are meant."""

    ALL = "all"
    ACCEPTED = "accepted"
    NOT_REJECTED = "not_rejected"


@dataclass(frozen=True, slots=True)
class Part:
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
class Rest:
    """What is left of a change of which a part was applied.

    Args:
        measured: against the part that was applied.
        mapping: old unit id -> id of the same unit now.
        gone: ids of the units that were applied.
        starts: unit id -> its first line now.
        rejected: whether every unit of it is.
    """

    measured: ChangeMeasure
    mapping: Mapping[str, str]
    gone: Collection[str]
    starts: Mapping[str, int]
    rejected: bool


async def select_part(
    database: Database, shadow: ShadowRepository, change: Change, select: Select | None, *, ref: str
) -> Part:
    """The part of a change that a person means.

    Args:
        select: None for what is accepted, if anything is, else for what is not rejected.
        ref: keeps the part's tree.

    Raises:
        Conflict: nothing_selected; units_belong_together, as `partial_tree`.
        GitError: git failed.
    """
    verdicts = {} if select is Select.ALL else await _verdicts(database, change)
    if not verdicts and select is not Select.ACCEPTED:
        return Part(change.tree, whole=True)
    files = await structured_diff(shadow, change.base_tree, change.tree)
    known = _ids(files)
    meant = _meant(known, verdicts, select)
    if not meant:
        raise Conflict(
            "nothing_selected",
            f"None of the {len(known)} parts of change {change.id} is {'accepted' if select else 'left to apply'}.",
            "Accept parts of it first (boocoder review), or apply all of it.",
        )
    if len(meant) == len(known):
        return Part(change.tree, whole=True, units=len(known), of=len(known))
    tree = await partial_tree(shadow, change.base_tree, change.tree, files, meant)
    await shadow.keep(ref, tree, beside=change.tree)
    return Part(tree, whole=False, units=len(meant), of=len(known))


async def _verdicts(database: Database, change: Change) -> dict[str, Verdict]:
    async with database.connection() as conn:
        rows = await review.list_decisions(conn, change.session_id)
    return {row.unit_id: row.verdict for row in rows}


def _ids(files: Sequence[FileDiff]) -> set[str]:
    return {unit.id for file in files for unit in file.units}


def _meant(known: set[str], verdicts: Mapping[str, Verdict], select: Select | None) -> set[str]:
    accepted = {one for one in known if verdicts.get(one) is Verdict.ACCEPTED}
    if select is Select.ACCEPTED or (select is None and accepted):
        return accepted
    return {one for one in known if verdicts.get(one) is not Verdict.REJECTED}


async def rest_of(
    database: Database, shadow: ShadowRepository, change: Change, applied_tree: str | None, tree: str
) -> Rest | None:
    """What is left once a part was applied; None if nothing is.

    Args:
        applied_tree: the part; None for all of the change.
        tree: what the session's files are now: the change's tree, or a later one.
    """
    base = applied_tree or change.tree
    if base == tree:
        return None
    measured = await measure(shadow, base_tree=base, tree=tree)
    verdicts = await _verdicts(database, change)
    undecided = Rest(measured, {}, (), {}, rejected=False)
    if not verdicts:
        return undecided
    try:
        return await _decided_rest(shadow, change, measured, verdicts)
    except (Conflict, GitError):  # what is left has to be recorded all the same
        log.exception("decisions cannot be carried over", extra={"change_id": str(change.id)})
        return undecided


async def _decided_rest(
    shadow: ShadowRepository, change: Change, measured: ChangeMeasure, verdicts: Mapping[str, Verdict]
) -> Rest:
    base, tree = measured.base_tree, measured.tree
    files = await structured_diff(shadow, change.base_tree, tree)
    meant = await _applied_units(shadow, change.base_tree, tree, files, verdicts, base)
    mapping = rebased_ids(files, meant)
    now = await structured_diff(shadow, base, tree)
    starts = {unit.id: unit.old_start for file in now for unit in file.units}
    old = {new: one for one, new in mapping.items()}
    rejected = bool(starts) and all(verdicts.get(old.get(one, one)) is Verdict.REJECTED for one in starts)
    return Rest(measured, mapping, meant, starts, rejected)


async def _applied_units(
    shadow: ShadowRepository,
    base_tree: str,
    tree: str,
    files: Sequence[FileDiff],
    verdicts: Mapping[str, Verdict],
    applied: str,
) -> set[str]:
    """The units that make up a part that was applied; empty if they cannot be told for certain."""
    for select in (Select.ACCEPTED, Select.NOT_REJECTED):
        meant = _meant(_ids(files), verdicts, select)
        try:
            if meant and await partial_tree(shadow, base_tree, tree, files, meant) == applied:
                return meant
        except Conflict:
            continue
    return set()


async def carry_decisions(conn: Connection, change: Change, rest: Rest) -> None:
    """Keep the decisions on what is left. Call it in the transaction that records what was applied, before that:
    what was decided before an apply counts no more after it."""
    await review.carry_over(conn, change.session_id, rest.mapping, rest.gone, starts=rest.starts)


async def store_rest(conn: Connection, change: Change, rest: Rest) -> list[frames.Frame]:
    """Make what is left the session's pending change. Call it in the transaction that records what was applied.

    Returns:
        The frames that tell it.
    """
    change_id, told = await put_change(
        conn, change.session_id, rest.measured, task_id=change.task_id, agent=change.agent
    )
    if rest.rejected:
        await changes.decide_change(conn, change_id, ChangeState.REJECTED)
        told.state = "rejected"
    return [told]
