"""The browsers that are signed in at this host: by cookie, listed, and signed out one by one."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from boocoder.api.tokens.live_connections import LiveConnections
from boocoder.db.core.pool import Database
from boocoder.db.registry import browser_sessions as rows
from boocoder.db.registry.browser_sessions import BrowserSession
from boocoder.errors import NotFound, Unavailable
from boocoder.model.ids import HostId, new_id

COOKIE_DAYS = 30.0  # a person signs in about once a month
COOKIE_BYTES = 32
BROWSERS_MAX = 100  # of a host; the one that was not seen for longest is signed out
TOUCH_EVERY = timedelta(minutes=5)
USER_AGENT_MAX_CHARS = 300


class Browsers:
    """Knows every signed-in browser of this host; only this process changes them, so no request asks the database.

    Args:
        host_id: whose browsers they are.
        key: the API's token; cookies die with it.
    """

    def __init__(self, *, database: Database, host_id: HostId, key: str) -> None:
        self._database = database
        self._host_id = host_id
        self._key = key.encode()
        self._by_hash: dict[str, BrowserSession] = {}
        self.live = LiveConnections()

    async def load(self) -> None:
        """Read those that an earlier run has signed in."""
        async with self._database.connection() as conn:
            found = await rows.list_browsers(conn, self._host_id)
        self._by_hash = {one.cookie_hash: one for one in found}

    def find(self, cookie: str) -> BrowserSession | None:
        """The browser with this cookie, if it is signed in."""
        found = self._by_hash.get(self._hash(cookie))
        return found if found is not None and found.ends_at > datetime.now(UTC) else None

    def all(self) -> list[BrowserSession]:
        """Those that are signed in, the newest first."""
        now = datetime.now(UTC)
        found = [one for one in self._by_hash.values() if one.ends_at > now]
        return sorted(found, key=lambda one: one.created_at, reverse=True)

    async def sign_in(self, *, user_agent: str, peer: str) -> str:
        """Sign in a browser; the value of its cookie.

        Raises:
            Unavailable: the database is away.
        """
        cookie = secrets.token_urlsafe(COOKIE_BYTES)
        about = user_agent.replace("\0", "")[:USER_AGENT_MAX_CHARS]
        for_s = COOKIE_DAYS * 86_400
        async with self._database.connection() as conn:
            made = await rows.insert_browser(
                conn,
                new_id(),
                self._host_id,
                cookie_hash=self._hash(cookie),
                user_agent=about,
                peer=peer,
                for_s=for_s,
            )
        self._by_hash[made.cookie_hash] = made
        for longest_away in sorted(self.all(), key=lambda one: one.seen_at)[:-BROWSERS_MAX]:
            await self.sign_out(longest_away.id)
        return cookie

    async def sign_out(self, browser_id: UUID) -> BrowserSession:
        """Sign a browser out, and cut off its open streams.

        Raises:
            NotFound: browser_not_found.
        """
        found = next((one for one in self._by_hash.values() if one.id == browser_id), None)
        if found is None:
            raise NotFound("browser_not_found", f"No browser {browser_id} is signed in.", "See: boocoder browsers list")
        async with self._database.connection() as conn:
            await rows.delete_browser(conn, browser_id)
        self._by_hash.pop(found.cookie_hash, None)
        self.live.cut(browser_id)
        return found

    async def seen(self, browser: BrowserSession) -> None:
        """Note a request, once in some minutes; it does not matter if that cannot be stored."""
        if datetime.now(UTC) - browser.seen_at < TOUCH_EVERY:
            return
        now = datetime.now(UTC)
        self._by_hash[browser.cookie_hash] = msgspec.structs.replace(browser, seen_at=now)
        with contextlib.suppress(Unavailable):
            async with self._database.connection() as conn:
                await rows.touch_browser(conn, browser.id)

    def _hash(self, cookie: str) -> str:
        return hmac.new(self._key, f"cookie:{cookie}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
