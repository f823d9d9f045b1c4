"""Access tokens of a host, as rows. Tokens are not stored, only keyed hashes of them."""

from __future__ import annotations

from uuid import UUID

from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.model.access_token import TokenScope
from boocoder.model.ids import HostId, ProjectId
from boocoder.wire.service import TokenInfo


class AccessToken(TokenInfo, frozen=True):
    """A token that was given out.

    Args:
        token_hash: in hexadecimal digits.
    """

    token_hash: str


_LIST = statement("access_tokens", "list_tokens", row=AccessToken, params=(UUID,))
_INSERT = statement(
    "access_tokens",
    "insert_token",
    row=AccessToken,
    params=(UUID, UUID, str, TokenScope, UUID | None, str, int | None),
)
_TOUCH = statement("access_tokens", "touch_token", row=Done, params=(UUID,))
_DELETE = statement("access_tokens", "delete_token", row=Done, params=(UUID,))
_DELETE_ENDED = statement("access_tokens", "delete_ended", row=Done, params=(UUID,))


async def list_tokens(conn: Connection, host_id: HostId) -> list[AccessToken]:
    """Those of a host whose time is not over, the newest first; others are deleted."""
    await _DELETE_ENDED.all(conn, host_id)
    return await _LIST.all(conn, host_id)


async def insert_token(
    conn: Connection,
    token_id: UUID,
    host_id: HostId,
    *,
    name: str,
    scope: TokenScope,
    project_id: ProjectId | None,
    token_hash: str,
    days: int | None,
) -> AccessToken | None:
    """Add one that is good for `days` days, or for ever; None if another one has its name."""
    return await _INSERT.first(conn, token_id, host_id, name, scope, project_id, token_hash, days)


async def touch_token(conn: Connection, token_id: UUID) -> None:
    """Note that it was used just now."""
    await _TOUCH.all(conn, token_id)


async def delete_token(conn: Connection, token_id: UUID) -> None:
    """Revoke it. Harmless if it is not there."""
    await _DELETE.all(conn, token_id)
