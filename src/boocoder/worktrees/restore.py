"""Makes a session's worktree again out of its newest snapshot. Whether it should be there is others' decision."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from boocoder.db import kept
from boocoder.db.pool import Database
from boocoder.db.starts import begin_setup
from boocoder.db.worktrees import Snapshot, WorktreeRow, WorktreeState
from boocoder.errors import GitError
from boocoder.events.agent_event import NoticeLevel
from boocoder.failpoints import Failpoints
from boocoder.git.private_index import drop_index
from boocoder.git.shadow import ShadowRepository
from boocoder.model.ids import SessionId
from boocoder.worktrees.hiding import unhide
from boocoder.worktrees.holds import Holds
from boocoder.worktrees.snapshots import Place, Snapshots
from boocoder.worktrees.telling import Publisher, notice, tell

GONE = "The session's worktree was gone; it was made again"


@dataclass(frozen=True, slots=True)
class Again:
    """How a worktree came back.

    Args:
        code: for machines: worktree_restored or worktree_remade.
        text: for the person; "" where nothing had to be done.
    """

    code: str = ""
    text: str = ""


async def make_again(shadow: ShadowRepository, row: WorktreeRow, newest: Snapshot | None, *, index: Path) -> Again:
    """Make a worktree that is not there, with the files of the newest snapshot. Its row is not written.

    The base commit may be gone, where only the worktree kept it: then the worktree stands on what the user has
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
        await shadow.add_worktree(path, commit=row.base_commit, tree=tree or row.base_tree)
    except GitError as error:
        if error.code != "commit_missing":
            raise
        await shadow.add_worktree(path, tree=tree or row.base_tree)
    if tree is not None:
        return Again(
            "worktree_restored", "The session's worktree was gone; it was made again from its newest snapshot."
        )
    return Again("worktree_remade", "The session's worktree was gone; it was made again from its base.")


class Restorer:
    """Brings worktrees of this host back."""

    def __init__(
        self, *, database: Database, broker: Publisher, snapshots: Snapshots, holds: Holds, failpoints: Failpoints
    ) -> None:
        self._database = database
        self._broker = broker
        self._snapshots = snapshots
        self._holds = holds
        self._failpoints = failpoints

    async def restore(self, session_id: SessionId) -> bool:
        """Bring the session's worktree back; False if it is there.

        Raises:
            NotFound: session_not_found.
            Conflict: session_busy, session_elsewhere, session_without_worktree.
            InvalidInput, GitError: as `make_again`.
        """
        async with self._holds.hold_worktree(session_id, "restore"):
            again = await self.bring_back(await self._snapshots.place(session_id))
        if again.text:
            await tell(self._database, self._broker, notice(session_id, again.code, again.text, NoticeLevel.INFO))
        return bool(again.code)

    async def bring_back(self, place: Place) -> Again:
        """Bring a worktree back that the caller holds.

        One whose removal has a tombstone and all its files is simply there: the files go by one rename.
        """
        session_id, again = place.row.session_id, Again()
        await asyncio.to_thread(unhide, place.path)
        if not place.path.is_dir():
            newest = await self._snapshots.latest(session_id)
            again = await make_again(place.shadow, place.row, newest, index=place.index)
            self._failpoints.hit("restore.after_files")
            async with self._database.connection() as conn:
                await begin_setup(conn, session_id)
        if place.row.state is not WorktreeState.READY:
            async with self._database.connection() as conn:
                await kept.put_back(conn, session_id)
        return again
