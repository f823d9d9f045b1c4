"""The tokens that a person has given out at this host: named, limited, listed and revoked one by one."""

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
from boocoder.db.registry import access_tokens as rows
from boocoder.db.registry.access_tokens import AccessToken
from boocoder.db.registry.projects import get_project
from boocoder.errors import Conflict, NotFound, Unavailable
from boocoder.model.access_token import TokenScope
from boocoder.model.ids import HostId, ProjectId, new_id

TOKEN_PREFIX = "boo_"  # noqa: S105 - how a token begins, so that scanners for secrets know one
TOKEN_BYTES = 32
TOKENS_MAX = 200  # of a host
TOUCH_EVERY = timedelta(minutes=5)


class AccessTokens:
    """Knows every token of this host; only this process changes them, so no request asks the database.

    Args:
        host_id: whose tokens they are.
        key: the token of the data directory; these die with it.
    """

    def __init__(self, *, database: Database, host_id: HostId, key: str) -> None:
        self._database = database
        self._host_id = host_id
        self._key = key.encode()
        self._by_hash: dict[str, AccessToken] = {}
        self.live = LiveConnections()

    async def load(self) -> None:
        """Read those that an earlier run has given out."""
        async with self._database.connection() as conn:
            found = await rows.list_tokens(conn, self._host_id)
        self._by_hash = {one.token_hash: one for one in found}

    def find(self, token: str) -> AccessToken | None:
        """What is known of this token, if it is good."""
        found = self._by_hash.get(self._hash(token)) if token.startswith(TOKEN_PREFIX) else None
        return found if found is not None and _is_good(found) else None

    def all(self) -> list[AccessToken]:
        """Those that are good, the newest first."""
        return sorted(filter(_is_good, self._by_hash.values()), key=lambda one: one.created_at, reverse=True)

    async def add(
        self, *, name: str, scope: TokenScope, project_id: ProjectId | None, days: int | None
    ) -> tuple[AccessToken, str]:
        """Make a token; it is told once, here.

        Raises:
            NotFound: project_not_found.
            Conflict: token_name_taken or too_many_tokens.
            Unavailable: the database is away.
        """
        if len(self.all()) >= TOKENS_MAX:
            raise Conflict("too_many_tokens", f"There are {TOKENS_MAX} tokens.", "Revoke some: boocoder tokens list")
        token = TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
        async with self._database.transaction() as conn:
            if project_id is not None:
                await get_project(conn, project_id)
            await rows.list_tokens(conn, self._host_id)  # a name whose token has ended is free
            made = await rows.insert_token(
                conn,
                new_id(),
                self._host_id,
                name=name,
                scope=scope,
                project_id=project_id,
                token_hash=self._hash(token),
                days=days,
            )
        if made is None:
            text = f"A token is called {name} already."
            raise Conflict("token_name_taken", text, "Choose another name, or revoke that one.")
        self._by_hash[made.token_hash] = made
        return made, token

    async def revoke(self, token_id: UUID) -> AccessToken:
        """Make a token worthless, and cut off its open streams.

        Raises:
            NotFound: token_not_found.
        """
        found = next((one for one in self._by_hash.values() if one.id == token_id), None)
        if found is None:
            raise NotFound("token_not_found", f"There is no token {token_id}.", "See: boocoder tokens list")
        async with self._database.connection() as conn:
            await rows.delete_token(conn, token_id)
        self._by_hash.pop(found.token_hash, None)
        self.live.cut(token_id)
        return found

    async def used(self, token: AccessToken) -> None:
        """Note a request, once in some minutes; it does not matter if that cannot be stored."""
        now = datetime.now(UTC)
        if token.used_at is not None and now - token.used_at < TOUCH_EVERY:
            return
        self._by_hash[token.token_hash] = msgspec.structs.replace(token, used_at=now)
        with contextlib.suppress(Unavailable):
            async with self._database.connection() as conn:
                await rows.touch_token(conn, token.id)

    def _hash(self, token: str) -> str:
        return hmac.new(self._key, f"token:{token}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _is_good(token: AccessToken) -> bool:
    return token.ends_at is None or token.ends_at > datetime.now(UTC)
