"""What applying a change comes to, in values and errors."""

from __future__ import annotations

from dataclasses import replace

from boocoder.changes.apply.planner import ApplyOutcome, ApplyReport, PlannedApply
from boocoder.changes.review.selection import ChangePart
from boocoder.db.files.applies import Applied
from boocoder.db.files.changes import Change
from boocoder.errors import Conflict
from boocoder.model.ids import ChangeId


def report_of(
    change: Change,
    state: ApplyOutcome,
    planned: PlannedApply,
    part: ChangePart,
    commit: str | None,
    rest: ChangeId | None = None,
) -> ApplyReport:
    """Of a change that was applied, or that a preview says can be.

    Args:
        state: `applied` or `possible`.
        commit: that was made.
        rest: as in `ApplyReport`.
    """
    place = (planned.target, planned.ref, commit)
    report = ApplyReport(change.id, state, planned.files, planned.left, *place, part.units, part.of, rest)
    return replace(report, commits=planned.commits, warnings=planned.warnings)


def already_applied(change: Change, done: Applied | None) -> ApplyReport:
    """Of a change that was applied before; None where the journal does not say where."""
    if done is None:
        return ApplyReport(change.id, "already_applied")
    return ApplyReport(change.id, "already_applied", target=done.target, ref=done.ref, commit=done.new_commit)


def not_pending(change: Change) -> Conflict:
    """The error of deciding a change that was decided."""
    return Conflict(
        "change_not_pending",
        f"Change {change.id} is {change.state.value}, so it can no longer be decided.",
        "Look at the session's newest change.",
    )
