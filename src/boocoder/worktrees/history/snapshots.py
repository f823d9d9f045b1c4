"""Takes snapshots of sessions' worktrees: the tree, the ref that keeps it, and the row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from boocoder.db.conversation import sessions
from boocoder.db.core.pool import Database
from boocoder.db.files import snapshots, worktrees
from boocoder.db.files.worktrees import Snapshot, WorktreeRow
from boocoder.db.registry import projects
from boocoder.errors import Conflict
from boocoder.git.shadow import snapshot as git_snapshot
from boocoder.git.shadow.real_directory import is_real_directory
from boocoder.git.shadow.registry import ShadowRegistry
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.transfer.packs import existing
from boocoder.model.ids import ProjectId, SessionId, SnapshotId, TaskId, new_id
from boocoder.model.session import SnapshotKind, WorktreeState


@dataclass(frozen=True, slots=True)
class SnapshotSource:
    """A session's worktree and where its objects are.

    Args:
        row: as stored.
        index: the private git index of the session.
    """

    row: WorktreeRow
    project_id: ProjectId
    shadow: ShadowRepository
    index: Path

    @property
    def path(self) -> Path:
        """The worktree's directory."""
        return Path(self.row.path)

    @property
    def ready(self) -> bool:
        """Whether the files are there."""
        return self.row.state is WorktreeState.READY and is_real_directory(self.path)


@dataclass(frozen=True, slots=True)
class SnapshotResult:
    """A snapshot, what of the worktree is not in it, and the submodules whose commits the session's repository has."""

    snapshot: Snapshot
    skipped: tuple[git_snapshot.SkippedPath, ...]
    submodules: frozenset[bytes] = frozenset()


class Snapshots:
    """Takes and lists the snapshots of this host's sessions.

    Args:
        shadows: the projects' shadow repositories.
        indexes: directory of the private git indexes, one a session.
    """

    def __init__(self, *, database: Database, shadows: ShadowRegistry, indexes: Path) -> None:
        self._database = database
        self._shadows = shadows
        self._indexes = indexes

    def index_of(self, session_id: SessionId) -> Path:
        """The private git index of a session."""
        return self._indexes / f"{session_id}.index"

    async def place(self, session_id: SessionId, *, absent: bool = False) -> SnapshotSource:
        """The session's worktree, there or not.

        Args:
            absent: also while the user's repository is away.

        Raises:
            NotFound: session_not_found.
            Conflict: session_without_worktree.
            GitError, InvalidInput: the project's repository cannot be used.
        """
        async with self._database.connection() as conn:
            session = await sessions.get_session(conn, session_id)
            project = await projects.get_project(conn, session.project_id)
            row = await worktrees.get_worktree(conn, session_id)
        if row is None:
            raise _without_worktree(session_id)
        shadow = await self._shadows.of(project.id, Path(project.path), absent=absent)
        return SnapshotSource(row, project.id, shadow, self.index_of(session_id))

    async def take(
        self, session_id: SessionId, *, kind: SnapshotKind, task_id: TaskId | None = None, note: str = ""
    ) -> Snapshot:
        """Take the worktree as it is now and keep it.

        Args:
            note: a sentence for people.

        Raises:
            NotFound: session_not_found.
            Conflict: session_without_worktree, worktree_not_there.
            GitError: git refused, or took too long.
        """
        place = await self.place(session_id)
        require_ready(place)
        return (await self.take_whole(place, kind=kind, task_id=task_id, note=note)).snapshot

    async def take_whole(
        self,
        place: SnapshotSource,
        *,
        kind: SnapshotKind,
        task_id: TaskId | None = None,
        note: str = "",
        also: tuple[bytes, ...] = (),
    ) -> SnapshotResult:
        """Like `take`, but ignores the state in the row, and reports files that could not be included.

        Args:
            also: files that are taken although patterns ignore them.
        """
        snapshot_id = SnapshotId(new_id())
        ref = f"refs/boocoder/{place.row.session_id}/{snapshot_id}"
        taken = await place.shadow.take_snapshot(place.path, index=place.index, ref=ref, also=also)
        snapshot = await self.store(
            place.row.session_id, snapshot_id, kind=kind, tree=taken.tree, ref=ref, task_id=task_id, note=note
        )
        return SnapshotResult(snapshot, taken.skipped, taken.submodules)

    async def store(
        self,
        session_id: SessionId,
        snapshot_id: SnapshotId,
        *,
        kind: SnapshotKind,
        tree: str,
        ref: str,
        task_id: TaskId | None = None,
        note: str = "",
    ) -> Snapshot:
        """Add the row of a snapshot whose ref exists already."""
        async with self._database.connection() as conn:
            await worktrees.insert_snapshot(
                conn, snapshot_id, session_id, task_id=task_id, kind=kind, tree=tree, ref=ref, note=note
            )
            return await snapshots.get_snapshot(conn, session_id, snapshot_id)

    async def is_now(self, place: SnapshotSource, snapshot: Snapshot | None, *, path: Path | None = None) -> bool:
        """Whether a snapshot holds the files as they are, those inside of submodules included.

        Args:
            path: where they are; None for the worktree.
        """
        ref = f"refs/boocoder/{place.row.session_id}/now"
        taken = await place.shadow.take_snapshot(path or place.path, index=place.index, ref=ref)
        if snapshot is None or snapshot.tree != taken.tree:
            return False
        return place.shadow.kept_inside(snapshot.kept_by) == taken.inside

    async def tree_now(self, place: SnapshotSource) -> str:
        """The tree of the files as they are, without a row; the next call of this forgets it."""
        ref = f"refs/boocoder/{place.row.session_id}/now"
        return await place.shadow.snapshot(place.path, index=place.index, ref=ref)

    async def tree_at(self, place: SnapshotSource, side: str | SnapshotId) -> str:
        """The tree of a snapshot, of the worktree's base (`base`) or of its files as they are (`now`).

        Raises:
            NotFound: snapshot_not_found.
            Conflict: worktree_not_there, for `now`.
        """
        if side == "base":
            return place.row.base_tree
        if side == "now":
            require_ready(place)
            return await self.tree_now(place)
        async with self._database.connection() as conn:
            return (await snapshots.get_snapshot(conn, place.row.session_id, SnapshotId(UUID(str(side))))).tree

    async def stored_tree(self, session_id: SessionId, side: str) -> str:
        """The tree of a snapshot, or of the worktree's base (`base`), by its row; it may be on another host.

        Raises:
            NotFound: session_not_found, snapshot_not_found.
            Conflict: session_without_worktree.
        """
        async with self._database.connection() as conn:
            if side != "base":
                return (await snapshots.get_snapshot(conn, session_id, SnapshotId(UUID(side)))).tree
            await sessions.get_session(conn, session_id)
            row = await worktrees.get_worktree(conn, session_id)
        if row is None:
            raise _without_worktree(session_id)
        return row.base_tree

    async def latest(self, session_id: SessionId) -> Snapshot | None:
        """The session's newest snapshot."""
        async with self._database.connection() as conn:
            return await worktrees.latest_snapshot(conn, session_id)

    async def list(
        self, session_id: SessionId, *, limit: int = 100, before: SnapshotId | None = None
    ) -> Sequence[Snapshot]:
        """A page of the session's snapshots, newest first.

        Raises:
            NotFound: session_not_found.
        """
        async with self._database.connection() as conn:
            await sessions.get_session(conn, session_id)
            return await snapshots.list_snapshots(conn, session_id, limit=limit, before=before)


def _without_worktree(session_id: SessionId) -> Conflict:
    text = f"Session {session_id} has no worktree yet."
    return Conflict("session_without_worktree", text, "It gets one with its first task.")


async def require_trees(place: SnapshotSource, *trees: str) -> None:
    """Check that what a session's snapshots hold is on this host.

    Raises:
        Conflict: snapshot_elsewhere: one was taken on the host that the session was on before, and was not stored.
        GitError: git failed.
    """
    if len(await existing(place.shadow.git, trees)) < len(set(trees)):
        session_id = place.row.session_id
        raise Conflict(
            "snapshot_elsewhere",
            f"A snapshot of session {session_id} is on the host that the session was on before: it was not stored.",
            "Choose one from since the session is on this host, or one that was stored.",
        )


def require_ready(place: SnapshotSource) -> None:
    """Raises:
    Conflict: worktree_not_there, its files were taken away; worktree_replaced, a symbolic link is in their place.
    """
    if place.row.state is WorktreeState.READY and place.path.is_symlink():
        raise Conflict(
            "worktree_replaced",
            f"A symbolic link is at {place.path}, where the worktree of session {place.row.session_id} was.",
            f"Make it again from its newest snapshot: boocoder worktrees restore {place.row.session_id}",
        )
    if not place.ready:
        raise Conflict(
            "worktree_not_there",
            f"The files of session {place.row.session_id} are not there: its worktree was removed.",
            f"Bring it back with: boocoder worktrees restore {place.row.session_id}",
        )


def describe(snapshot: Snapshot) -> str:
    """A snapshot in words."""
    at = snapshot.taken_at.strftime("%Y-%m-%d %H:%M:%S UTC")
    match snapshot.kind:
        case SnapshotKind.TURN_END:
            return f"the end of the turn of {at}"
        case SnapshotKind.INTERRUPTED:
            return f"the interrupted turn of {at}"
        case SnapshotKind.TURN_START:
            return f"the start of the turn of {at}"
        case _:
            return f"the snapshot of {at}"
