"""Lets nothing pass without a token, or the cookie got for one; only the sign-in and its style are open, and
both are served here.

The routes behind never see an unauthenticated request, so no trick with paths can separate what is checked
from what is routed.
"""

from __future__ import annotations

import math
from http.cookies import CookieError, SimpleCookie
from typing import assert_never
from urllib.parse import parse_qs

from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from boocoder.api.auth import Authenticator
from boocoder.api.browsers import COOKIE_DAYS, Browsers
from boocoder.api.connection_limits import SIGN_IN_FAILURES_MAX, SIGN_IN_WINDOW_S, SignInLimit
from boocoder.api.middleware.allow_lists import header_values
from boocoder.api.middleware.hook_signature import HookSecrets, is_delivery, signed_grant
from boocoder.api.middleware.send_timeout import ABORT
from boocoder.api.middleware.sign_in_page import CODE_USED, NOT_SIGNED_IN, STYLE, STYLE_PATH
from boocoder.api.problem import ApiError, RateLimit, peer_of, refuse
from boocoder.api.protocols import PROVEN
from boocoder.api.tokens.access_tokens import AccessTokens
from boocoder.api.tokens.grant import GRANT, Grant
from boocoder.db.registry.access_tokens import AccessToken
from boocoder.db.registry.browser_sessions import BrowserSession
from boocoder.errors import Unavailable
from boocoder.intake.agent_tokens import AgentTokens
from boocoder.intake.delegation import AgentCaller

LOGIN_PATH = "/login"
BROWSER = "browser_id"  # key in a request's state: which signed-in browser sent it
Credential = AccessToken | AgentCaller | BrowserSession | None
"""What a request was let in with; None is the token of the data directory."""
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class TokenAuth:
    """The last layer before the routes.

    Args:
        app: the routes.
        authenticator: knows the token of the data directory.
        browsers: knows the cookies.
        tokens: knows the other tokens.
        agent_tokens: knows those of agents whose turn runs.
        hooks: knows the secrets that sign deliveries.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        authenticator: Authenticator,
        browsers: Browsers,
        tokens: AccessTokens,
        agent_tokens: AgentTokens,
        hooks: HookSecrets,
    ) -> None:
        self._app = app
        self._browsers = browsers
        self._tokens = tokens
        self._agent_tokens = agent_tokens
        self._hooks = hooks
        self._authenticator = authenticator
        self._sign_ins = SignInLimit()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        if scope["type"] == "http" and scope["path"] == LOGIN_PATH and scope["method"] == "GET":
            await self._login(scope, receive, send)
            return
        if scope["type"] == "http" and scope["path"] == STYLE_PATH and scope["method"] == "GET":
            await Response(STYLE, media_type="text/css")(scope, receive, send)
            return
        if is_delivery(scope) and not header_values(scope, b"authorization") and self._browser(scope) is None:
            await self._deliver(scope, receive, send)
            return
        found = self._credential(scope)
        if isinstance(found, ApiError):
            wants_page = "text/html" in ",".join(header_values(scope, b"accept"))
            await refuse(scope, receive, send, found, html=NOT_SIGNED_IN if wants_page else None)
        else:
            await self._let_in(scope, receive, send, found)

    async def _deliver(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a delivery to a hook pass, if it is signed."""
        try:
            grant, replayed = await signed_grant(scope, receive, self._hooks)
        except Unavailable as error:
            await refuse(scope, receive, send, ApiError(error.status, error.code, error.text, error.cure))
            return
        if grant is None:
            await refuse(scope, receive, send, _not_signed())
            return
        state = scope.setdefault("state", {})
        state.get(PROVEN, _nothing)()
        state[GRANT] = grant
        await self._app(scope, replayed, send)

    async def _let_in(self, scope: Scope, receive: Receive, send: Send, credential: Credential) -> None:
        state = scope.setdefault("state", {})
        state.get(PROVEN, _nothing)()
        cut = state.get(ABORT, _nothing)
        match credential:
            case None:
                state[GRANT] = Grant()
                await self._app(scope, receive, send)
            case BrowserSession():
                state[GRANT] = Grant()
                state[BROWSER] = credential.id
                await self._browsers.seen(credential)
                with self._browsers.live.connected(credential.id, cut):
                    await self._app(scope, receive, send)
            case AccessToken():
                state[GRANT] = Grant.of_token(credential)
                await self._tokens.used(credential)
                with self._tokens.live.connected(credential.id, cut, credential.ends_at):
                    await self._app(scope, receive, send)
            case AgentCaller():
                state[GRANT] = Grant.of_agent(credential)
                with credential.connected(cut):
                    await self._app(scope, receive, send)
            case _:
                assert_never(credential)

    def _credential(self, scope: Scope) -> Credential | ApiError:
        """What the request shows, or why that is not enough."""
        authorizations = header_values(scope, b"authorization")
        if authorizations:
            return self._token(authorizations)
        browser = self._browser(scope)
        if browser is None:
            return _unauthorized("The request carries no token.")
        # A browser names the page's origin wherever something may be changed, and on every WebSocket.
        may_change = scope["type"] == "websocket" or scope["method"] not in SAFE_METHODS
        if may_change and not header_values(scope, b"origin"):
            return ApiError(403, "origin_missing", "A request with a cookie must say which page sent it.")
        return browser

    def _token(self, authorizations: list[str]) -> AccessToken | AgentCaller | ApiError | None:
        kind, _, token = authorizations[0].partition(" ")
        token = token.strip()
        if kind.lower() == "bearer" and len(authorizations) == 1:
            if self._authenticator.token_is_right(token.encode("latin-1")):
                return None
            found = self._agent_tokens.find(token) or self._tokens.find(token)
            if found is not None:
                return found
        return _unauthorized("The token is wrong, was revoked, or is too old.")

    def _browser(self, scope: Scope) -> BrowserSession | None:
        """The browser whose cookie the request has."""
        for header in header_values(scope, b"cookie"):
            try:
                morsel = SimpleCookie(header).get(self._authenticator.cookie_name)
            except CookieError:
                continue
            found = None if morsel is None else self._browsers.find(morsel.value)
            if found is not None:
                return found
        return None

    async def _login(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Change a one-time code for a cookie."""
        peer = peer_of(scope)
        wait_s = self._sign_ins.wait_s(peer)
        if wait_s > 0:
            await refuse(scope, receive, send, _too_many(wait_s))
            return
        codes = parse_qs(scope["query_string"].decode("latin-1")).get("code", [])
        if len(codes) != 1 or not self._authenticator.use_code(codes[0]):
            self._sign_ins.failed(peer)
            error = _unauthorized("The sign-in link was used already, or is too old.")
            await refuse(scope, receive, send, error, html=CODE_USED)
            return
        agents = header_values(scope, b"user-agent")
        try:
            cookie = await self._browsers.sign_in(user_agent=agents[0] if agents else "", peer=peer)
        except Unavailable as error:
            await refuse(scope, receive, send, ApiError(503, error.code, error.text, error.cure))
            return
        answer = RedirectResponse("/", status_code=303)
        answer.set_cookie(
            self._authenticator.cookie_name,
            cookie,
            max_age=int(COOKIE_DAYS * 86_400),
            httponly=True,
            samesite="strict",
            secure=scope.get("scheme") == "https",
        )
        await answer(scope, receive, send)


def _nothing() -> None:
    """A connection that is not counted."""


def _too_many(wait_s: float) -> ApiError:
    limit = RateLimit("sign-in", SIGN_IN_FAILURES_MAX, SIGN_IN_WINDOW_S, wait_s)
    text = "Too many sign-in links from this address were wrong."
    cure = f"Try again in {math.ceil(wait_s)} s."
    return ApiError(429, "too_many_sign_ins", text, cure, headers=limit.headers)


def _not_signed() -> ApiError:
    text = "The request carries no token, and no signature with the secret of a hook of this name."
    cure = "Check name and secret of the hook; docs/hooks.md says which signatures count."
    return ApiError(401, "hook_not_signed", text, cure, headers={"WWW-Authenticate": "Bearer"})


def _unauthorized(text: str) -> ApiError:
    return ApiError(
        401,
        "unauthorized",
        text,
        "Send the header Authorization: Bearer <token>; the token is in the file `token` of the data directory.",
        headers={"WWW-Authenticate": "Bearer"},
    )
