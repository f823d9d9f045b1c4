"""Parameters of a connection, and whether a pooler such as PgBouncer keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from boocoder.db.core.connection import Connection
from boocoder.db.core.driver_errors import POOLED_CURE, translated
from boocoder.db.core.statements import Done, statement
from boocoder.errors import Unavailable

LOOKS = 3  # a pooler by transaction gives both connections the same server at least once, unless others are quicker


class _Server(msgspec.Struct, frozen=True):
    pid: int


_SET = statement("connections", "set_parameters", row=Done, params=(list[str], list[str]))
_SERVER = statement("connections", "server_process", row=_Server)


async def set_parameters(conn: Connection, parameters: Mapping[str, str]) -> None:
    """Set parameters of the server for the rest of a connection."""
    await _SET.all(conn, list(parameters), list(parameters.values()))


async def is_pooled(conn: Any) -> bool:
    """Whether a pooler stands between: it makes up the number of the process that a connection is told at its start.

    Args:
        conn: the driver's own connection.

    Raises:
        Unavailable: database_pooled, or the database is gone.
    """
    return bool(conn.get_server_pid() != (await _SERVER.one(conn)).pid)


async def require_own_server(conn: Connection, other: Connection) -> None:
    """Check that two connections through a pooler keep a server each, as with `pool_mode = session`.

    Args:
        conn, other: opened after one another; neither is in a transaction.

    Raises:
        Unavailable: database_pooled, or the database is gone.
    """
    seen: set[int] = set()
    for _ in range(LOOKS):
        for one in (conn, other):
            with translated():
                seen.add((await _SERVER.one(one)).pid)
    if len(seen) != 2:
        text = "The connection pooler gives a connection another server for each transaction."
        raise Unavailable("database_pooled", text, POOLED_CURE)
