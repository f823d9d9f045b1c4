"""The scripted model: a loopback HTTP server that answers like a language model and follows directives in prompts.

It is used by tests, the benchmark and the demo. It reads no files, runs no programs and listens on loopback only.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
from types import TracebackType
from typing import Self

import msgspec

from boocoder.scripted_model.connection import ClientConnection
from boocoder.scripted_model.formats.anthropic_messages import ANTHROPIC_MESSAGES
from boocoder.scripted_model.formats.chat_completions import CHAT_COMPLETIONS
from boocoder.scripted_model.formats.gemini_content import GEMINI_CONTENT
from boocoder.scripted_model.formats.openai_responses import OPENAI_RESPONSES
from boocoder.scripted_model.formats.wire_format import ModelRequest, WireFormat
from boocoder.scripted_model.http_request import HttpRequest
from boocoder.scripted_model.player import ModelCallPlayer
from boocoder.scripted_model.refusal import RefusalCounter
from boocoder.scripted_model.request_log import RecordedRequest, RequestLog, RequestState
from boocoder.service import TaskSupervisor

FORMATS = (CHAT_COMPLETIONS, OPENAI_RESPONSES, ANTHROPIC_MESSAGES, GEMINI_CONTENT)
DEFAULT_MODELS = ("scripted-small", "scripted-large")
KEEP_REQUESTS = 256  # conversations of real agents are some 50 kB each
STOP_TIMEOUT_S = 5.0


class ScriptedModel:
    """A model server; `async with ScriptedModel() as model:` runs it at `model.base_url`.

    Args:
        port: TCP port on 127.0.0.1, 0 for any free one.
        models: ids listed by GET /v1/models; the name in a request is not checked.
        delay_s: pause after each streamed word, in seconds.
        stamp: words of `say` and `tokens` are replaced by time.monotonic_ns() when they are written, so that
            a client on the same machine can compute how long each took to reach it.
        keep_requests: length of `requests`.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        models: Sequence[str] = DEFAULT_MODELS,
        delay_s: float = 0.0,
        stamp: bool = False,
        keep_requests: int = KEEP_REQUESTS,
    ) -> None:
        self._port = port
        self._models = tuple(models)
        self._delay_s = delay_s
        self._stamp = stamp
        self._log = RequestLog(keep=keep_requests)
        self._refusals = RefusalCounter()
        self._supervisor = TaskSupervisor("scripted-model")
        self._connections: set[ClientConnection] = set()
        self._players: set[ModelCallPlayer] = set()
        self._server: asyncio.Server | None = None

    @property
    def base_url(self) -> str:
        """The base URL of the OpenAI-compatible API, with /v1 and without a trailing slash."""
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def root_url(self) -> str:
        """The address without /v1, as clients of Anthropic's and Gemini's APIs need it."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def requests(self) -> deque[RecordedRequest]:
        """The newest model calls, oldest first."""
        return self._log.requests

    async def start(self) -> None:
        """Start listening; afterwards `base_url` has the port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connect, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close every connection and stop listening. Safe twice and before start."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for connection in list(self._connections):
            connection.abort()
        await self._supervisor.stop()
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await server.wait_closed()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def wait_request(self, containing: str = "", *, count: int = 1, timeout_s: float = 10.0) -> RecordedRequest:
        """Wait for the `count`-th call, not counting side calls, whose newest prompt contains a text, and return it.

        Raises:
            TimeoutError: it did not come in `timeout_s` seconds.
        """

        def found() -> RecordedRequest | None:
            turns = self._log.turns(containing)
            return turns[count - 1] if len(turns) >= count else None

        return await self._log.wait_until(found, timeout_s)

    async def wait_settled(self, request: RecordedRequest, *, timeout_s: float = 10.0) -> RequestState:
        """Wait until a call is over; returns how it ended: answered, refused, or the client disconnected.

        Raises:
            TimeoutError: it was still being answered after `timeout_s` seconds.
        """

        def found() -> RequestState | None:
            return request.state if request.state is not RequestState.ANSWERING else None

        return await self._log.wait_until(found, timeout_s)

    def hurry(self) -> None:
        """Have the calls that are being answered write what is left without a pause, for who has seen enough."""
        for player in self._players:
            player.hurry()

    def _connect(self) -> ClientConnection:
        return ClientConnection(answer=self._answer, supervisor=self._supervisor, open_connections=self._connections)

    async def _answer(self, request: HttpRequest, connection: ClientConnection) -> None:
        if request.method == "GET":
            self._answer_get(request, connection)
        elif request.method == "HEAD":
            connection.reply(HTTPStatus.OK, b"")
        else:
            await self._answer_post(request, connection)

    def _answer_get(self, request: HttpRequest, connection: ClientConnection) -> None:
        path = request.path.rstrip("/")
        if path.endswith("/models"):
            connection.reply(HTTPStatus.OK, self._model_list())
        elif path in ("", "/v1") or path.endswith("/health"):
            connection.reply(HTTPStatus.OK, b'{"status": "ok"}')
        else:
            connection.reply(HTTPStatus.NOT_FOUND, _no_route(request))

    async def _answer_post(self, request: HttpRequest, connection: ClientConnection) -> None:
        for wire in FORMATS:
            if request.method == "POST" and wire.serves(request.path):
                await self._answer_call(wire, request, connection)
                return
            if (counted := wire.counted(request.path, request.body)) is not None:
                connection.reply(HTTPStatus.OK, json.dumps(counted).encode())
                return
        connection.reply(HTTPStatus.NOT_FOUND, _no_route(request))

    async def _answer_call(self, wire: WireFormat, request: HttpRequest, connection: ClientConnection) -> None:
        try:
            asked = wire.read(request.path, request.body)
        except msgspec.DecodeError as error:
            text = f"not a request of {wire.title}: {error}"
            connection.reply(HTTPStatus.BAD_REQUEST, json.dumps(wire.error(text, HTTPStatus.BAD_REQUEST)).encode())
            return
        recorded = self._log.add(request.path, request.body, asked.conversation, connection.client_port)
        state = RequestState.GONE
        try:
            state = await self._play(wire, asked, connection)
        finally:
            self._log.finish(recorded, RequestState.GONE if connection.client_gone else state)

    async def _play(self, wire: WireFormat, asked: ModelRequest, connection: ClientConnection) -> RequestState:
        refusal = self._refusals.decide(asked.conversation)
        if refusal is not None:
            await asyncio.sleep(refusal.after_s)
            connection.reply(refusal.status, json.dumps(wire.error("scripted failure", refusal.status)).encode())
            return RequestState.REFUSED
        voice = asked.voice(connection)
        player = ModelCallPlayer(voice=voice, delay_s=self._delay_s, stamp=self._stamp)
        self._players.add(player)
        try:
            ending = await player.play(asked.conversation, asked.conversation.steps())
        finally:
            self._players.discard(player)
        await voice.finish(ending, player.input_tokens, player.output_tokens)
        return RequestState.ANSWERED

    def _model_list(self) -> bytes:
        rows = [{"id": name, "object": "model", "created": 1, "owned_by": "scripted"} for name in self._models]
        return json.dumps({"object": "list", "data": rows}).encode()


def _no_route(request: HttpRequest) -> bytes:
    ends = ", ".join(f"*{end}" for wire in FORMATS for end in wire.ends)
    return json.dumps({"error": {"message": f"no route {request.method} {request.path}; there are {ends}"}}).encode()
