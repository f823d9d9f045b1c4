"""Snapshots that every host can have, as rows: which are stored, and the chunks of their packs. No git here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from boocoder.db.conversation.sessions import session_not_found
from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.model.ids import HostId, ProjectId, SessionId, SnapshotId
from boocoder.wire.snapshots import StoredFiles


class StoredState(StrEnum):
    """Whether other hosts can have a snapshot's files."""

    STORED = "stored"
    TOO_LARGE = "too_large"


class UnstoredSnapshot(msgspec.Struct, frozen=True):
    """The newest snapshot of a session, which is not stored yet, with all that another host needs to go on from it.

    Args:
        head_commit: what the session's branch was on; None if not known.
        change_trees: what the session's changes are measured between.
    """

    session_id: SessionId
    project_id: ProjectId
    project_path: str
    worktree_path: str
    base_commit: str
    base_tree: str
    snapshot_id: SnapshotId
    tree: str
    head_commit: str | None
    change_trees: list[str]


class StoredSnapshot(msgspec.Struct, frozen=True):
    """A snapshot that is stored, or too large for that.

    Args:
        trees: further trees that came with it.
        size_bytes: of its pack; 0 where earlier or later packs hold its objects.
        taken_at: when the files were as it says.
    """

    snapshot_id: SnapshotId
    tree: str
    trees: list[str]
    head_commit: str | None
    base_commit: str
    state: StoredState
    size_bytes: int
    stored_at: datetime
    taken_at: datetime


class HostTips(msgspec.Struct, frozen=True):
    """Commits that a host has of a project."""

    host_id: HostId
    tips: list[str]


class _Content(msgspec.Struct, frozen=True):
    content: bytes


class _SnapshotKey(msgspec.Struct, frozen=True):
    snapshot_id: SnapshotId


_UNSTORED = statement("snapshot_store", "list_unstored", row=UnstoredSnapshot, params=(UUID, UUID | None, bool))
_TIPS = statement("snapshot_store", "list_tips", row=HostTips, params=(UUID, UUID))
_STORED = statement("snapshot_store", "list_stored", row=StoredSnapshot, params=(UUID,))
_FILES = statement("snapshot_store", "get_stored_files", row=StoredFiles, params=(UUID,))
_PUT = statement(
    "snapshot_store",
    "put_stored",
    row=Done,
    params=(UUID, UUID, str, list[str], str | None, str, StoredState, int, UUID),
)
_SET_SIZE = statement("snapshot_store", "set_stored_size", row=Done, params=(UUID, int))
_PUT_CHUNK = statement("snapshot_store", "put_chunk", row=Done, params=(UUID, int, bytes))
_GET_CHUNK = statement("snapshot_store", "get_chunk", row=_Content, params=(UUID, int))
_DELETE_CHUNKS = statement("snapshot_store", "delete_chunks", row=Done, params=(list[UUID],))
_FORGET = statement("snapshot_store", "forget_archived", row=_SnapshotKey, params=(UUID,))


async def list_unstored(
    conn: Connection, host_id: HostId, *, session_id: SessionId | None = None, alone: bool = False
) -> list[UnstoredSnapshot]:
    """The newest snapshots of a host's open sessions that are not stored.

    Args:
        session_id: this one only.
        alone: also of projects that no other host can serve.
    """
    return await _UNSTORED.all(conn, host_id, session_id, alone)


async def list_tips(conn: Connection, host_id: HostId, project_id: ProjectId) -> list[HostTips]:
    """What each of the other hosts that can serve a project has of it."""
    return await _TIPS.all(conn, host_id, project_id)


async def list_stored(conn: Connection, session_id: SessionId) -> list[StoredSnapshot]:
    """What is stored of a session, oldest first, with what was too large."""
    return await _STORED.all(conn, session_id)


async def get_stored_files(conn: Connection, session_id: SessionId) -> StoredFiles:
    """How much of a session is stored for other hosts.

    Raises:
        NotFound: session_not_found.
    """
    found = await _FILES.first(conn, session_id)
    if found is None:
        raise session_not_found(session_id)
    return found


async def put_stored(
    conn: Connection,
    host_id: HostId,
    snapshot: UnstoredSnapshot,
    state: StoredState,
    size_bytes: int,
    trees: Sequence[str],
) -> bool:
    """Record that a snapshot is stored or too large; False if that is recorded already, or the session went elsewhere.

    Args:
        host_id: of the session.
        size_bytes: of its pack.
        trees: that came with it.
    """
    return await _PUT.changed(
        conn,
        snapshot.snapshot_id,
        snapshot.session_id,
        snapshot.tree,
        list(trees),
        snapshot.head_commit,
        snapshot.base_commit,
        state,
        size_bytes,
        host_id,
    )


async def set_stored_size(conn: Connection, snapshot_id: SnapshotId, size_bytes: int) -> None:
    """Record that a stored snapshot has another pack now, or none of its own (0)."""
    await _SET_SIZE.changed(conn, snapshot_id, size_bytes)


async def put_chunk(conn: Connection, snapshot_id: SnapshotId, place: int, content: bytes) -> None:
    """Store a piece of a pack; pieces are numbered from 0."""
    await _PUT_CHUNK.one(conn, snapshot_id, place, content)


async def get_chunk(conn: Connection, snapshot_id: SnapshotId, place: int) -> bytes | None:
    """A piece of a pack; None past its end."""
    row = await _GET_CHUNK.first(conn, snapshot_id, place)
    return None if row is None else row.content


async def delete_chunks(conn: Connection, snapshots: Collection[SnapshotId]) -> None:
    """Delete the packs of snapshots."""
    await _DELETE_CHUNKS.all(conn, list(snapshots))


async def forget_archived(conn: Connection, host_id: HostId) -> list[SnapshotId]:
    """Forget what is stored of a host's archived sessions; the packs of what it returns are of no use any more."""
    return [row.snapshot_id for row in await _FORGET.all(conn, host_id)]
