"""Goes on with a session of another host, from its last stored snapshot.

Everything that can fail comes first: packs are taken in and found whole. Then one transaction moves the session. The
worktree itself is made by the next turn, as after a removal.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from boocoder.broker.outbox import Outbox
from boocoder.db.conversation import sessions
from boocoder.db.conversation.agent_notes import add_note
from boocoder.db.core.pool import Database
from boocoder.db.files import worktrees
from boocoder.db.files.changes import move_base
from boocoder.db.files.snapshot_store import StoredSnapshot
from boocoder.db.files.snapshots import SnapshotBase
from boocoder.db.files.worktrees import Snapshot, WorktreeRow, insert_snapshot
from boocoder.db.registry import host_projects, projects
from boocoder.db.registry.host_projects import ProjectState
from boocoder.db.tasks import takeovers
from boocoder.db.tasks.hosts import get_holder
from boocoder.db.tasks.takeovers import SessionBinding
from boocoder.errors import Conflict
from boocoder.events import frames
from boocoder.events.agent_event import NoticeLevel
from boocoder.failpoints import Failpoints
from boocoder.git.refs import write_ref
from boocoder.git.shadow.registry import ShadowRegistry
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.transfer.adopted import begin_repository, drop_repository
from boocoder.git.transfer.packs import require_whole
from boocoder.model.ids import HostId, InstanceId, SessionId, SnapshotId, new_id
from boocoder.model.session import SessionState, SnapshotKind
from boocoder.wire.projects import Project
from boocoder.wire.sessions import Session
from boocoder.worktrees.create.repair import branch_name
from boocoder.worktrees.history.rewind import Remeasure, StoreChange
from boocoder.worktrees.history.snapshot_base import snapshot_base
from boocoder.worktrees.history.snapshots import SnapshotSource, describe
from boocoder.worktrees.stored.reader import StoredSnapshots

FOR_AGENT = (
    "[This session goes on on another machine, with the files as at {when}. Changes after that, ignored files and "
    "running processes are not here. Read files again before you edit them.]"
)


@dataclass(frozen=True, slots=True)
class AdoptionPoint:
    """What a session goes on from.

    Args:
        tree: its files.
        head_commit: what its branch is on.
        when: what the files are as at, in words.
        complete: whether that is the newest snapshot that its host took.
        base: what its change was measured against then, where the newest snapshot is not here; else None.
    """

    tree: str
    head_commit: str
    when: str
    complete: bool
    base: SnapshotBase | None

    @property
    def base_tree(self) -> str | None:
        """What the change is measured against; None for what it was until now."""
        return None if self.base is None else self.base.tree


class SessionAdopter:
    """Takes sessions of other hosts over to this one.

    Args:
        stored: brings the objects.
        remeasure: what the files mean for the session's change.
        indexes: directory of the private git indexes, one a session.
        after_s: how long another host has to be silent unless a person asks; 0: for ever.
    """

    def __init__(
        self,
        *,
        database: Database,
        outbox: Outbox,
        shadows: ShadowRegistry,
        stored: StoredSnapshots,
        remeasure: Remeasure,
        indexes: Path,
        host_id: HostId,
        instance_id: InstanceId,
        after_s: float,
        failpoints: Failpoints,
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._shadows = shadows
        self._stored = stored
        self._remeasure = remeasure
        self._indexes = indexes
        self._host_id = host_id
        self._instance_id = instance_id
        self._after_s = after_s
        self._failpoints = failpoints
        self._one_by_one: defaultdict[SessionId, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def adopt(self, session_id: SessionId, *, asked: bool) -> bool:
        """Go on with a session here; False if it is here already, or another host was quicker.

        Args:
            asked: by a person: also while its host runs.

        Raises:
            NotFound: session_not_found.
            Conflict: session_without_worktree, session_archived, project_not_here, snapshot_not_stored, session_busy.
            GitError: objects_missing, or git failed. Nothing was changed.
            Unavailable: the database is away.
        """
        async with self._one_by_one[session_id]:
            return await self._adopt(session_id, asked=asked)

    async def _adopt(self, session_id: SessionId, *, asked: bool) -> bool:
        async with self._database.connection() as conn:
            session = await sessions.get_session(conn, session_id)
            project = await projects.get_project(conn, session.project_id)
            row = await worktrees.get_worktree(conn, session_id)
            newest = await worktrees.latest_snapshot(conn, session_id)
        if session.host_id == self._host_id:
            return False
        if session.state is SessionState.ARCHIVED:
            raise Conflict(
                "session_archived", f"Session {session_id} is archived.", "Take it out of the archive first."
            )
        if row is None or session.host_id is None:
            text = f"Session {session_id} has no files yet."
            raise Conflict("session_without_worktree", text, "The host that runs its next task makes them.")
        await self._require_project(project)
        shadow = await self._shadows.of(project.id, Path(project.path))
        point = await self._point(session, shadow, row, newest)
        index = self._indexes / f"{session_id}.index"
        change = await self._remeasure(SnapshotSource(row, project.id, shadow, index), point.tree, point.base_tree)
        path, moved = Path(row.path), False
        kept = await begin_repository(
            shadow.worktrees, shadow.checkout, path,
            commit=point.head_commit, branch=branch_name(session.title, session_id),
        )  # fmt: skip
        try:
            self._failpoints.hit("adopt.before_move")
            moved = await self._move(session, shadow, point, kept, change, asked=asked)
        finally:
            if not moved:
                await drop_repository(shadow.worktrees, path, kept)
        return moved

    async def _require_project(self, project: Project) -> None:
        async with self._database.connection() as conn:
            found = await host_projects.list_host_projects(conn, self._host_id, project.id)
        state = found[0].state if found else ProjectState.MISSING
        if state is ProjectState.READY:
            return
        there = "There is another repository" if state is ProjectState.OTHER_REPOSITORY else "There is no repository"
        raise Conflict(
            "project_not_here",
            f"{there} at {project.path} on this host.",
            f"Put a clone of {project.name} at that path.",
        )

    async def _point(
        self, session: Session, shadow: ShadowRepository, row: WorktreeRow, newest: Snapshot | None
    ) -> AdoptionPoint:
        """The last stored snapshot, all of which is here; the base where the files never were anything else."""
        stored = await self._stored.bring(session.id, shadow)
        last = stored[-1] if stored else None
        if last is None and newest is not None and newest.tree != row.base_tree:
            raise _not_stored(session)
        tree = last.tree if last else row.base_tree
        complete = newest is None or newest.tree == tree
        base = await self._base(session.id, shadow, last) if last is not None and not complete else None
        base_commit, base_tree = (row.base_commit, row.base_tree) if base is None else (base.commit, base.tree)
        commit = (last.head_commit if last else None) or base_commit
        await require_whole(shadow.git, shadow.checkout, trees=[tree, base_tree], commits=[base_commit, commit])
        return AdoptionPoint(tree, commit, await self._when(session.id, last, newest), complete, base)

    async def _base(self, session_id: SessionId, shadow: ShadowRepository, last: StoredSnapshot) -> SnapshotBase:
        """What the change was measured against at a snapshot that is not the newest."""
        cure = "Start boocoder on the session's host."
        return await snapshot_base(
            self._database, shadow, session_id, tree=last.tree, taken_at=last.taken_at, cure=cure
        )

    async def _when(self, session_id: SessionId, last: StoredSnapshot | None, newest: Snapshot | None) -> str:
        if last is None:
            return "their base"
        if newest is not None and newest.tree == last.tree:
            return describe(newest)
        return f"the snapshot of {last.taken_at:%Y-%m-%d %H:%M:%S UTC}"

    async def _move(
        self,
        session: Session,
        shadow: ShadowRepository,
        point: AdoptionPoint,
        kept: Path | None,
        change: StoreChange,
        *,
        asked: bool,
    ) -> bool:
        snapshot_id = SnapshotId(new_id())
        ref = f"refs/boocoder/{session.id}/{snapshot_id}"
        write_ref(shadow.git_dir, ref, point.tree)
        async with self._outbox.transaction() as transaction:
            conn = transaction.conn
            binding = await takeovers.lock_binding(conn, session.id)
            if binding is None or binding.host_id is None or binding.host_id == self._host_id:
                return False
            moved = await takeovers.move_session(
                conn, session.id, before=binding.host_id, host_id=self._host_id, instance_id=self._instance_id,
                asked=asked, after_s=self._after_s,
            )  # fmt: skip
            if not moved:
                if asked:
                    raise _busy(session, binding)
                return False
            holder = await get_holder(conn, self._host_id)
            text = _told(session.id, holder.name if holder else "this host", binding, point, kept)
            await insert_snapshot(
                conn, snapshot_id, session.id, task_id=None, kind=SnapshotKind.TAKEOVER, tree=point.tree, ref=ref,
                note=f"as at {point.when}", head_commit=point.head_commit,
            )  # fmt: skip
            if point.base is not None:
                await move_base(conn, session.id, base_commit=point.base.commit, base_tree=point.base.tree)
            await add_note(conn, session.id, FOR_AGENT.format(when=point.when))
            notice = frames.session_notice(session.id, "taken_over", text, NoticeLevel.WARNING)
            await transaction.append(session.id, [notice, *await change(conn)])
            self._failpoints.hit("adopt.before_commit")
        return True


def _told(session_id: SessionId, here: str, binding: SessionBinding, point: AdoptionPoint, kept: Path | None) -> str:
    """What happened and what is not here, for the person."""
    there = binding.host_name or "the other host"
    why = "" if binding.alive else f", because {there} does not run"
    if not binding.alive and binding.seen_until is not None:
        why += f" since {binding.seen_until:%Y-%m-%d %H:%M:%S UTC}"
    text = f"This session goes on on {here}{why}. Its files are as at {point.when}."
    if not point.complete:
        text += " Newer snapshots were not stored for other hosts."
    text += (
        f" What changed after that, ignored files and stashes are on {there}, in worktrees/{session_id} of its data"
        " directory."
    )
    return f"{text} Files from before are here, in {kept}." if kept is not None else text


def _not_stored(session: Session) -> Conflict:
    host = session.absent_host or "its host"
    return Conflict(
        "snapshot_not_stored",
        f"The files of session {session.id} were never stored for other hosts.",
        f"Start boocoder on {host}. Which snapshots are stored: docs/hosts.md.",
    )


def _busy(session: Session, binding: SessionBinding) -> Conflict:
    return Conflict(
        "session_busy",
        f"{binding.host_name} works on session {session.id}: a turn runs or just ended, its files are being changed, or"
        " an apply is half written there.",
        "Wait for it, or start boocoder there if it does not run, then try again.",
    )
