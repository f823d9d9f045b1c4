"""Decides changes: applies a part of one behind a journal, or rejects it. It starts nothing by itself."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

from boocoder.changes.apply import resume_apply
from boocoder.changes.apply_branch import resume_branch
from boocoder.changes.apply_commit import UNFINISHED, resume_commit
from boocoder.changes.conflicts import ApplyConflict, conflict_of
from boocoder.changes.journal import Journal, Publisher
from boocoder.changes.measure import path_text
from boocoder.changes.planning import ApplyReport, ApplyRequest, Planned, Planner
from boocoder.changes.selection import Part, select_part
from boocoder.db import changes, projects, sessions
from boocoder.db.changes import ApplyTarget, Change, WritingApply
from boocoder.db.pool import Database
from boocoder.errors import BoocoderError
from boocoder.errors import Conflict as ConflictError
from boocoder.failpoints import Failpoints
from boocoder.git.merge import Conflict
from boocoder.git.shadow import ShadowRepository
from boocoder.git.shadows import Shadows
from boocoder.model.ids import ChangeId, HostId, ProjectId
from boocoder.model.task import ChangeState
from boocoder.service import Supervisor

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
        broker: told of every change that moved, after the commit.
        indexes: directory of private git indexes; one a project is kept here.
        host_id: with it, `resume_all` leaves the sessions of other hosts alone.
        failpoints: places to die in tests.
    """

    def __init__(
        self,
        *,
        database: Database,
        shadows: Shadows,
        broker: Publisher,
        indexes: Path,
        host_id: HostId | None = None,
        failpoints: Failpoints | None = None,
    ) -> None:
        self._database = database
        self._shadows = shadows
        self._journal = Journal(database, broker)
        self._indexes = indexes
        self._host_id = host_id
        self._failpoints = failpoints or Failpoints()
        self._locks: dict[ProjectId, asyncio.Lock] = {}
        self._supervisor = Supervisor("changes")

    async def stop(self) -> None:
        """Let what is being written end; what does not in time is finished from the journal at the next start."""
        await self._supervisor.stop(STOP_GRACE_S)

    async def apply(self, change_id: ChangeId, request: ApplyRequest = _PLAIN) -> ApplyReport:
        """Put a change, or a part of it, where the request says. Applying an applied change reports so.

        Once begun it goes to its end, also if the caller is cancelled.

        Raises:
            NotFound: there is no such change.
            ApplyConflict: files stand against it; nothing was touched.
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
            _, project_id, _ = await self._place(change_id)
            async with self._locks.setdefault(project_id, asyncio.Lock()):
                return await self._apply(change_id, request)
        except BoocoderError as error:
            return error

    async def preview(self, change_id: ChangeId, request: ApplyRequest = _PLAIN) -> ApplyReport:
        """What `apply` would do, or which files stand against it; nothing is touched. Other errors as `apply`."""
        change, project_id, _ = await self._place(change_id)
        async with self._locks.setdefault(project_id, asyncio.Lock()):
            if change.state is not ChangeState.PENDING:
                return await self._already(change)
            try:
                part, planned, _ = await self._plan(change, project_id, request)
            except ApplyConflict as found:
                return ApplyReport(change.id, "conflicts", target=request.target, conflicts=found.files)
        return _report(change, "possible", planned, part, None)

    async def _apply(self, change_id: ChangeId, request: ApplyRequest) -> ApplyReport:
        change, project_id, _ = await self._place(change_id)
        if await self._end_left(project_id):
            change, _, _ = await self._place(change_id)
        if change.state is not ChangeState.PENDING:
            return await self._already(change)
        part, planned, shadow = await self._plan(change, project_id, request)
        commit = await planned.prepare()
        async with self._database.transaction() as conn:
            ours = await changes.begin_apply(
                conn,
                change.id,
                project_id,
                planned.pre_tree,
                planned.post_tree,
                target=planned.target,
                applied_tree=part.applied_tree,
                ref=planned.ref,
                old_commit=planned.old_commit,
                new_commit=commit,
            )
        if not ours:
            return await self._await_other(change.id)
        conflicts = await self._write(change, planned, commit)
        if conflicts:
            await self._journal.undone(change.id, change.session_id)
            raise await conflict_of(shadow, conflicts)
        rest = await self._journal.finish(change, shadow, part.applied_tree)
        return _report(change, "applied", planned, part, commit, rest)

    async def _plan(
        self, change: Change, project_id: ProjectId, request: ApplyRequest
    ) -> tuple[Part, Planned, ShadowRepository]:
        _, _, path = await self._place(change.id)
        shadow = await self._shadows.of(project_id, path)
        ref = f"refs/boocoder/applies/{change.id}/part"
        part = await select_part(self._database, shadow, change, request.select, ref=ref)
        index = self._index(project_id)
        planner = Planner(self._database, self._failpoints, shadow, index, change, part, request)
        planned = await planner.plan()
        if isinstance(planned, list):
            raise await conflict_of(shadow, planned)
        return part, planned, shadow

    async def _write(self, change: Change, planned: Planned, commit: str | None) -> list[Conflict]:
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
        """Another process is writing this change: say what came of it."""
        deadline = time.monotonic() + OTHER_APPLY_WAIT_S
        while time.monotonic() < deadline:
            change, _, _ = await self._place(change_id)
            if change.state is not ChangeState.PENDING:
                return await self._already(change)
            await asyncio.sleep(OTHER_APPLY_POLL_S)
        raise ConflictError(
            "apply_in_progress", f"Change {change_id} is being applied by another process.", "Look again in a moment."
        )

    async def _already(self, change: Change) -> ApplyReport:
        if change.state is not ChangeState.APPLIED:
            raise _not_pending(change)
        async with self._database.connection() as conn:
            done = await changes.find_apply(conn, change.id)
        if done is None:
            return ApplyReport(change.id, "already_applied")
        return ApplyReport(change.id, "already_applied", target=done.target, ref=done.ref, commit=done.new_commit)

    async def reject(self, change_id: ChangeId) -> None:
        """Record that a person does not want a change. Rejecting a rejected change is fine.

        Raises:
            NotFound: there is no such change.
            Conflict: it is applied, superseded or withdrawn.
        """
        change, project_id, _ = await self._place(change_id)
        async with self._locks.setdefault(project_id, asyncio.Lock()):
            if not await self._journal.reject(change):
                change, _, _ = await self._place(change_id)
                if change.state is not ChangeState.REJECTED:
                    raise _not_pending(change)

    async def resume_all(self) -> list[ApplyReport]:
        """Finish or undo every apply that a crash cut short. Called once, before anything else may apply.

        One that cannot be finished now, such as of a project that is not there, stays for the next start.
        """
        async with self._database.connection() as conn:
            writing = await changes.list_writing_applies(conn)
        reports: list[ApplyReport] = []
        for one in writing:
            try:
                report = await self._resume(one)
            except (BoocoderError, OSError):
                log.exception("an apply cannot be finished", extra={"change_id": str(one.change_id)})
            else:
                reports.extend([report] if report else [])
        return reports

    async def _end_left(self, project_id: ProjectId) -> bool:
        """Bring an apply to its end that met an error past the point of no return; whether there was one.

        The project's lock is held, and a host is one process, so nobody is writing it.
        """
        if self._host_id is None:
            return False
        async with self._database.connection() as conn:
            writing = await changes.list_writing_applies(conn)
        found = False
        for one in writing:
            if one.project_id == project_id:
                found = await self._resume(one) is not None or found
        return found

    async def _resume(self, one: WritingApply) -> ApplyReport | None:
        async with self._database.connection() as conn:
            session = await sessions.get_session(conn, one.session_id)
            project = await projects.get_project(conn, one.project_id)
            change = await changes.get_change(conn, one.change_id)
        if self._host_id is not None and session.host_id not in (None, self._host_id):
            return None
        shadow = await self._shadows.of(one.project_id, Path(project.path))
        applied, left = await self._bring_to_end(shadow, one)
        names = tuple(path_text(conflict.path)[0] for conflict in left)
        if not applied:
            text = "Applying was cut short, and your repository has gone on since: it was undone"
            await self._journal.undone(
                change.id, change.session_id, f"{text}{f', except for {chr(44).join(names)}' if names else ''}."
            )
            return None
        rest = await self._journal.finish(change, shadow, one.applied_tree, names)
        return ApplyReport(
            one.change_id, "applied", 0, names, target=one.target, ref=one.ref, commit=one.new_commit, rest=rest
        )

    async def _bring_to_end(self, shadow: ShadowRepository, one: WritingApply) -> tuple[bool, list[Conflict]]:
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


def _report(
    change: Change,
    state: str,
    planned: Planned,
    part: Part,
    commit: str | None,
    rest: ChangeId | None = None,
) -> ApplyReport:
    return ApplyReport(
        change.id,
        "applied" if state == "applied" else "possible",
        planned.files,
        planned.left,
        planned.target,
        planned.ref,
        commit,
        part.units,
        part.of,
        rest,
    )


def _not_pending(change: Change) -> ConflictError:
    return ConflictError(
        "change_not_pending",
        f"Change {change.id} is {change.state.value}, so it cannot be decided any more.",
        "Look at the session's newest change.",
    )
