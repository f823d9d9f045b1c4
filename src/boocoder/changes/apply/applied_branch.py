"""Puts a change that was applied to the checkout, or as a commit, on a branch as well."""

from __future__ import annotations

from dataclasses import replace

from boocoder.changes.apply.conflicts import ApplyConflict, conflict_of
from boocoder.changes.apply.planner import ApplyOutcome, ApplyPlanner, ApplyReport, PlannedApply
from boocoder.db.files import applies
from boocoder.db.files.applies import Applied
from boocoder.errors import Conflict
from boocoder.git.user import commit as user_commit
from boocoder.model.change import ApplyTarget


async def put_on_branch(planner: ApplyPlanner, done: Applied, *, preview: bool = False) -> ApplyReport:
    """Make the branch of an applied change; files and index are not touched.

    The branch is recorded before its reference is written. Doing it again finishes what a crash interrupted.

    Args:
        done: where the change was put, and the branch if there is one.
        preview: only report what would be done.

    Raises:
        Conflict, InvalidInput, GitError: as `ApplyPlanner.plan`.
        ApplyConflict: the change does not merge into the commit that the branch begins at.
    """
    change_id = planner.change.id
    if (report := await _recorded(planner, done, preview=preview)) is not None:
        return report
    planned = await planner.plan()
    if isinstance(planned, list):
        found = await conflict_of(planner.shadow, planned)
        if preview:
            return _report(planner, "conflicts", conflicts=found)
        raise found
    if preview:
        return _report(planner, "possible", planned)
    commit = await planned.prepare()
    assert planned.ref is not None and commit is not None
    async with planner.database.transaction() as conn:
        if not await applies.record_branch(conn, change_id, planned.ref, commit):
            text = f"Change {change_id} is not applied any more."
            raise Conflict("change_not_pending", text, "Look at the session's newest change.")
    planner.failpoints.hit("apply.after_begin")
    await planned.write(commit)
    return _report(planner, "applied", planned, commit=commit)


async def _recorded(planner: ApplyPlanner, done: Applied, *, preview: bool) -> ApplyReport | None:
    """Report the branch that the change was put on before; make it again where it is gone."""
    ref, commit, checkout = done.branch_ref, done.branch_commit, planner.shadow.checkout
    wanted = planner.request.branch
    if ref is None or commit is None or (wanted is not None and ref != f"refs/heads/{wanted}"):
        return None
    if await user_commit.read_reference(checkout, ref) is None and not preview:
        who = await user_commit.identity(checkout)
        await user_commit.move_reference(checkout, ref, old=None, new=commit, who=who)
    return _report(planner, "already_applied", ref=ref, commit=commit)


def _report(
    planner: ApplyPlanner,
    state: ApplyOutcome,
    planned: PlannedApply | None = None,
    *,
    ref: str | None = None,
    commit: str | None = None,
    conflicts: ApplyConflict | None = None,
) -> ApplyReport:
    listed = () if conflicts is None else conflicts.files
    report = ApplyReport(planner.change.id, state, target=ApplyTarget.BRANCH, ref=ref, commit=commit, conflicts=listed)
    if planned is None:
        return report
    return replace(
        report,
        files=planned.files,
        ref=planned.ref,
        commits=planned.commits,
        warnings=planned.warnings,
    )
