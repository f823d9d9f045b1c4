"""Browsers that are signed in at a host, as rows. Cookies are not stored, only keyed hashes of them."""

from __future__ import annotations

from uuid import UUID

from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.model.ids import HostId
from boocoder.wire.service import BrowserFields


class BrowserSession(BrowserFields, frozen=True):
    """A signed-in browser.

    Args:
        cookie_hash: in hexadecimal digits.
        user_agent: as the browser names itself.
        peer: the address that it signed in from.
        seen_at: of its last request, within some minutes.
    """

    cookie_hash: str


_LIST = statement("browser_sessions", "list_browsers", row=BrowserSession, params=(UUID,))
_INSERT = statement("browser_sessions", "insert_browser", row=BrowserSession, params=(UUID, UUID, str, str, str, float))
_TOUCH = statement("browser_sessions", "touch_browser", row=Done, params=(UUID,))
_DELETE = statement("browser_sessions", "delete_browser", row=Done, params=(UUID,))
_DELETE_ENDED = statement("browser_sessions", "delete_ended", row=Done, params=(UUID,))


async def list_browsers(conn: Connection, host_id: HostId) -> list[BrowserSession]:
    """Those of a host whose time is not over, the newest first; others are deleted."""
    await _DELETE_ENDED.all(conn, host_id)
    return await _LIST.all(conn, host_id)


async def insert_browser(
    conn: Connection, browser_id: UUID, host_id: HostId, *, cookie_hash: str, user_agent: str, peer: str, for_s: float
) -> BrowserSession:
    """Add one that is signed in for `for_s` seconds."""
    return await _INSERT.one(conn, browser_id, host_id, cookie_hash, user_agent, peer, for_s)


async def touch_browser(conn: Connection, browser_id: UUID) -> None:
    """Note that it was used just now."""
    await _TOUCH.all(conn, browser_id)


async def delete_browser(conn: Connection, browser_id: UUID) -> None:
    """Sign it out. Harmless if it is not there."""
    await _DELETE.all(conn, browser_id)
