"""A thin client of the HTTP API: requests, and a session's stream that survives lost connections. It shows nothing."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from types import TracebackType
from typing import Self, TypeVar
from uuid import UUID

import httpx2
import msgspec

from boocoder.cli import wire
from boocoder.cli.sse import EventParser, EventTooLarge
from boocoder.errors import BoocoderError, Conflict, InvalidInput, NotFound, Unavailable
from boocoder.events import frames

REQUEST_TIMEOUT_S = 60.0  # applying a large change is the slowest request
CONNECT_TIMEOUT_S = 3.0  # loopback, or a machine of the same network
STREAM_SILENCE_S = 40.0  # the service sends a heartbeat every 15 s
STREAM_LOST_S = 60.0  # a service that restarts is back long before
BACKOFF_S = (0.1, 2.0)

T = TypeVar("T")
Json = str | int | float | bool | list[str] | list[list[str]] | Mapping[str, str | bool | None] | None


class ChangeRefused(Conflict):
    """A change does not fit what the user has.

    Args:
        conflicts: file by file, with both sides.
    """

    def __init__(self, code: str, text: str, cure: str, conflicts: tuple[wire.ConflictFile, ...]) -> None:
        super().__init__(code, text, cure)
        self.conflicts = conflicts


class Client:
    """The API of one service.

    Args:
        url: of the service, without a path.
        token: its access token.
        transport: instead of the network.
    """

    def __init__(self, *, url: str, token: str, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self.url = url
        self._http = httpx2.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx2.Timeout(REQUEST_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            transport=transport,
            trust_env=False,  # a proxy of the environment is not for the loopback
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def health(self) -> bytes:
        """The service's own report.

        Raises:
            Unavailable: it does not answer.
        """
        return await self.request("GET", "/api/health")

    async def answers(self) -> bool:
        """Whether a service is there."""
        try:
            await self.health()
        except BoocoderError:
            return False
        return True

    async def get(self, path: str, kind: type[T], **params: object) -> T:
        """One thing of the API."""
        return _decode(await self.request("GET", path, params=params), kind)

    async def items(self, path: str, kind: type[T], **params: object) -> list[T]:
        """A list of the API."""
        return _decode(await self.request("GET", path, params=params), list[kind])  # type: ignore[valid-type]

    async def post(
        self,
        path: str,
        kind: type[T],
        body: Mapping[str, Json] | None = None,
        *,
        key: str = "",
        timeout_s: float = REQUEST_TIMEOUT_S,
    ) -> T:
        """Ask the service to do something.

        Args:
            path: of the route.
            kind: what it answers.
            body: values; those that are None are left out.
            key: an idempotency key; with one, a request whose answer was lost is sent again.
            timeout_s: how long the answer may take.
        """
        for attempt in range(3 if key else 1):
            try:
                return _decode(await self.request("POST", path, body=body or {}, key=key, timeout_s=timeout_s), kind)
            except Unavailable as error:
                if error.code != "service_unreachable" or attempt == 2 or not key:
                    raise
                await asyncio.sleep(_jittered(attempt))
        raise AssertionError("the loop returns or raises")

    async def put(self, path: str, kind: type[T], body: Mapping[str, Json]) -> T:
        """Replace a thing; values that are None are left out."""
        return _decode(await self.request("PUT", path, body=body), kind)

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, object] | None = None,
        body: Mapping[str, Json] | None = None,
        key: str = "",
        timeout_s: float = REQUEST_TIMEOUT_S,
    ) -> bytes:
        """One exchange.

        Raises:
            BoocoderError: the service's problem answer, or Unavailable when there is no service.
        """
        content = None
        headers = {"Idempotency-Key": key} if key else {}
        if body is not None:
            content = msgspec.json.encode({name: value for name, value in body.items() if value is not None})
            headers["Content-Type"] = "application/json"
        query = {name: str(value) for name, value in (params or {}).items() if value is not None}
        try:
            timeout = httpx2.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S)
            response = await self._http.request(
                method, path, params=query, content=content, headers=headers, timeout=timeout
            )
        except httpx2.HTTPError as error:
            raise self._unreachable(error) from error
        if response.status_code >= 400:
            raise _problem(response.status_code, response.content)
        return response.content

    async def stream(self, session_id: UUID, after: int = 0) -> AsyncGenerator[frames.Frame]:
        """The frames of a session from number `after` + 1 on, without end; connects again when it is cut.

        Raises:
            Unavailable: the service was away for longer than STREAM_LOST_S.
        """
        loop = asyncio.get_running_loop()
        lost_at, attempt = loop.time(), 0
        while True:
            try:
                known = False  # a resync before anything else says that the service does not know our number
                async with aclosing(self._stream_once(session_id, after)) as received:
                    async for frame in received:
                        lost_at = loop.time()
                        if isinstance(frame, frames.Resync):
                            after = after if known else 0
                            break
                        known, attempt = True, 0
                        after = max(after, frame.seq or 0)
                        yield frame
            except (httpx2.HTTPError, EventTooLarge) as error:
                if loop.time() - lost_at > STREAM_LOST_S:
                    raise self._unreachable(error) from error
            except Unavailable:
                if loop.time() - lost_at > STREAM_LOST_S:
                    raise
            await asyncio.sleep(_jittered(attempt))
            attempt += 1

    async def _stream_once(self, session_id: UUID, after: int) -> AsyncGenerator[frames.Frame]:
        timeout = httpx2.Timeout(STREAM_SILENCE_S, connect=CONNECT_TIMEOUT_S)
        url = f"/api/sessions/{session_id}/stream"
        async with self._http.stream("GET", url, params={"after": str(after)}, timeout=timeout) as response:
            if response.status_code >= 400:
                raise _problem(response.status_code, await response.aread())
            parser = EventParser()
            async for chunk in response.aiter_raw():
                for event in parser.feed(chunk):
                    try:
                        yield frames.decode(event.data)
                    except msgspec.DecodeError:
                        continue  # a newer service may send frames that this client does not know

    def _unreachable(self, error: Exception) -> Unavailable:
        return Unavailable(
            "service_unreachable",
            f"The service at {self.url} does not answer: {str(error) or type(error).__name__}.",
            "Look at it with: boocoder doctor",
        )


def _jittered(attempt: int) -> float:
    low, high = BACKOFF_S
    return random.uniform(0.5, 1.0) * min(low * 2.0 ** min(attempt, 16), high)


def _decode(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise Unavailable(
            "answer_not_understood",
            f"The service answered something else than this command expects: {error}.",
            "Service and command are probably of different versions: restart the service.",
        ) from error


def _problem(status: int, body: bytes) -> BoocoderError:
    try:
        said = msgspec.json.decode(body, type=wire.Problem)
    except msgspec.DecodeError:
        said = wire.Problem()
    text = said.detail or said.title or f"The service answered {status}."
    if said.conflicts:
        return ChangeRefused(said.code, text, said.cure, said.conflicts)
    kinds: dict[int, type[BoocoderError]] = {404: NotFound, 409: Conflict, 400: InvalidInput, 422: InvalidInput}
    kind = kinds.get(status, Unavailable if status >= 500 else InvalidInput)
    return kind(said.code, text, said.cure)
