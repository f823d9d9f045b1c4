"""Finds the owners and the disk usage of overflow files, and deletes files without an owner."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

import msgspec

from boocoder.db.conversation.overflow import OverflowFiles
from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import statement
from boocoder.model.ids import MessageId, SessionId

ORPHAN_S = 24 * 3600.0  # a file may be written before the row of its message is committed


class _MessageOwner(msgspec.Struct, frozen=True):
    id: MessageId
    session_id: SessionId


_OWNERS = statement("messages", "message_owners", row=_MessageOwner, params=(list[UUID],))


async def overflow_by_session(conn: Connection, files: OverflowFiles) -> Counter[SessionId]:
    """Bytes on the disk of each session that has overflowing texts."""
    found = await files.usage()
    sizes: Counter[SessionId] = Counter()
    for message_id, session_id in (await _owners(conn, list(found))).items():
        sizes[session_id] += found[message_id].size_bytes
    return sizes


async def delete_orphans(conn: Connection, files: OverflowFiles, *, older_than_s: float = ORPHAN_S) -> int:
    """Delete the texts of messages that are gone, as with their session; how many messages that were."""
    limit = time.time() - older_than_s
    old = [message_id for message_id, found in (await files.usage()).items() if found.written_at < limit]
    owned = await _owners(conn, old)
    orphans = [message_id for message_id in old if message_id not in owned]
    await files.delete(orphans)
    return len(orphans)


async def _owners(conn: Connection, message_ids: Sequence[MessageId]) -> dict[MessageId, SessionId]:
    if not message_ids:
        return {}
    return {row.id: row.session_id for row in await _OWNERS.all(conn, list(message_ids))}
