"""Stores the newest snapshot of each session for other hosts, after its turn has ended.

What has to be stored is a query, so nothing is forgotten: what a stop or an error left is found by the next look.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import msgspec

from boocoder.broker.outbox import Outbox
from boocoder.db.core.pool import Database
from boocoder.db.files import snapshot_store
from boocoder.db.files.snapshot_store import StoredSnapshot, StoredState, UnstoredSnapshot
from boocoder.errors import BoocoderError
from boocoder.events import frames
from boocoder.events.agent_event import NoticeLevel
from boocoder.git.shadow.objects import ShadowGit
from boocoder.git.shadow.registry import ShadowRegistry
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.model.ids import HostId, SessionId
from boocoder.net.backoff import jittered
from boocoder.service import TaskSupervisor
from boocoder.worktrees.stored.pack_store import PackStore
from boocoder.worktrees.stored.packing import SnapshotPack, pack_snapshot

log = logging.getLogger(__name__)

LOOK_EVERY_S = 15.0  # for snapshots that no turn made, and for what could not be stored
RETRY_S = 30.0  # after an error, twice as long each time
RETRY_MAX_S = 3_600.0
FORGET_EVERY_S = 600.0  # of archived sessions
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Whether and how much is stored.

    Args:
        alone: also where no other host can serve the project.
        max_bytes: of one pack.
    """

    alone: bool = False
    max_bytes: int = 64 * MIB


@dataclass(slots=True)
class _Retry:
    at: float
    pause_s: float


class SnapshotWriter:
    """Stores snapshots of this host's sessions, one at a time. A `service.Service`."""

    def __init__(
        self,
        *,
        database: Database,
        outbox: Outbox,
        shadows: ShadowRegistry,
        packs: PackStore,
        host_id: HostId,
        settings: StoreSettings,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._shadows = shadows
        self._packs = packs
        self._host_id = host_id
        self._settings = settings
        self._look_every_s = look_every_s
        self._asked: set[SessionId] = set()
        self._wake = asyncio.Event()
        self._retries: dict[SessionId, _Retry] = {}
        self._forgot_at = -FORGET_EVERY_S
        self._supervisor = TaskSupervisor("snapshot-store")

    async def start(self) -> None:
        """Begin with a look at all sessions, in the background."""
        self._supervisor.spawn(self._loop(), "store")

    async def stop(self) -> None:
        """Leave what is not stored to the next start. Safe twice and before start."""
        await self._supervisor.stop()

    def store_soon(self, session_id: SessionId) -> None:
        """The session has a new snapshot."""
        self._asked.add(session_id)
        self._wake.set()

    async def _loop(self) -> None:
        looked_at = -self._look_every_s
        while True:
            self._wake.clear()
            asked, self._asked = self._asked, set()
            everything = time.monotonic() - looked_at >= self._look_every_s
            try:
                if everything:
                    await self.store_all()
                    looked_at = time.monotonic()
                else:
                    for session_id in asked:
                        await self._store_listed(session_id)
            except BoocoderError as error:
                log.warning("snapshots not stored", extra={"code": error.code})
            try:
                async with asyncio.timeout(jittered(self._look_every_s)):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def store_all(self) -> None:
        """Store whatever is not stored yet, and forget archived sessions.

        Raises:
            Unavailable: the database is away.
        """
        if time.monotonic() - self._forgot_at >= FORGET_EVERY_S:
            async with self._database.connection() as conn:
                forgotten = await snapshot_store.forget_archived(conn, self._host_id)
            if forgotten:
                await self._packs.delete(forgotten)
            self._forgot_at = time.monotonic()
        await self._store_listed(None)

    async def _store_listed(self, only: SessionId | None) -> None:
        async with self._database.connection() as conn:
            listed = await snapshot_store.list_unstored(
                conn, self._host_id, session_id=only, alone=self._settings.alone
            )
        for one in listed:
            retry = self._retries.get(one.session_id)
            if retry is None or retry.at <= time.monotonic():
                await self._store_one(one)

    async def _store_one(self, snapshot: UnstoredSnapshot) -> None:
        try:
            await self._store(snapshot)
        except (BoocoderError, OSError) as error:
            why = error.text if isinstance(error, BoocoderError) else str(error)
            before = self._retries.get(snapshot.session_id)
            pause_s = min(before.pause_s * 2 if before else RETRY_S, RETRY_MAX_S)
            self._retries[snapshot.session_id] = _Retry(time.monotonic() + jittered(pause_s), pause_s)
            log.warning("snapshot not stored", extra={"session_id": snapshot.session_id, "why": why})
        else:
            self._retries.pop(snapshot.session_id, None)

    async def _store(self, snapshot: UnstoredSnapshot) -> None:
        shadow = await self._shadows.of(snapshot.project_id, Path(snapshot.project_path), absent=True)
        async with self._database.connection() as conn:
            stored = await snapshot_store.list_stored(conn, snapshot.session_id)
            tips = await snapshot_store.list_tips(conn, self._host_id, snapshot.project_id)
        if snapshot.head_commit is None:
            head = await shadow.worktrees.head_commit(Path(snapshot.worktree_path))
            snapshot = msgspec.structs.replace(snapshot, head_commit=head)
        git = _session_objects(shadow, Path(snapshot.worktree_path))
        made = await pack_snapshot(shadow, git, snapshot, stored, tips, max_bytes=self._settings.max_bytes)
        if made.pack is None:
            await self._record_too_large(snapshot, stored)
        else:
            await self._put(snapshot, made, made.pack)

    async def _put(self, snapshot: UnstoredSnapshot, made: SnapshotPack, pack: bytes) -> None:
        """The bytes first: a row says that they are there."""
        if pack:
            await self._packs.put(snapshot.snapshot_id, pack)
        async with self._database.transaction() as conn:
            await snapshot_store.put_stored(conn, self._host_id, snapshot, StoredState.STORED, len(pack), made.trees)
            for one in made.replaces:
                await snapshot_store.set_stored_size(conn, one.snapshot_id, 0)
        if made.replaces:
            await self._packs.delete([one.snapshot_id for one in made.replaces])

    async def _record_too_large(self, snapshot: UnstoredSnapshot, stored: Collection[StoredSnapshot]) -> None:
        """Say so once: the next snapshots of the session are most often too large, too."""
        limit = self._settings.max_bytes
        text = (
            f"What this session changed is more than {limit // MIB} MiB, so other hosts cannot have it (setting "
            "takeover.pack_max_mib). If this host fails, the session can only go on elsewhere from an earlier snapshot."
        )
        known = bool(stored) and list(stored)[-1].state is StoredState.TOO_LARGE
        drafts = [] if known else [frames.session_notice(snapshot.session_id, "not_stored", text, NoticeLevel.WARNING)]
        async with self._outbox.transaction() as transaction:
            await snapshot_store.put_stored(transaction.conn, self._host_id, snapshot, StoredState.TOO_LARGE, limit, ())
            await transaction.append(snapshot.session_id, drafts)


def _session_objects(shadow: ShadowRepository, worktree: Path) -> ShadowGit:
    """The shadow repository with the commits of the session's agent."""
    git_dir = shadow.worktrees.git_dir_of(worktree)
    return shadow.worktrees.lending(git_dir) if git_dir.is_dir() else shadow.git
