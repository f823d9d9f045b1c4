"""HEAD for every GET, and entity tags, so that who polls an answer gets it only when it has changed (RFC 9110)."""

from __future__ import annotations

import asyncio
import hashlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from boocoder.api.middleware.allow_lists import header_values
from boocoder.api.middleware.token_auth import LOGIN_PATH

TAG_BYTES = 16
_OF_BODY = ("content-length", "content-type")


class ConditionalAnswers:
    """Tags JSON answers of GET, answers `If-None-Match` with 304, and leaves out the body of HEAD."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
        if not asked or scope["path"] == LOGIN_PATH:  # GET of a sign-in link uses it up, HEAD must not
            await self._app(scope, receive, send)
            return
        answer = _Answer(scope, send)
        await self._app({**scope, "method": "GET"}, answer.receiver(receive), answer.send)


class _Answer:
    """One answer on its way."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._send = send
        self._head = scope["method"] == "HEAD"
        self._known = {tag.strip() for value in header_values(scope, b"if-none-match") for tag in value.split(",")}
        self._start: Message | None = None
        self._body = b""
        self._begun = asyncio.Event()

    def receiver(self, receive: Receive) -> Receive:
        """Lets the sender of a HEAD appear to leave once it has the head: some answers have no end."""
        return self._leave if self._head else receive

    async def send(self, message: Message) -> None:
        """Take a message of the answer."""
        if message["type"] == "http.response.start":
            await self._take_start(message)
        elif self._start is not None:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._send_tagged(self._start)
        elif not self._head:
            await self._send(message)

    async def _take_start(self, message: Message) -> None:
        headers = Headers(raw=message["headers"])
        json = headers.get("content-type", "").startswith("application/json")
        if message["status"] == 200 and json and "etag" not in headers:
            self._start = message
            return
        await self._send(message)
        if self._head:
            await self._send({"type": "http.response.body", "body": b""})
            self._begun.set()

    async def _send_tagged(self, start: Message) -> None:
        tag = f'"{hashlib.blake2b(self._body, digest_size=TAG_BYTES).hexdigest()}"'
        headers = MutableHeaders(raw=start["headers"])
        headers["ETag"] = tag
        if self._known & {tag, f"W/{tag}", "*"}:
            for name in _OF_BODY:
                del headers[name]
            start = {**start, "status": 304, "headers": headers.raw}
            self._body = b""
        await self._send({**start, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": b"" if self._head else self._body})

    async def _leave(self) -> Message:
        await self._begun.wait()
        return {"type": "http.disconnect"}
