"""Parts of units that a person split, as rows. How they are found in a change is not known here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

import msgspec

from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.model.ids import SessionId


class PartRow(msgspec.Struct, frozen=True):
    """How a part is found again in a later change.

    Args:
        unit_id: of the part.
        content_id: the id of its lines at their place; parts that insert the same lines at one place share it.
        base_path: path of its file in the base.
        old_start, old_count: lines of the base that it takes the place of, as git counts.
        new_count: lines that take their place.
        first: beginning of the hash of its first line.
        place: its order among the parts of the same file.
    """

    unit_id: str
    content_id: str
    base_path: bytes
    old_start: int
    old_count: int
    new_count: int
    first: str
    place: int


_LIST = statement("review", "list_parts", row=PartRow, params=(UUID,))
_PUT = statement(
    "review",
    "put_parts",
    row=Done,
    params=(UUID, list[str], list[str], list[bytes], list[int], list[int], list[int], list[str], list[int]),
)
_DELETE = statement("review", "delete_parts", row=Done, params=(UUID, list[str]))
_DELETE_ALL = statement("review", "delete_all_parts", row=Done, params=(UUID,))


async def list_parts(conn: Connection, session_id: SessionId) -> list[PartRow]:
    """The parts of a session's units since it applied something, and those carried over then."""
    return await _LIST.all(conn, session_id)


async def put_parts(conn: Connection, session_id: SessionId, parts: Sequence[PartRow]) -> None:
    """Add parts; each id once."""
    columns = [
        [part.unit_id for part in parts],
        [part.content_id for part in parts],
        [part.base_path for part in parts],
        [part.old_start for part in parts],
        [part.old_count for part in parts],
        [part.new_count for part in parts],
        [part.first for part in parts],
        [part.place for part in parts],
    ]
    await _PUT.all(conn, session_id, *columns)


async def delete_parts(conn: Connection, session_id: SessionId, unit_ids: Collection[str]) -> None:
    """Take parts away."""
    await _DELETE.all(conn, session_id, list(unit_ids))


async def replace_parts(conn: Connection, session_id: SessionId, parts: Sequence[PartRow]) -> None:
    """Make these the only parts of a session."""
    await _DELETE_ALL.all(conn, session_id)
    await put_parts(conn, session_id, parts)
