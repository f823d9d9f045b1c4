"""What a person decided in a session: verdicts, edited texts, and the parts that units were split into."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cached_property

from boocoder.changes.diff.model import Unit
from boocoder.db.core.pool import Connection
from boocoder.db.files import review, review_parts
from boocoder.db.files.review import DecisionRow
from boocoder.db.files.review_parts import PartRow
from boocoder.model.change import Verdict
from boocoder.model.ids import SessionId


@dataclass(frozen=True)
class ReviewState:
    """The decisions of a session at one moment.

    Args:
        decisions: oldest first, also on units that the change does not have any more.
        parts: of units that were split.
    """

    decisions: tuple[DecisionRow, ...] = ()
    parts: tuple[PartRow, ...] = ()

    @cached_property
    def verdicts(self) -> dict[str, Verdict]:
        """Unit id -> verdict."""
        return {row.unit_id: row.verdict for row in self.decisions}

    @cached_property
    def edits(self) -> dict[str, tuple[bytes, ...]]:
        """Unit id -> the lines that a person wants in place of an accepted unit's."""
        return {row.unit_id: lines_of_text(row.edited) for row in self.decisions if row.edited is not None}

    @cached_property
    def rest_rejected(self) -> frozenset[str]:
        """The edited units whose own lines are rejected."""
        return frozenset(row.unit_id for row in self.decisions if row.edited is not None and row.rest_rejected)


async def load_state(conn: Connection, session_id: SessionId) -> ReviewState:
    """The decisions of a session as they are now."""
    decisions = await review.list_decisions(conn, session_id)
    return ReviewState(tuple(decisions), tuple(await review_parts.list_parts(conn, session_id)))


def lines_of_text(text: bytes) -> tuple[bytes, ...]:
    """The lines of a text with their ends; only LF ends one."""
    return tuple(io.BytesIO(text).readlines())


def unit_location(unit: Unit) -> review.UnitLocation:
    """What a decision remembers of its unit."""
    return review.UnitLocation(unit.id, unit.path, unit.kind.value, unit.old_start, len(unit.old_lines))
