"""Client of the HTTP API: requests, and a session's stream that reconnects."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from types import TracebackType
from typing import Self, TypeVar
from uuid import UUID

import httpx2
import msgspec

from boocoder.errors import BoocoderError, Conflict, InvalidInput, NotFound, Unavailable
from boocoder.events import frames
from boocoder.net.backoff import backoff
from boocoder.net.sse import SseParser
from boocoder.wire.problems import FileConflict, Problem

REQUEST_TIMEOUT_S = 60.0  # applying a large change is the slowest request
CONNECT_TIMEOUT_S = 10.0  # a busy machine; where nothing listens the answer comes at once
STREAM_SILENCE_S = 40.0  # the service sends a heartbeat every 15 s
STREAM_LOST_S = 60.0  # a service that restarts is back long before
BACKOFF_FIRST_S = 0.1
BACKOFF_CAP_S = 2.0

T = TypeVar("T")
JsonFields = Mapping[str, str | int | float | bool | Sequence[str] | None]
Json = str | int | float | bool | Sequence[str] | Sequence[list[str]] | Sequence[JsonFields] | JsonFields | None


class ChangeRefused(Conflict):
    """A change conflicts with the checkout.

    Args:
        conflicts: file by file, with both sides.
    """

    def __init__(self, code: str, text: str, cure: str, conflicts: tuple[FileConflict, ...]) -> None:
        super().__init__(code, text, cure)
        self.conflicts = conflicts


class FrameTooLarge(Exception):
    """The service sent a frame that exceeds the limit."""


class Client:
    """The API of one service.

    Args:
        url: of the service, without a path.
        token: its access token.
        certificate: PEM file of the one certificate that it may show; empty for those that the system trusts.
        transport: instead of the network.
    """

    def __init__(
        self, *, url: str, token: str, certificate: str = "", transport: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        self.url = url
        self._http = httpx2.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx2.Timeout(REQUEST_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            # Reading what the system trusts takes 30 ms, and without TLS nothing is compared with it.
            verify=_only(certificate) if certificate else url.startswith("https:"),
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

    async def get(self, path: str, kind: type[T], /, **params: object) -> T:
        """One thing of the API."""
        return _decode(await self.request("GET", path, params=params), kind)

    async def items(self, path: str, kind: type[T], /, **params: object) -> list[T]:
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
                await asyncio.sleep(backoff(attempt, first_s=BACKOFF_FIRST_S, cap_s=BACKOFF_CAP_S))
        raise AssertionError("the loop returns or raises")

    async def put(self, path: str, kind: type[T], body: Mapping[str, Json]) -> T:
        """Replace a thing; values that are None are left out."""
        return _decode(await self.request("PUT", path, body=body), kind)

    async def patch(self, path: str, kind: type[T], body: Mapping[str, Json]) -> T:
        """Change a thing; values that are None stay as they are."""
        return _decode(await self.request("PATCH", path, body=body), kind)

    async def delete(self, path: str, kind: type[T]) -> T:
        """Delete a thing; the answer is what it was."""
        return _decode(await self.request("DELETE", path), kind)

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
                        if isinstance(frame, frames.ResyncFrame):
                            after = after if known else 0
                            break
                        known, attempt = True, 0
                        after = max(after, frame.seq or 0)
                        yield frame
            except (httpx2.HTTPError, FrameTooLarge) as error:
                if loop.time() - lost_at > STREAM_LOST_S:
                    raise self._unreachable(error) from error
            except Unavailable:
                if loop.time() - lost_at > STREAM_LOST_S:
                    raise
            await asyncio.sleep(backoff(attempt, first_s=BACKOFF_FIRST_S, cap_s=BACKOFF_CAP_S))
            attempt += 1

    async def _stream_once(self, session_id: UUID, after: int) -> AsyncGenerator[frames.Frame]:
        timeout = httpx2.Timeout(STREAM_SILENCE_S, connect=CONNECT_TIMEOUT_S)
        url = f"/api/sessions/{session_id}/stream"
        async with self._http.stream("GET", url, params={"after": str(after)}, timeout=timeout) as response:
            if response.status_code >= 400:
                raise _problem(response.status_code, await response.aread())
            parser = SseParser()
            async for chunk in response.aiter_raw():
                for event in parser.feed(chunk):
                    try:
                        yield frames.decode(event.data)
                    except msgspec.DecodeError:
                        continue  # a newer service may send frames that this client does not know
                if parser.dropped:
                    raise FrameTooLarge

    def _unreachable(self, error: Exception) -> Unavailable:
        return Unavailable(
            "service_unreachable",
            f"The service at {self.url} does not answer: {str(error) or type(error).__name__}.",
            "Look at it with: boocoder doctor",
        )


def _only(certificate: str) -> ssl.SSLContext:
    """Trust exactly this certificate, for any host name, because the file is on this machine.

    Raises:
        InvalidInput: tls_unusable.
    """
    try:
        context = ssl.create_default_context(cafile=certificate)
    except OSError as error:
        text = f"The service's certificate {certificate} cannot be read: {error.strerror or error}."
        raise InvalidInput("tls_unusable", text, "Make it readable, or correct tls_certificate.") from error
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _decode(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise Unavailable(
            "answer_not_understood",
            f"The service's answer does not have the expected form: {error}.",
            "Service and command are probably of different versions: restart the service.",
        ) from error


def _problem(status: int, body: bytes) -> BoocoderError:
    try:
        problem = msgspec.json.decode(body, type=Problem)
    except msgspec.DecodeError:
        return _error_of(status)("http_error", f"The service answered {status}.")
    if problem.conflicts:
        return ChangeRefused(problem.code, problem.detail, problem.cure, problem.conflicts)
    return _error_of(status)(problem.code, problem.detail, problem.cure)


def _error_of(status: int) -> type[BoocoderError]:
    kinds: dict[int, type[BoocoderError]] = {404: NotFound, 409: Conflict, 400: InvalidInput, 422: InvalidInput}
    return kinds.get(status, Unavailable if status >= 500 else InvalidInput)
