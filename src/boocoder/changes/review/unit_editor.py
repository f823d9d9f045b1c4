"""Splits units of a change, joins their parts again, and replaces the lines of a unit by a person's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from boocoder.changes.diff.model import FileChange, Unit, UnitKind
from boocoder.changes.diff.parts import LineSpan, numbered, part_row, split_at_unchanged, split_by_lines
from boocoder.changes.review.service import LockedReview, Review, ReviewService, units_gone
from boocoder.changes.review.state import unit_location
from boocoder.db.files import review, review_parts
from boocoder.errors import InvalidInput
from boocoder.model.change import Verdict
from boocoder.model.ids import ChangeId


@dataclass(frozen=True, slots=True)
class UnitSplit:
    """The result of splitting or joining.

    Args:
        review: as it is now, of the session's newest change.
        units: ids of what the unit became, in the order of the file.
        selected: those of them that hold the selected lines; empty if none were named.
    """

    review: Review
    units: tuple[str, ...]
    selected: tuple[str, ...] = ()


class UnitEditor:
    """Changes what the units of a change are, for the person who reviews it; no file is touched.

    Args:
        reviews: reads changes and publishes what became of them.
    """

    def __init__(self, *, reviews: ReviewService) -> None:
        self._reviews = reviews

    async def split(
        self,
        change_id: ChangeId,
        unit_id: str,
        lines: Sequence[LineSpan] = (),
        *,
        verdict: Verdict | None = None,
    ) -> UnitSplit:
        """Split a unit; its parts have the verdict that it had.

        Args:
            change_id: the change that the person looked at.
            lines: lines to split off as parts; empty to split at unchanged lines.
            verdict: decides the selected parts in the same step.

        Raises:
            NotFound: there is no such change.
            InvalidInput: `unit_has_one_part`; `lines_not_in_unit`; `unit_edited`.
            Conflict: `units_gone`, the change does not have the unit any more; `change_not_pending`.
            GitError: git failed.
        """
        async with self._reviews.locked(change_id) as now:
            file, unit = _hunk(now, unit_id)
            if unit_id in now.state.edits:
                raise InvalidInput("unit_edited", f"Part {unit_id} has a text of yours.", "Reopen it, then split it.")
            pieces = _pieces(unit, file.base_path, lines)
            if len(pieces) == 1:
                ids: tuple[str, ...] = (unit_id,)
                await _decide_selected(now, [unit], verdict)
            else:
                ids = await _store_parts(now, file, unit, [one for one, _ in pieces])
                parts = [replace(one, id=name) for (one, taken), name in zip(pieces, ids, strict=True) if taken]
                await _decide_selected(now, parts, verdict)
            chosen = tuple(name for (_, taken), name in zip(pieces, ids, strict=True) if taken)
            return UnitSplit(await now.changed(), ids, chosen)

    async def join(self, change_id: ChangeId, unit_id: str) -> UnitSplit:
        """Make the parts of a unit one again; it keeps a verdict that all of them share. Errors as `split`."""
        async with self._reviews.locked(change_id) as now:
            file, unit = _hunk(now, unit_id)
            if unit.part_of is None:
                text = f"Part {unit_id} was not split from anything."
                raise InvalidInput("unit_not_split", text, "Name a part that was made by splitting.")
            parts = _siblings(file, unit)
            ids = [part.id for part in parts]
            found = {now.state.verdicts.get(one) for one in ids}
            edited = any(one in now.state.edits for one in ids)
            session_id = now.change.session_id
            await review_parts.delete_parts(now.conn, session_id, ids)
            await review.delete_decisions(now.conn, session_id, ids)
            whole = now.whole(unit.part_of)
            if len(found) == 1 and (verdict := found.pop()) is not None and not edited:
                await review.put_decisions(now.conn, session_id, [unit_location(whole)], verdict)
            return UnitSplit(await now.changed(), (whole.id,))

    async def edit(self, change_id: ChangeId, unit_id: str, text: bytes | None, *, rest: Verdict | None) -> Review:
        """Accept a unit with a person's own lines in place of the agent's.

        Args:
            text: the new lines; a missing line end of the last one is added. None takes the agent's lines again.
            rest: what becomes of the agent's lines once the text is applied: rejected, or open (None).

        Raises:
            InvalidInput: `unit_has_no_lines`.
            Others as `split`.
        """
        async with self._reviews.locked(change_id) as now:
            _, unit = _hunk(now, unit_id)
            session_id = now.change.session_id
            wanted = None if text is None else _ended(text, unit)
            if wanted == b"".join(unit.new_lines):
                wanted = None
            await review.put_decisions(now.conn, session_id, [unit_location(unit)], Verdict.ACCEPTED)
            refused = rest is Verdict.REJECTED
            await review.edit_decision(now.conn, session_id, unit_id, wanted, rest_rejected=refused)
            return await now.changed()


def _hunk(now: LockedReview, unit_id: str) -> tuple[FileChange, Unit]:
    for file in now.files:
        for unit in file.units:
            if unit.id != unit_id:
                continue
            if unit.kind is not UnitKind.HUNK:
                text = f"Part {unit_id} is a {unit.kind.value}, which has no lines to split or edit."
                raise InvalidInput("unit_has_no_lines", text, "Accept or reject it as it is.")
            return file, unit
    raise units_gone((unit_id,))


def _pieces(unit: Unit, base_path: bytes, lines: Sequence[LineSpan]) -> Sequence[tuple[Unit, bool]]:
    if not lines:
        pieces = [(one, False) for one in split_at_unchanged(unit, base_path)]
        if len(pieces) < 2:
            text = f"Part {unit.id} has no unchanged line inside."
            raise InvalidInput("unit_has_one_part", text, "Select the lines that are to be a part of their own.")
        return pieces
    chosen = split_by_lines(unit, base_path, lines)
    if not any(taken for _, taken in chosen):
        text = f"Part {unit.id} does not change any of these lines."
        raise InvalidInput("lines_not_in_unit", text, "Name removed lines of the old or added lines of the new file.")
    return chosen


def _siblings(file: FileChange, unit: Unit) -> list[Unit]:
    return [one for one in file.units if one.part_of == unit.part_of]


async def _store_parts(now: LockedReview, file: FileChange, unit: Unit, pieces: Sequence[Unit]) -> tuple[str, ...]:
    """Store what a unit became; returns the ids of the pieces.

    All parts of git's unit are stored again, because equal insertions at one place are distinguished by their order.
    """
    session_id, state = now.change.session_id, now.state
    around = _siblings(file, unit) if unit.part_of is not None else [unit]
    raw: list[tuple[Unit, Unit]] = []  # the unit that it was, and what it becomes
    for one in around:
        raw += [(one, piece) for piece in pieces] if one is unit else [(one, one)]
    contents = [replace(piece, id=part_row(piece, file.base_path, 0).content_id) for _, piece in raw]
    parts = numbered(contents)
    old_ids = [one.id for one in around]
    decided = [
        (state.verdicts.get(one.id), state.edits.get(one.id), one.id, part)
        for (one, _), part in zip(raw, parts, strict=True)
    ]
    await review_parts.delete_parts(now.conn, session_id, old_ids)
    await review.delete_decisions(now.conn, session_id, old_ids)
    await review_parts.put_parts(
        now.conn, session_id, [part_row(part, file.base_path, place) for place, part in enumerate(parts)]
    )
    for verdict in Verdict:
        places = [unit_location(part) for given, _, _, part in decided if given is verdict]
        await review.put_decisions(now.conn, session_id, places, verdict)
    for _, text, old, part in decided:
        if text is not None:
            refused = old in state.rest_rejected
            await review.edit_decision(now.conn, session_id, part.id, b"".join(text), rest_rejected=refused)
    return tuple(part.id for (one, _), part in zip(raw, parts, strict=True) if one is unit)


async def _decide_selected(now: LockedReview, parts: Sequence[Unit], verdict: Verdict | None) -> None:
    if verdict is not None:
        await review.put_decisions(now.conn, now.change.session_id, [unit_location(part) for part in parts], verdict)


def _ended(text: bytes, unit: Unit) -> bytes:
    """The text with a line end where the lines that it replaces have one."""
    last = (unit.new_lines or unit.old_lines)[-1]
    if not text or text.endswith(b"\n") or not last.endswith(b"\n"):
        return text
    return text + (b"\r\n" if last.endswith(b"\r\n") else b"\n")
