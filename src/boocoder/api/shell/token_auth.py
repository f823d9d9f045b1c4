"""Lets nothing pass without the token, or the cookie got for it; only the sign-in and its style are open, and
both are served here.

The routes behind never see an unauthenticated request, so no trick with paths can separate what is checked
from what is routed.
"""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from boocoder.api.auth import COOKIE_DAYS, Authenticator
from boocoder.api.problem import ApiError, refuse
from boocoder.api.shell.allow_lists import header_values
from boocoder.api.shell.sign_in_page import CODE_USED, NOT_SIGNED_IN, STYLE, STYLE_PATH

LOGIN_PATH = "/login"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class TokenAuth:
    """The last layer before the routes.

    Args:
        app: the routes.
        authenticator: knows the token.
    """

    def __init__(self, app: ASGIApp, *, authenticator: Authenticator) -> None:
        self._app = app
        self._authenticator = authenticator

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
        error = self._refusal(scope)
        if error is None:
            await self._app(scope, receive, send)
        else:
            wants_page = "text/html" in ",".join(header_values(scope, b"accept"))
            await refuse(scope, receive, send, error, html=NOT_SIGNED_IN if wants_page else None)

    def _refusal(self, scope: Scope) -> ApiError | None:
        authorizations = header_values(scope, b"authorization")
        if authorizations:
            kind, _, token = authorizations[0].partition(" ")
            right = kind.lower() == "bearer" and self._authenticator.token_is_right(token.strip().encode("latin-1"))
            return None if right and len(authorizations) == 1 else _unauthorized("The token is wrong.")
        if not self._has_cookie(scope):
            return _unauthorized("The request carries no token.")
        # A browser names the page's origin wherever something may be changed, and on every WebSocket.
        may_change = scope["type"] == "websocket" or scope["method"] not in SAFE_METHODS
        if may_change and not header_values(scope, b"origin"):
            return ApiError(403, "origin_missing", "A request with a cookie must say which page sent it.")
        return None

    def _has_cookie(self, scope: Scope) -> bool:
        for header in header_values(scope, b"cookie"):
            try:
                morsel = SimpleCookie(header).get(self._authenticator.cookie_name)
            except CookieError:
                continue
            if morsel is not None and self._authenticator.cookie_is_right(morsel.value):
                return True
        return False

    async def _login(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Change a one-time code for a cookie."""
        codes = parse_qs(scope["query_string"].decode("latin-1")).get("code", [])
        if len(codes) != 1 or not self._authenticator.use_code(codes[0]):
            error = _unauthorized("The sign-in link was used already, or is too old.")
            await refuse(scope, receive, send, error, html=CODE_USED)
            return
        answer = RedirectResponse("/", status_code=303)
        answer.set_cookie(
            self._authenticator.cookie_name,
            self._authenticator.new_cookie(),
            max_age=int(COOKIE_DAYS * 86_400),
            httponly=True,
            samesite="strict",
            secure=scope.get("scheme") == "https",
        )
        await answer(scope, receive, send)


def _unauthorized(text: str) -> ApiError:
    return ApiError(
        401,
        "unauthorized",
        text,
        "Send the header Authorization: Bearer <token>; the token is in the file `token` of the data directory.",
        headers={"WWW-Authenticate": "Bearer"},
    )
