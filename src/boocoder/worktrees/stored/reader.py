"""Brings stored snapshots of another host's session into this host's shadow repository."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from boocoder.db.core.pool import Database
from boocoder.db.files import snapshot_store
from boocoder.db.files.snapshot_store import StoredSnapshot, StoredState
from boocoder.errors import GitError
from boocoder.git.refs import read_ref, write_ref
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.transfer.packs import existing, marker_of, require_whole, take_in_pack
from boocoder.model.ids import SessionId
from boocoder.worktrees.stored.pack_store import PackStore


class StoredSnapshots:
    """Reads what the hosts of sessions have stored."""

    def __init__(self, *, database: Database, packs: PackStore) -> None:
        self._database = database
        self._packs = packs
        self._locks: dict[SessionId, asyncio.Lock] = {}
        self._whole: set[tuple[SessionId, str]] = set()

    async def bring(self, session_id: SessionId, shadow: ShadowRepository) -> list[StoredSnapshot]:
        """Have all objects of the session's stored snapshots here, each kept by a reference; packs are taken in once.

        Returns:
            The stored snapshots, oldest first.

        Raises:
            Unavailable: the database is away.
            GitError: a pack cannot be read.
        """
        async with self._locks.setdefault(session_id, asyncio.Lock()):
            async with self._database.connection() as conn:
                listed = await snapshot_store.list_stored(conn, session_id)
            stored = [one for one in listed if one.state is StoredState.STORED]
            for one in stored:
                await self._take_in(session_id, shadow, one)
            return stored

    async def has_whole(self, session_id: SessionId, shadow: ShadowRepository, trees: Iterable[str]) -> bool:
        """Whether all files of these trees are here, now that the stored snapshots are.

        Raises:
            Unavailable: the database is away.
            GitError: a pack cannot be read.
        """
        asked = [one for one in trees if (session_id, one) not in self._whole]
        if asked:
            await self.bring(session_id, shadow)
            if len(await existing(shadow.git, asked)) < len(set(asked)):
                return False
            await require_whole(shadow.git, shadow.checkout, trees=asked, commits=())
            self._whole.update((session_id, one) for one in asked)
        return True

    async def _take_in(self, session_id: SessionId, shadow: ShadowRepository, one: StoredSnapshot) -> None:
        marker = marker_of(shadow.git_dir, f"{one.snapshot_id}-{one.size_bytes}")
        if marker.exists():
            return
        pack = await self._packs.get(one.snapshot_id) if one.size_bytes else b""
        if len(pack) != one.size_bytes:
            raise GitError(
                "stored_pack_replaced", f"The stored files of session {session_id} were packed anew.", "Try again."
            )
        if pack:
            await take_in_pack(shadow.git, pack)
        trees = {one.tree, *one.trees}
        here = set(await existing(shadow.git, sorted(trees)))
        for tree in here:
            ref = f"refs/boocoder/{session_id}/stored/{tree}"
            if read_ref(shadow.git_dir, ref) is None:
                write_ref(shadow.git_dir, ref, tree)
        if here == trees:
            marker.parent.mkdir(exist_ok=True)
            marker.touch()
