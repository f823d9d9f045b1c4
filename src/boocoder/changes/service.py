"""Decides changes: applies one to the user's checkout behind a journal, or rejects it. It starts nothing by itself."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from boocoder.changes.apply import ApplyPlan, plan_apply, resume_apply, write_plan
from boocoder.changes.measure import path_text
from boocoder.db import changes, events, projects, sessions
from boocoder.db.changes import ApplyState, Change, WritingApply
from boocoder.db.pool import Database
from boocoder.errors import BoocoderError
from boocoder.errors import Conflict as ConflictError
from boocoder.events import frames
from boocoder.events.agent_event import NoticeLevel
from boocoder.git.merge import Conflict
from boocoder.git.shadow import ShadowRepository
from boocoder.git.shadows import Shadows
from boocoder.model.ids import ChangeId, HostId, ProjectId, SessionId
from boocoder.model.task import ChangeState
from boocoder.service import Supervisor

log = logging.getLogger(__name__)

OTHER_APPLY_WAIT_S = 30.0  # another process writes this very change; thousands of files take seconds
OTHER_APPLY_POLL_S = 0.1
STOP_GRACE_S = 10.0  # as long as the whole service takes to stop
SHOWN_CONFLICTS = 10  # in one sentence; the whole list is in `conflicts`


class Publisher(Protocol):
    """What the broker does for us."""

    def commit(
        self, session_id: SessionId, first_seq: int, last_seq: int, frames: Sequence[frames.Frame], /
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """What applying came to.

    Args:
        state: `applied` now, or `already_applied` before.
        files: how many files of the checkout were written or deleted.
        left: paths, as text, that were not written: submodules, and after a crash what somebody changed since.
    """

    change_id: ChangeId
    state: Literal["applied", "already_applied"]
    files: int = 0
    left: tuple[str, ...] = ()


class ApplyConflict(ConflictError):
    """The user's checkout stands against the change; nothing was touched.

    Args:
        conflicts: file by file.
    """

    def __init__(self, conflicts: Sequence[Conflict]) -> None:
        shown = "; ".join(f"{path_text(one.path)[0]} {one.text}" for one in conflicts[:SHOWN_CONFLICTS])
        more = len(conflicts) - SHOWN_CONFLICTS
        super().__init__(
            "apply_conflicts",
            f"The change does not fit your checkout, nothing was touched: {shown}{f'; and {more} more' * (more > 0)}.",
            "Move or commit your own edits of these files, or let the agent redo them, then apply again.",
        )
        self.conflicts = tuple(conflicts)


class ChangeApplier:
    """Applies and rejects changes of this host's projects.

    Args:
        database: where changes and the journal are.
        shadows: the projects' shadow repositories.
        broker: told of every change that moved, after the commit.
        indexes: directory of private git indexes; one a project is kept here.
        host_id: with it, `resume_all` leaves the sessions of other hosts alone.
    """

    def __init__(
        self,
        *,
        database: Database,
        shadows: Shadows,
        broker: Publisher,
        indexes: Path,
        host_id: HostId | None = None,
    ) -> None:
        self._database = database
        self._shadows = shadows
        self._broker = broker
        self._indexes = indexes
        self._host_id = host_id
        self._locks: dict[ProjectId, asyncio.Lock] = {}
        self._supervisor = Supervisor("changes")

    async def stop(self) -> None:
        """Let what is being written end; what does not in time is finished from the journal at the next start."""
        await self._supervisor.stop(STOP_GRACE_S)

    async def apply(self, change_id: ChangeId) -> ApplyReport:
        """Put a change into the user's checkout. Applying an applied change reports so.

        Once begun it goes to its end, also if the caller is cancelled.

        Raises:
            NotFound: there is no such change.
            ApplyConflict: files stand against it; nothing was touched.
            Conflict: it was rejected, superseded or withdrawn, or another one is being written.
            GitError: git failed; nothing was touched.
        """
        outcome = await asyncio.shield(self._supervisor.spawn(self._outcome(change_id), f"apply {change_id}"))
        if isinstance(outcome, BoocoderError):
            raise outcome
        return outcome

    async def _outcome(self, change_id: ChangeId) -> ApplyReport | BoocoderError:
        try:
            return await self._apply(change_id)
        except BoocoderError as error:
            return error

    async def _apply(self, change_id: ChangeId) -> ApplyReport:
        _, project_id, checkout = await self._place(change_id)
        async with self._locks.setdefault(project_id, asyncio.Lock()):
            change = await self._get(change_id)
            if change.state is not ChangeState.PENDING:
                return _already(change)
            shadow = await self._shadows.of(project_id, checkout)
            plan = await plan_apply(
                shadow,
                checkout=shadow.checkout.root,
                index=self._index(project_id),
                base_tree=await self._merge_base(change),
                tree=change.tree,
                ref=f"refs/boocoder/applies/{change_id}",
            )
            if not isinstance(plan, ApplyPlan):
                raise ApplyConflict(plan)
            return await self._write(change, project_id, shadow, plan)

    async def _merge_base(self, change: Change) -> str:
        """The tree that the checkout and the change have in common: what was applied last, else the base.

        A session goes on after its change was applied. Its next change holds the applied one too, and against
        the base every line that both hold would be a conflict.
        """
        async with self._database.connection() as conn:
            applied = await changes.list_changes(conn, session_id=change.session_id, state=ChangeState.APPLIED, limit=1)
        return applied[0].tree if applied else change.base_tree

    async def _write(
        self, change: Change, project_id: ProjectId, shadow: ShadowRepository, plan: ApplyPlan
    ) -> ApplyReport:
        async with self._database.transaction() as conn:
            ours = await changes.begin_apply(conn, change.id, project_id, plan.pre_tree, plan.post_tree)
        if not ours:
            return await self._await_other(change.id)
        try:
            conflicts = await write_plan(
                shadow,
                checkout=shadow.checkout.root,
                index=self._index(project_id),
                pre_tree=plan.pre_tree,
                post_tree=plan.post_tree,
            )
        except (BoocoderError, OSError):
            await self._end_undone(change.id)  # raised before the first file was written
            raise
        if conflicts:
            await self._end_undone(change.id)
            raise ApplyConflict(conflicts)
        await self._finish(change)
        left = tuple(path_text(path)[0] for path in plan.submodules)
        return ApplyReport(change.id, "applied", len(plan.files) - len(left), left)

    async def _end_undone(self, change_id: ChangeId) -> None:
        async with self._database.transaction() as conn:
            await changes.end_apply(conn, change_id, ApplyState.UNDONE)

    async def _await_other(self, change_id: ChangeId) -> ApplyReport:
        """Another process is writing this change: say what came of it."""
        deadline = time.monotonic() + OTHER_APPLY_WAIT_S
        while time.monotonic() < deadline:
            change = await self._get(change_id)
            if change.state is not ChangeState.PENDING:
                return _already(change)
            await asyncio.sleep(OTHER_APPLY_POLL_S)
        raise ConflictError(
            "apply_in_progress", f"Change {change_id} is being applied by another process.", "Look again in a moment."
        )

    async def reject(self, change_id: ChangeId) -> None:
        """Record that a person does not want a change. Rejecting a rejected change is fine.

        Raises:
            NotFound: there is no such change.
            Conflict: it is applied, superseded or withdrawn.
        """
        change, project_id, _ = await self._place(change_id)
        async with self._locks.setdefault(project_id, asyncio.Lock()):
            if not await self._decide(change, ChangeState.REJECTED):
                change = await self._get(change_id)
                if change.state is not ChangeState.REJECTED:
                    raise _not_pending(change)

    async def resume_all(self) -> list[ApplyReport]:
        """Finish every apply that a crash cut short. Called once, before anything else may apply.

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

    async def _resume(self, one: WritingApply) -> ApplyReport | None:
        async with self._database.connection() as conn:
            session = await sessions.get_session(conn, one.session_id)
            project = await projects.get_project(conn, one.project_id)
        if self._host_id is not None and session.host_id not in (None, self._host_id):
            return None
        shadow = await self._shadows.of(one.project_id, Path(project.path))
        left = await resume_apply(
            shadow,
            checkout=shadow.checkout.root,
            index=self._index(one.project_id),
            pre_tree=one.pre_tree,
            post_tree=one.post_tree,
        )
        names = tuple(path_text(conflict.path)[0] for conflict in left)
        await self._finish(await self._get(one.change_id), names)
        return ApplyReport(one.change_id, "applied", 0, names)

    async def _finish(self, change: Change, left: Sequence[str] = ()) -> None:
        """Close the journal and record the decision, in one transaction."""
        drafts: list[frames.Frame] = []
        if left:
            text = f"Applying was cut short and has been finished, except for what changed since: {', '.join(left)}."
            drafts.append(
                frames.Notice(
                    session_id=change.session_id, code="apply_left_files", text=text, level=NoticeLevel.WARNING
                )
            )
        if not await self._decide(change, ChangeState.APPLIED, drafts):
            log.warning("a change was decided while it was being applied", extra={"change_id": str(change.id)})

    async def _decide(
        self,
        change: Change,
        state: Literal[ChangeState.APPLIED, ChangeState.REJECTED],
        drafts: Sequence[frames.Frame] = (),
    ) -> bool:
        async with self._database.transaction() as conn:
            if state is ChangeState.APPLIED:
                await changes.end_apply(conn, change.id, ApplyState.DONE)
            decided = await changes.decide_change(conn, change.id, state)
            made = [*drafts, *([_updated(change, state)] if decided else [])]
            if not made:
                return decided
            first = await events.append_frames(conn, change.session_id, made)
        self._broker.commit(change.session_id, first, first + len(made) - 1, made)
        return decided

    async def _place(self, change_id: ChangeId) -> tuple[Change, ProjectId, Path]:
        async with self._database.connection() as conn:
            change = await changes.get_change(conn, change_id)
            session = await sessions.get_session(conn, change.session_id)
            project = await projects.get_project(conn, session.project_id)
        return change, session.project_id, Path(project.path)

    async def _get(self, change_id: ChangeId) -> Change:
        async with self._database.connection() as conn:
            return await changes.get_change(conn, change_id)

    def _index(self, project_id: ProjectId) -> Path:
        return self._indexes / f"project-{project_id}.index"


def _already(change: Change) -> ApplyReport:
    if change.state is not ChangeState.APPLIED:
        raise _not_pending(change)
    return ApplyReport(change.id, "already_applied")


def _not_pending(change: Change) -> ConflictError:
    return ConflictError(
        "change_not_pending",
        f"Change {change.id} is {change.state.value}, so it cannot be decided any more.",
        "Look at the session's newest change.",
    )


def _updated(change: Change, state: Literal[ChangeState.APPLIED, ChangeState.REJECTED]) -> frames.ChangeUpdated:
    return frames.ChangeUpdated(
        session_id=change.session_id,
        change_id=change.id,
        state="applied" if state is ChangeState.APPLIED else "rejected",
        agent=change.agent,
        files=len(msgspec.json.decode(change.files, type=list[msgspec.Raw])),
        additions=change.additions,
        deletions=change.deletions,
    )
