"""Creates a session's worktree again from its newest snapshot."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from boocoder.broker.outbox import Outbox
from boocoder.db.core.pool import Database
from boocoder.db.files import worktree_gc
from boocoder.db.files.start_points import begin_setup
from boocoder.db.files.worktrees import Snapshot, WorktreeRow
from boocoder.errors import GitError
from boocoder.events import frames
from boocoder.failpoints import Failpoints
from boocoder.git.shadow.private_index import drop_index
from boocoder.git.shadow.real_directory import is_real_directory
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.submodules.contents import restore_submodules
from boocoder.model.ids import SessionId
from boocoder.model.session import WorktreeState
from boocoder.worktrees.history.snapshots import Snapshots, SnapshotSource
from boocoder.worktrees.locks import WorktreeLocks
from boocoder.worktrees.remove.trash import restore_from_trash

GONE = "The session's worktree was gone; it was made again"


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """How a worktree came back.

    Args:
        code: for machines: worktree_restored or worktree_remade.
        text: for the person; "" where nothing had to be done.
        pointers: as `Worktree.pointers`.
    """

    code: str = ""
    text: str = ""
    pointers: tuple[bytes, ...] = ()


async def recreate_worktree(
    shadow: ShadowRepository, row: WorktreeRow, newest: Snapshot | None, *, index: Path
) -> RestoreResult:
    """Make a worktree that is not there, with the files of the newest snapshot. Its row is not written.

    The base commit may be gone, where only the worktree kept it: then the worktree starts at what the user has
    checked out, and holds the same files.

    Args:
        newest: None leaves it at its base.
        index: the session's private index.

    Raises:
        InvalidInput: the project is gone or has no commit.
        GitError: git refused.
    """
    path = Path(row.path)
    tree = shadow.kept(newest.kept_by) if newest is not None else None
    await shadow.remove_worktree(path)
    drop_index(index)  # what it knows of the files is over
    try:
        made = await shadow.add_worktree(path, commit=row.base_commit, tree=tree or row.base_tree)
    except GitError as error:
        if error.code != "commit_missing":
            raise
        made = await shadow.add_worktree(path, tree=tree or row.base_tree)
    lost = await _fill_submodules(shadow, path, newest) if newest is not None and tree is not None else ""
    code, source = ("worktree_remade", "base") if tree is None else ("worktree_restored", "newest snapshot")
    return RestoreResult(code, f"{GONE} from its {source}.{lost}", made.pointers)


async def _fill_submodules(shadow: ShadowRepository, path: Path, newest: Snapshot) -> str:
    """Write the files of submodules, edits included; returns a sentence about those for which this failed."""
    inside = shadow.kept_inside(newest.kept_by)
    if inside is None:
        return ""
    failed = await restore_submodules(shadow.git, path, shadow.worktrees.git_dir_of(path), inside)
    names = ", ".join(one.decode("utf-8", "backslashreplace") for one in failed)
    return f" The files of these submodules could not be restored: {names}." if failed else ""


class Restorer:
    """Brings worktrees of this host back."""

    def __init__(
        self, *, database: Database, outbox: Outbox, snapshots: Snapshots, locks: WorktreeLocks, failpoints: Failpoints
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._snapshots = snapshots
        self._locks = locks
        self._failpoints = failpoints

    async def restore(self, session_id: SessionId) -> bool:
        """Bring the session's worktree back; False if it is there.

        Raises:
            NotFound: session_not_found.
            Conflict: session_busy, session_elsewhere, session_without_worktree.
            InvalidInput, GitError: as `recreate_worktree`.
        """
        async with self._locks.exclusive(session_id, "restore"):
            again = await self.bring_back(await self._snapshots.place(session_id))
        if again.text:
            await self._outbox.append(session_id, [frames.session_notice(session_id, again.code, again.text)])
        return bool(again.code)

    async def bring_back(self, place: SnapshotSource) -> RestoreResult:
        """Bring a worktree back that the caller holds.

        One whose removal has a tombstone and all its files is simply there: the files go by one rename.
        """
        session_id, again = place.row.session_id, RestoreResult()
        await asyncio.to_thread(restore_from_trash, place.path)
        if not is_real_directory(place.path):
            newest = await self._snapshots.latest(session_id)
            again = await recreate_worktree(place.shadow, place.row, newest, index=place.index)
            self._failpoints.hit("restore.after_files")
            async with self._database.connection() as conn:
                await begin_setup(conn, session_id)
        if place.row.state is not WorktreeState.READY:
            async with self._database.connection() as conn:
                await worktree_gc.put_back(conn, session_id)
        return again
