"""Finds rows by the beginning of their id, or by name."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

import msgspec

from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import statement
from boocoder.model.ids import ProjectId, SessionId
from boocoder.wire.search import IdKind, IdMatch

_DIGITS = 32  # hexadecimal digits of an id


class OwnedKind(StrEnum):
    """Kinds of rows that belong to a project."""

    PROJECT = "project"
    SESSION = "session"
    CHAT = "chat"
    MESSAGE = "message"
    TASK = "task"
    ATTACHMENT = "attachment"
    CHANGE = "change"
    COMMENT = "comment"
    PERMISSION = "permission"
    RULE = "rule"
    SNAPSHOT = "snapshot"
    STEER = "steer"


class _Owner(msgspec.Struct, frozen=True):
    project_id: ProjectId


_FIND = statement("ids", "find_ids", row=IdMatch, params=(str, UUID, UUID, str, UUID | None, int, UUID | None))
_PROJECT_OF = statement("ids", "project_of", row=_Owner, params=(str, UUID))


async def find_ids(
    conn: Connection,
    kind: IdKind,
    text: str,
    *,
    session_id: SessionId | None = None,
    project_id: ProjectId | None = None,
    limit: int,
) -> list[IdMatch]:
    """Rows whose id begins with `text`, or that have this name, newest first.

    Args:
        text: "" for all; not case-sensitive for an id.
        session_id: of the snapshots.
        project_id: only rows of this project.
        limit: rows at most.
    """
    digits = text.replace("-", "").lower()
    if len(digits) > _DIGITS or any(digit not in "0123456789abcdef" for digit in digits):
        low, high = UUID(int=1), UUID(int=0)  # only a name can match
    else:
        low, high = UUID(digits.ljust(_DIGITS, "0")), UUID(digits.ljust(_DIGITS, "f"))
    return await _FIND.all(conn, kind.value, low, high, text, session_id, limit, project_id)


async def project_of(conn: Connection, kind: OwnedKind, row_id: UUID) -> ProjectId | None:
    """The project that a row belongs to; None where there is no such row, or it belongs to none."""
    found = await _PROJECT_OF.first(conn, kind.value, row_id)
    return None if found is None else found.project_id
