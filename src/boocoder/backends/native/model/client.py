"""Talks to an OpenAI-compatible model server: one streamed answer at a time, and the list of models. It retries nothing
but a request whose optional fields the server does not know."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2
import msgspec

from boocoder.backends.native.limits import NativeLimits
from boocoder.backends.native.model.errors import (
    CHECK_SERVER,
    START_SERVER,
    ModelError,
    error_in_stream,
    error_of_response,
)
from boocoder.backends.native.model.wire import Chunk, RequestMessage, read_chunk, sent_message
from boocoder.errors import Unavailable
from boocoder.model_servers.answers import slots_text
from boocoder.model_servers.client import ModelServerClient
from boocoder.model_servers.server import ModelServer

BODY_MAX_BYTES = 4 * 1024 * 1024  # of an answer that is not streamed
ERROR_MAX_BYTES = 16 * 1024
EVENT_MAX_BYTES = 16 * 1024 * 1024  # one event; a whole file in one tool call fits
_EXTRAS = ("return_progress", "stream_options", "reasoning_effort", "chat_template_kwargs", "max_tokens")

Tool = dict[str, object]  # a JSON schema, only passed on


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One request.

    Args:
        model: the server's id for the model.
        messages: the whole conversation.
        tools: schemas of the tools that the model may call.
        max_tokens: limit of the answer.
        thinking: "" for the model's default, "off", or an effort such as "low".
        image_urls: data: URLs of the messages' images, by name.
    """

    model: str
    messages: tuple[RequestMessage, ...]
    tools: tuple[Tool, ...] = ()
    max_tokens: int = 0
    thinking: str = ""
    image_urls: Mapping[str, str] = field(default_factory=dict)


class ModelClient:
    """A client of one server. Safe for concurrent calls.

    Args:
        state: queries the status of the same server.
        server: its address and the settings of its models.
        limits: time limits.
    """

    def __init__(self, *, state: ModelServerClient, server: ModelServer, limits: NativeLimits) -> None:
        self._state = state
        self._server = server
        self._url = server.base_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {server.api_key}"} if server.api_key else {}
        self._limits = limits
        self._unknown_extras: set[str] = set()
        self._waiting: set[object] = set()  # calls of which nothing came yet
        self._http: httpx2.AsyncClient | None = None

    @property
    def url(self) -> str:
        """Base URL of the server, with the API version."""
        return self._url

    async def close(self) -> None:
        """Close all connections. Safe twice; later calls open new ones."""
        http, self._http = self._http, None
        if http is not None:
            await http.aclose()

    async def answers(self) -> bool:
        """Whether the server responds; it may be busy."""
        try:
            await self._state.models()
        except Unavailable:
            return False
        return True

    async def busy_with(self, model: str) -> str:
        """What the server is busy with before it can answer, "" if unknown."""
        running = await self._state.running()
        if running is not None:
            return running.waits_for(model)
        slots = await self._state.slots()
        return slots_text(slots, before=max(len(self._waiting) - 1, 0)) if slots else ""

    async def complete(self, call: ModelCall, take: Callable[[Chunk], Awaitable[None]]) -> None:
        """Send a call and pass every chunk of the answer to `take`, in order.

        Raises:
            ModelError: the server cannot be reached, refuses, or its stream breaks.
        """

        async def take_first(chunk: Chunk) -> None:
            self._waiting.discard(call_key)
            await take(chunk)

        call_key = object()
        self._waiting.add(call_key)
        try:
            while True:
                try:
                    return await self._complete(call, take_first)
                except ModelError as error:
                    if not error.extra or error.extra in self._unknown_extras:
                        raise
                    self._unknown_extras.add(error.extra)
        finally:
            self._waiting.discard(call_key)

    async def _complete(self, call: ModelCall, take: Callable[[Chunk], Awaitable[None]]) -> None:
        async with self._opened("POST", "/chat/completions", self._body(call), model=call.model) as response:
            kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind != "text/event-stream":
                await take(_whole(await _read(response, BODY_MAX_BYTES), call.model))
                return
            source = httpx2.EventSource(response, max_event_size=EVENT_MAX_BYTES)
            events = aiter(source)
            async with aclosing(events):  # type: ignore[type-var]  # it is a generator, declared as an iterator
                async for event in events:
                    if event.data == "[DONE]":
                        return
                    if event.data:
                        await take(parse_chunk(event.data, call.model))

    @asynccontextmanager
    async def _opened(
        self, method: str, path: str, body: bytes | None, *, model: str
    ) -> AsyncIterator[httpx2.Response]:
        """A response with status 200; translates httpx's errors, including those raised while the body is read."""
        url = f"{self._url}{path}"
        headers = self._headers if body is None else self._headers | {"Content-Type": "application/json"}
        try:
            async with self._client().stream(method, url, content=body, headers=headers) as response:
                if response.status_code != httpx2.codes.OK:
                    await self._refuse(response, model)
                yield response
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError) as error:
            raise unreachable(self._url, str(error) or type(error).__name__) from error
        except httpx2.ReadTimeout as error:
            text = f"The model said nothing for {self._limits.answer_wait_s:g} s."
            raise ModelError("model_unreachable", text, CHECK_SERVER) from error
        except httpx2.SSEError as error:
            raise ModelError("model_failed", f"The model's stream cannot be read: {error}", CHECK_SERVER) from error
        except httpx2.HTTPError as error:
            text = f"The model's answer was cut off: {str(error) or type(error).__name__}"
            raise ModelError("model_stream_cut", text, CHECK_SERVER, again=True) from error
        except (httpx2.InvalidURL, UnicodeError) as error:
            raise unreachable(self._url, str(error)) from error

    async def _refuse(self, response: httpx2.Response, model: str) -> None:
        body = await _read(response, ERROR_MAX_BYTES)
        after_s = _seconds_until(response.headers.get("retry-after", ""))
        extras = tuple(name for name in _EXTRAS if name not in self._unknown_extras)
        raise error_of_response(response.status_code, body, model=model, after_s=after_s, extras=extras)

    def _body(self, call: ModelCall) -> bytes:
        messages = [sent_message(message, call.image_urls) for message in call.messages]
        fields: dict[str, object] = {"model": call.model, "messages": messages, "stream": True}
        if call.tools:
            fields["tools"] = call.tools
        extras: dict[str, object] = {"stream_options": {"include_usage": True}, "return_progress": True}
        if call.max_tokens:
            extras["max_tokens"] = call.max_tokens
        options = self._server.options_of(call.model)
        if call.thinking:
            options = replace(options, thinking=None, reasoning_effort="")
        extras |= options.request_fields()
        if call.thinking in ("off", "none"):
            extras["chat_template_kwargs"] = {"enable_thinking": False}
        elif call.thinking:
            extras["reasoning_effort"] = call.thinking
        fields |= {name: value for name, value in extras.items() if name not in self._unknown_extras}
        return msgspec.json.encode(fields)

    def _client(self) -> httpx2.AsyncClient:
        if self._http is None:
            limits = self._limits
            timeout = httpx2.Timeout(limits.answer_wait_s, connect=limits.connect_timeout_s)
            pool = httpx2.Limits(max_connections=None, max_keepalive_connections=16)
            self._http = httpx2.AsyncClient(timeout=timeout, limits=pool, trust_env=False)
        return self._http


def unreachable(url: str, why: str) -> ModelError:
    """The error for an unreachable server."""
    text = f"The model server at {url} cannot be reached: {why}."
    return ModelError("model_unreachable", text, START_SERVER, again=True)


def parse_chunk(data: str, model: str) -> Chunk:
    """Parse an event's data as a chunk.

    Args:
        data: JSON of an event.
        model: the requested model.

    Raises:
        ModelError: it is not a chunk, or it reports an error of the server.
    """
    try:
        chunk = read_chunk(data)
    except msgspec.DecodeError as error:
        text = f"The model's stream holds an event that is no chunk of an answer: {data[:200]!r}."
        raise ModelError("model_stream_damaged", text, CHECK_SERVER, again=True) from error
    if chunk.error:
        raise error_in_stream(json.dumps({"error": chunk.error}).encode(), model=model)
    return chunk


def _whole(body: bytes, model: str) -> Chunk:
    try:
        chunk = parse_chunk(body.decode("utf-8", errors="replace"), model)
    except ModelError as error:
        if error.code == "model_stream_damaged":
            text = f"The model server did not answer with a chat completion: {body[:200]!r}"
            raise ModelError("model_failed", text, "Correct models.base_url: it must end with /v1.") from error
        raise
    if not chunk.choices:
        raise error_in_stream(body, model=model)
    return chunk


def _seconds_until(header: str) -> float:
    """The seconds of a Retry-After header, which is a number or a date; 0.0 without one."""
    text = header.strip()
    if text.isdigit():
        return float(text[:9])
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return 0.0
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())


async def _read(response: httpx2.Response, max_bytes: int) -> bytes:
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > max_bytes:
            break
    return bytes(body[:max_bytes])
