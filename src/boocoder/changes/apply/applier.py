"""Applies changes behind a journal, undoes applies, and rejects changes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from boocoder.broker.outbox import Outbox
from boocoder.changes.apply.applied_branch import put_on_branch
from boocoder.changes.apply.branch import resume_branch
from boocoder.changes.apply.commit import UNFINISHED, resume_commit
from boocoder.changes.apply.conflicts import ApplyConflict, conflict_of
from boocoder.changes.apply.journal import ApplyJournal
from boocoder.changes.apply.plan import resume_apply
from boocoder.changes.apply.planner import ApplyPlanner, ApplyReport, ApplyRequest, PlannedApply
from boocoder.changes.apply.reports import already_applied, not_pending, report_of
from boocoder.changes.apply.undo import ApplyUndo, ApplyUndoer
from boocoder.changes.commits.policy import policy_of
from boocoder.changes.diff.statistics import path_text
from boocoder.changes.review.selection import ChangePart, select_part
from boocoder.db.conversation import sessions
from boocoder.db.core.pool import Database
from boocoder.db.files import applies, changes
from boocoder.db.files.applies import Applied, WritingApply
from boocoder.db.files.changes import Change
from boocoder.db.registry import projects
from boocoder.db.tasks.session_host import hold_session
from boocoder.errors import BoocoderError
from boocoder.errors import Conflict as ConflictError
from boocoder.failpoints import Failpoints
from boocoder.git.diff.merge import MergeConflict
from boocoder.git.shadow.registry import ShadowRegistry
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.user.commit_policy import commit_warnings
from boocoder.git.user.hooks import run_post_commit
from boocoder.model.change import ApplyTarget
from boocoder.model.ids import ChangeId, HostId, ProjectId, SessionId
from boocoder.model.task import ChangeState
from boocoder.service import TaskSupervisor

log = logging.getLogger(__name__)

OTHER_APPLY_WAIT_S = 30.0  # another process writes this very change; thousands of files take seconds
OTHER_APPLY_POLL_S = 0.1
STOP_GRACE_S = 10.0  # as long as the whole service takes to stop
_PLAIN = ApplyRequest()


class ChangeApplier:
    """Applies and rejects changes of this host's projects.

    Args:
        database: where changes and the journal are.
        shadows: the projects' shadow repositories.
        outbox: stores and publishes what became of every change.
        indexes: directory of private git indexes; one a project is kept here.
        host_id: whose checkouts these are; `resume_all` leaves those of other hosts alone.
        failpoints: places to die in tests.
        follow: brings the session up to what was applied.
        followed: brings its forks up to that, while other applies go on.
        sign_commits: whether commits of projects that do not say so themselves are signed as the user's git does.
    """

    def __init__(
        self,
        *,
        database: Database,
        shadows: ShadowRegistry,
        outbox: Outbox,
        indexes: Path,
        host_id: HostId | None = None,
        failpoints: Failpoints | None = None,
        follow: Callable[[SessionId, ApplyTarget], Awaitable[None]] | None = None,
        followed: Callable[[SessionId], Awaitable[None]] | None = None,
        sign_commits: bool = False,
    ) -> None:
        self._follow = follow
        self._followed = followed
        self._sign = sign_commits
        self._database = database
        self._shadows = shadows
        self._journal = ApplyJournal(database, outbox)
        self._indexes = indexes
        self._host_id = host_id
        self._failpoints = failpoints or Failpoints()
        self._locks: dict[ProjectId, asyncio.Lock] = {}
        self._supervisor = TaskSupervisor("changes")

    async def stop(self) -> None:
        """Wait for writes in progress; the next start finishes others from the journal."""
        await self._supervisor.stop(STOP_GRACE_S)

    async def apply(self, change_id: ChangeId, request: ApplyRequest = _PLAIN) -> ApplyReport:
        """Apply a change, or a part of it. Applying an applied change reports where it is.

        Once started it runs to its end, also if the caller is cancelled.

        Raises:
            NotFound: there is no such change.
            ApplyConflict: files conflict; nothing was written.
            Conflict: it was rejected, superseded or withdrawn, nothing of it is selected, another one is being
                written, or the user's repository is not ready for it; nothing was touched.
            InvalidInput: branch_name_invalid.
            GitError: git failed; nothing was touched.
        """
        outcome = await asyncio.shield(self._supervisor.spawn(self._outcome(change_id, request), f"apply {change_id}"))
        if isinstance(outcome, BoocoderError):
            raise outcome
        return outcome

    async def _outcome(self, change_id: ChangeId, request: ApplyRequest) -> ApplyReport | BoocoderError:
        try:
            change, project_id, path = await self._place(change_id)
            async with self._locks.setdefault(project_id, asyncio.Lock()):
                report = await self._with_warnings(project_id, path, await self._apply(change_id, request))
            if report.state == "applied" and report.target is not ApplyTarget.BRANCH and self._followed is not None:
                await self._followed(change.session_id)
            return report
        except BoocoderError as error:
            return error

    async def _with_warnings(self, project_id: ProjectId, path: Path, report: ApplyReport) -> ApplyReport:
        """The report with what a commit passes over; of a checkout, or of nothing new, there is none."""
        if report.target is ApplyTarget.CHECKOUT or report.state not in ("applied", "possible"):
            return report
        shadow = await self._shadows.of(project_id, path)
        policy = await policy_of(self._database, project_id, sign_commits=self._sign)
        warnings = [*report.warnings, *await commit_warnings(shadow.checkout, policy)]
        if policy.run_hooks and report.target is ApplyTarget.COMMIT and report.state == "applied":
            warnings += await run_post_commit(shadow.checkout)
        return replace(report, warnings=tuple(warnings))

    async def preview(self, change_id: ChangeId, request: ApplyRequest = _PLAIN) -> ApplyReport:
        """What `apply` would do, or which files conflict; nothing is written. Other errors as `apply`."""
        change, project_id, path = await self._place(change_id)
        async with self._locks.setdefault(project_id, asyncio.Lock()):
            if change.state is not ChangeState.PENDING:
                again = await self._again(change, project_id, request, preview=True)
                return await self._with_warnings(project_id, path, again)
            try:
                part, planned, _ = await self._plan(change, project_id, request)
            except ApplyConflict as found:
                return ApplyReport(change.id, "conflicts", target=request.target, conflicts=found.files)
            return await self._with_warnings(project_id, path, report_of(change, "possible", planned, part, None))

    async def _apply(self, change_id: ChangeId, request: ApplyRequest) -> ApplyReport:
        change, project_id, _ = await self._place(change_id)
        if await self._end_left(project_id):
            change, _, _ = await self._place(change_id)
        if change.state is not ChangeState.PENDING:
            return await self._again(change, project_id, request)
        part, planned, shadow = await self._plan(change, project_id, request)
        commit = await planned.prepare()
        if not await self._begin(change, project_id, part, planned, commit):
            return await self._await_other(change.id)
        conflicts = await self._write(change, planned, commit)
        if conflicts:
            await self._journal.undone(change.id, change.session_id)
            raise await conflict_of(shadow, conflicts)
        rest = await self._journal.finish(change, shadow, part.applied_tree)
        if self._follow is not None:
            await self._follow(change.session_id, planned.target)
        return report_of(change, "applied", planned, part, commit, rest)

    async def _begin(
        self, change: Change, project_id: ProjectId, part: ChangePart, planned: PlannedApply, commit: str | None
    ) -> bool:
        """Open the journal; False if another process applies this very change."""
        try:
            async with self._database.transaction() as conn:
                return await applies.begin_apply(
                    await hold_session(conn, change.session_id),
                    change.id,
                    project_id,
                    self._host_id,
                    planned.pre_tree,
                    planned.post_tree,
                    target=planned.target,
                    applied_tree=part.applied_tree,
                    ref=planned.ref,
                    old_commit=planned.old_commit,
                    new_commit=commit,
                )
        except ConflictError:  # at the same moment either of two constraints may refuse the second entry
            async with self._database.connection() as conn:
                writing = await applies.list_writing_applies(conn, self._host_id)
                now = await changes.get_change(conn, change.id)
            if now.state is ChangeState.PENDING and all(one.change_id != change.id for one in writing):
                raise
            return False

    async def _plan(
        self, change: Change, project_id: ProjectId, request: ApplyRequest
    ) -> tuple[ChangePart, PlannedApply, ShadowRepository]:
        _, _, path = await self._place(change.id)
        shadow = await self._shadows.of(project_id, path)
        ref = f"refs/boocoder/applies/{change.id}/part"
        part = await select_part(self._database, shadow, change, request.select, ref=ref)
        planned = await (await self._planner(change, project_id, part, request, shadow)).plan()
        if isinstance(planned, list):
            raise await conflict_of(shadow, planned)
        return part, planned, shadow

    async def _write(self, change: Change, planned: PlannedApply, commit: str | None) -> list[MergeConflict]:
        try:
            return await planned.write(commit)
        except BoocoderError as error:
            if error.code != UNFINISHED:
                await self._journal.undone(change.id, change.session_id)
            raise
        except OSError:
            await self._journal.undone(change.id, change.session_id)  # raised before the first file was written
            raise

    async def _await_other(self, change_id: ChangeId) -> ApplyReport:
        """Another process is writing this change: wait for its result."""
        deadline = time.monotonic() + OTHER_APPLY_WAIT_S
        while time.monotonic() < deadline:
            change, _, _ = await self._place(change_id)
            if change.state is not ChangeState.PENDING:
                return await self._already(change)
            await asyncio.sleep(OTHER_APPLY_POLL_S)
        raise ConflictError(
            "apply_in_progress", f"Change {change_id} is being applied by another process.", "Look again in a moment."
        )

    async def _again(
        self, change: Change, project_id: ProjectId, request: ApplyRequest, *, preview: bool = False
    ) -> ApplyReport:
        """Report an applied change; one that was applied elsewhere can still be put on a branch."""
        done = await self._applied(change)
        if done is None or request.target is not ApplyTarget.BRANCH or done.target is ApplyTarget.BRANCH:
            return already_applied(change, done)
        _, _, path = await self._place(change.id)
        shadow = await self._shadows.of(project_id, path)
        part = ChangePart(change.applied_tree or change.tree, whole=change.applied_tree is None)
        planner = await self._planner(change, project_id, part, request, shadow)
        return await put_on_branch(replace(planner, applied=True), done, preview=preview)

    async def _planner(
        self, change: Change, project_id: ProjectId, part: ChangePart, request: ApplyRequest, shadow: ShadowRepository
    ) -> ApplyPlanner:
        policy = await policy_of(self._database, project_id, sign_commits=self._sign)
        index = self._index(project_id)
        return ApplyPlanner(self._database, self._failpoints, shadow, index, change, part, request, policy=policy)

    async def _already(self, change: Change) -> ApplyReport:
        return already_applied(change, await self._applied(change))

    async def _applied(self, change: Change) -> Applied | None:
        if change.state is not ChangeState.APPLIED:
            raise not_pending(change)
        async with self._database.connection() as conn:
            return await applies.find_apply(conn, change.id)

    async def undo(self, change_id: ChangeId, *, preview: bool = False) -> ApplyUndo:
        """Take a change that was applied to the checkout out of it again; errors as `ApplyUndoer.undo`.

        Once started it runs to its end, also if the caller is cancelled.
        """
        spawned = self._supervisor.spawn(self._undo_outcome(change_id, preview), f"undo apply {change_id}")
        outcome = await asyncio.shield(spawned)
        if isinstance(outcome, BoocoderError):
            raise outcome
        return outcome

    async def _undo_outcome(self, change_id: ChangeId, preview: bool) -> ApplyUndo | BoocoderError:
        try:
            _, project_id, path = await self._place(change_id)
            async with self._locks.setdefault(project_id, asyncio.Lock()):
                await self._end_left(project_id)
                change, _, _ = await self._place(change_id)
                undone = await (await self._undoer(project_id, path)).undo(change, preview=preview)
            if not preview and self._followed is not None:
                await self._followed(change.session_id)
            return undone
        except BoocoderError as error:
            return error

    async def _undoer(self, project_id: ProjectId, path: Path) -> ApplyUndoer:
        shadow = await self._shadows.of(project_id, path)
        return ApplyUndoer(self._journal.outbox, self._failpoints, shadow, self._index(project_id), self._host_id)

    async def reject(self, change_id: ChangeId) -> None:
        """Reject a change; rejecting a rejected change does nothing.

        Raises:
            NotFound: there is no such change.
            Conflict: it is applied, superseded or withdrawn.
        """
        change, project_id, _ = await self._place(change_id)
        async with self._locks.setdefault(project_id, asyncio.Lock()):
            if not await self._journal.reject(change):
                change, _, _ = await self._place(change_id)
                if change.state is not ChangeState.REJECTED:
                    raise not_pending(change)

    async def resume_all(self) -> list[ApplyReport]:
        """Finish or undo every apply that a crash interrupted. Call it once, before any other apply.

        One that cannot be finished now, for example because its project is missing, is left to the next start.
        """
        async with self._database.connection() as conn:
            writing = await applies.list_writing_applies(conn, self._host_id)
        reports: list[ApplyReport] = []
        for one in writing:
            try:
                report = await self._resume(one)
            except (BoocoderError, OSError):
                log.exception("interrupted apply not finished", extra={"change_id": str(one.change_id)})
            else:
                reports.extend([report] if report else [])
        return reports

    async def _end_left(self, project_id: ProjectId) -> bool:
        """Finish an apply that failed after the point of no return; whether there was one.

        The caller holds the project's lock and a host is one process, so no other task is writing it.
        """
        if self._host_id is None:
            return False
        async with self._database.connection() as conn:
            writing = await applies.list_writing_applies(conn, self._host_id)
        found = False
        for one in writing:
            if one.project_id == project_id:
                found = await self._resume(one) is not None or found
        return found

    async def _resume(self, one: WritingApply) -> ApplyReport | None:
        async with self._database.connection() as conn:
            project = await projects.get_project(conn, one.project_id)
            change = await changes.get_change(conn, one.change_id)
        if one.reverts:
            pending_id = await (await self._undoer(one.project_id, Path(project.path))).resume(one, change)
            return ApplyReport(one.change_id, "undone", rest=pending_id)
        shadow = await self._shadows.of(one.project_id, Path(project.path))
        applied, left = await self._bring_to_end(shadow, one)
        names = tuple(path_text(conflict.path)[0] for conflict in left)
        if not applied:
            text = "Applying was interrupted and your repository has changed since, so it was undone"
            await self._journal.undone(
                change.id, change.session_id, f"{text}{f', except for {chr(44).join(names)}' if names else ''}."
            )
            return None
        rest = await self._journal.finish(change, shadow, one.applied_tree, names)
        return ApplyReport(
            one.change_id, "applied", 0, names, target=one.target, ref=one.ref, commit=one.new_commit, rest=rest
        )

    async def _bring_to_end(self, shadow: ShadowRepository, one: WritingApply) -> tuple[bool, list[MergeConflict]]:
        index = self._index(one.project_id)
        match one.target:
            case ApplyTarget.COMMIT:
                return await resume_commit(shadow, index=index, one=one, name=one.change_id.hex)
            case ApplyTarget.BRANCH:
                return await resume_branch(shadow, one), []
            case ApplyTarget.CHECKOUT:
                root = shadow.checkout.root
                return True, await resume_apply(
                    shadow, checkout=root, index=index, pre_tree=one.pre_tree, post_tree=one.post_tree
                )

    async def _place(self, change_id: ChangeId) -> tuple[Change, ProjectId, Path]:
        async with self._database.connection() as conn:
            change = await changes.get_change(conn, change_id)
            session = await sessions.get_session(conn, change.session_id)
            project = await projects.get_project(conn, session.project_id)
        return change, session.project_id, Path(project.path)

    def _index(self, project_id: ProjectId) -> Path:
        return self._indexes / f"project-{project_id}.index"
