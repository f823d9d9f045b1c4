"""Talks to an OpenAI-compatible model server: one streamed answer at a time, and the list of models. It retries nothing
but a request whose optional fields the server does not know."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

import httpx2
import msgspec

from boocoder.backends.native.limits import NativeLimits
from boocoder.backends.native.refusal import (
    CHECK_SERVER,
    START_SERVER,
    ModelError,
    failed_in_stream,
    refused,
)
from boocoder.backends.native.wire import ChatMessage, Chunk, ModelList, ModelRow, read_chunk

MODELS_TIMEOUT_S = 5.0  # a list is answered at once, even by a server that loads a model meanwhile
BODY_MAX_BYTES = 4 * 1024 * 1024  # of an answer that is not streamed
ERROR_MAX_BYTES = 16 * 1024
EVENT_MAX_BYTES = 16 * 1024 * 1024  # one event; a whole file in one tool call fits
_EXTRAS = ("return_progress", "stream_options", "reasoning_effort", "chat_template_kwargs", "max_tokens")

Tool = dict[str, object]  # a JSON schema, only passed on


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One request.

    Args:
        model: the server's id of the model.
        messages: the whole conversation.
        tools: what the model may call.
        max_tokens: of the answer.
        thinking: how hard to think: "" for the model's own way, "off", or an effort such as "low".
    """

    model: str
    messages: tuple[ChatMessage, ...]
    tools: tuple[Tool, ...] = ()
    max_tokens: int = 0
    thinking: str = ""


class ModelClient:
    """A client of one server. Safe for many calls side by side.

    Args:
        base_url: with the version, such as http://127.0.0.1:8080/v1.
        api_key: sent as a bearer token; empty for none.
        limits: time limits.
    """

    def __init__(self, *, base_url: str, api_key: str, limits: NativeLimits) -> None:
        self._url = base_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._limits = limits
        self._unknown_extras: set[str] = set()
        self._http: httpx2.AsyncClient | None = None

    async def close(self) -> None:
        """Close all connections. Safe twice; a later call opens new ones."""
        http, self._http = self._http, None
        if http is not None:
            await http.aclose()

    async def models(self) -> tuple[ModelRow, ...]:
        """The server's models in its order, without doubles.

        Raises:
            ModelError: it cannot be reached, refuses, or answers something else.
        """
        try:
            async with asyncio.timeout(MODELS_TIMEOUT_S):
                async with self._opened("GET", "/models", None, model="") as response:
                    body = await _read(response, BODY_MAX_BYTES)
            rows = msgspec.json.decode(body, type=ModelList).data
        except TimeoutError as error:
            raise unreachable(self._url, f"no answer within {MODELS_TIMEOUT_S:g} s") from error
        except (msgspec.DecodeError, RecursionError) as error:
            text = f"What {self._url}/models answers is not a list of models."
            raise ModelError("model_failed", text, "Correct models.base_url: it must end with /v1.") from error
        return tuple({row.id: row for row in rows if row.id}.values())

    async def complete(self, call: ModelCall, take: Callable[[Chunk], Awaitable[None]]) -> None:
        """Send a call and hand every chunk of the answer to `take`, in order.

        Raises:
            ModelError: the server cannot be reached, refuses, or its stream breaks.
        """
        while True:
            try:
                return await self._complete(call, take)
            except ModelError as error:
                if not error.extra or error.extra in self._unknown_extras:
                    raise
                self._unknown_extras.add(error.extra)

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
                        await take(_chunk(event.data, call.model))

    @asynccontextmanager
    async def _opened(
        self, method: str, path: str, body: bytes | None, *, model: str
    ) -> AsyncIterator[httpx2.Response]:
        """An answer with status 200; httpx's errors become ours, those while the body is read too."""
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
        wait = response.headers.get("retry-after", "")
        after_s = float(wait) if wait.isdigit() else 0.0
        extras = tuple(name for name in _EXTRAS if name not in self._unknown_extras)
        raise refused(response.status_code, body, model=model, after_s=after_s, extras=extras)

    def _body(self, call: ModelCall) -> bytes:
        fields: dict[str, object] = {"model": call.model, "messages": call.messages, "stream": True}
        if call.tools:
            fields["tools"] = call.tools
        extras: dict[str, object] = {"stream_options": {"include_usage": True}, "return_progress": True}
        if call.max_tokens:
            extras["max_tokens"] = call.max_tokens
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
    """The error of a server that is not there."""
    text = f"The model server at {url} cannot be reached: {why}."
    return ModelError("model_unreachable", text, START_SERVER, again=True)


def _chunk(data: str, model: str) -> Chunk:
    try:
        chunk = read_chunk(data)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        text = f"The model's stream holds something that is no chunk: {data[:200]!r}"
        raise ModelError("model_failed", text, CHECK_SERVER) from error
    if chunk.error is not None and bytes(chunk.error) != b"null":
        raise failed_in_stream(b'{"error": ' + bytes(chunk.error) + b"}", model=model)
    return chunk


def _whole(body: bytes, model: str) -> Chunk:
    try:
        chunk = _chunk(body.decode("utf-8", errors="replace"), model)
    except ModelError as error:
        if error.code == "model_failed" and not error.again:
            text = f"The model server did not answer with a chat completion: {body[:200]!r}"
            raise ModelError("model_failed", text, "Correct models.base_url: it must end with /v1.") from error
        raise
    if not chunk.choices:
        raise failed_in_stream(body, model=model)
    return chunk


async def _read(response: httpx2.Response, max_bytes: int) -> bytes:
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > max_bytes:
            break
    return bytes(body[:max_bytes])
