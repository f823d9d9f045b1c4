"""Typed client of opencode's HTTP routes (1.x); translates httpx's errors.

Every call has a time limit except the turn itself, whose answer comes when the turn ends.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import httpx2
import msgspec

from boocoder.backends.opencode.http.wire import (
    ErrorInfo,
    OpenCodeSession,
    PermissionAsked,
    QuestionAsked,
    SessionStatus,
    StoredMessage,
)
from boocoder.errors import BackendError
from boocoder.events import json_coerce

T = TypeVar("T")

USERNAME = "opencode"  # what OPENCODE_SERVER_USERNAME is by default


class Unreachable(BackendError):
    """The server could not be reached; `delivered` says whether it may have got the request nevertheless."""

    def __init__(self, text: str, *, delivered: bool) -> None:
        super().__init__("agent_unreachable", text, "Try again; boocoder restarts opencode if it has died.")
        self.delivered = delivered


class ServerRefused(BackendError):
    """The server answered with an error status."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__("agent_refused", f"opencode answered {status}: {text}", "")
        self.http_status = status


class Health(msgspec.Struct):
    """Whether the server works, and its version."""

    healthy: bool = False
    version: str = ""


class OpenCodeAgentMode(msgspec.Struct):
    """An agent of opencode, which is a mode to us."""

    name: str
    mode: str = ""
    hidden: bool | None = False  # null for one that a configuration has changed


class ModelInputs(msgspec.Struct):
    """What a model takes."""

    image: bool = False


class ModelCapabilities(msgspec.Struct):
    """What a model can do."""

    input: ModelInputs = msgspec.field(default_factory=ModelInputs)


class OfferedModel(msgspec.Struct):
    """A model of opencode's catalogue."""

    capabilities: ModelCapabilities = msgspec.field(default_factory=ModelCapabilities)


class ProviderModels(msgspec.Struct):
    """A provider with its models by id."""

    id: str
    models: dict[str, msgspec.Raw] = msgspec.field(default_factory=dict)


class Providers(msgspec.Struct):
    """All providers that opencode offers."""

    providers: list[ProviderModels] = msgspec.field(default_factory=list)


class CommandInfo(msgspec.Struct):
    """A slash command."""

    name: str
    description: str = ""


class PromptModel(msgspec.Struct, rename={"provider": "providerID", "model": "modelID"}):
    """A model as a prompt names it."""

    provider: str
    model: str


class PromptText(msgspec.Struct):
    """The words of a prompt."""

    id: str
    text: str
    type: str = "text"


class PromptFilePart(msgspec.Struct):
    """A file of a prompt, as a data: URL."""

    id: str
    url: str
    mime: str
    filename: str
    type: str = "file"


class Prompt(msgspec.Struct, omit_defaults=True, rename={"message_id": "messageID"}):
    """A turn's request; `message_id` and the parts' ids make it idempotent; `system` adds to opencode's own rules."""

    message_id: str
    parts: list[PromptText | PromptFilePart]
    model: PromptModel | None = None
    agent: str | None = None
    variant: str | None = None
    system: str | None = None


class Page(msgspec.Struct):
    """The newest messages, oldest first, and where the next older page begins ("" at the beginning)."""

    messages: list[StoredMessage]
    older: str = ""


class OpenCodeClient:
    """Calls one server.

    Args:
        base_url: http://127.0.0.1:PORT.
        password: of HTTP Basic, sent on every call.
        request_timeout_s: limit of every call but `prompt`.
    """

    def __init__(self, *, base_url: str, password: str, request_timeout_s: float) -> None:
        self._timeout_s = request_timeout_s
        self._http = httpx2.AsyncClient(
            base_url=base_url,
            auth=httpx2.BasicAuth(USERNAME, password),
            timeout=httpx2.Timeout(request_timeout_s),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=16),
            trust_env=False,
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def health(self) -> Health:
        """Ask for the version."""
        return await self._get("/global/health", Health)

    async def create_session(self, directory: Path, title: str) -> OpenCodeSession:
        """Make a session; without a title opencode would pay a model call for one."""
        return await self._post("/session", {"title": title}, OpenCodeSession, directory=directory)

    async def session(self, session_id: str) -> OpenCodeSession | None:
        """Read a session, None if there is none of that id."""
        try:
            return await self._get(f"/session/{session_id}", OpenCodeSession)
        except ServerRefused as error:
            if error.http_status in (400, 404, 500):  # 500 answers an id of another form than its own
                return None
            raise

    async def messages(self, session_id: str, *, limit: int, before: str = "") -> Page:
        """Read the newest `limit` messages, or those before the cursor `before`."""
        params: dict[str, str] = {"limit": str(limit)} | ({"before": before} if before else {})
        response = await self._send("GET", f"/session/{session_id}/message", params=params)
        return Page(_decode(response.content, list[StoredMessage]), response.headers.get("x-next-cursor", ""))

    async def prompt(self, session_id: str, prompt: Prompt) -> StoredMessage:
        """Run a turn; the answer is its final message and comes when it ends, without a time limit.

        Raises:
            Unreachable: the connection broke; the turn may go on if `delivered`.
            Refused: unknown model or agent (500), or no such session (404).
        """
        timeout = httpx2.Timeout(self._timeout_s, read=None)
        return await self._post(f"/session/{session_id}/message", prompt, StoredMessage, timeout=timeout)

    async def abort(self, session_id: str, timeout_s: float) -> None:
        """End the session's turn; returns when it has ended."""
        await self._send("POST", f"/session/{session_id}/abort", timeout=httpx2.Timeout(timeout_s))

    async def children(self, session_id: str) -> list[OpenCodeSession]:
        """The sessions of its sub-agents."""
        return await self._get(f"/session/{session_id}/children", list[OpenCodeSession])

    async def status(self, session_id: str, directory: Path) -> SessionStatus:
        """Whether the session is busy, retrying or idle."""
        known = await self._get("/session/status", dict[str, SessionStatus], directory=directory)
        return known.get(session_id, SessionStatus())

    async def pending_permissions(self, directory: Path) -> list[PermissionAsked]:
        """Permissions asked in this directory and not answered, with those that an abort left behind."""
        return await self._get("/permission", list[PermissionAsked], directory=directory)

    async def pending_questions(self, directory: Path) -> list[QuestionAsked]:
        """Questions asked in this directory and not answered."""
        return await self._get("/question", list[QuestionAsked], directory=directory)

    async def allow_once(self, request_id: str, directory: Path) -> None:
        """Allow this call only: "always" would reach other sessions of the directory."""
        await self.reply_permission(request_id, "once", directory)

    async def reply_permission(self, request_id: str, reply: str, directory: Path) -> None:
        """Answer in opencode's own words: once, always or reject."""
        await self._send("POST", f"/permission/{request_id}/reply", {"reply": reply}, directory=directory)

    async def reject(self, request_id: str, message: str, directory: Path) -> None:
        """Refuse, with words for the agent; without words opencode would end the turn."""
        body = {"reply": "reject", "message": message}
        await self._send("POST", f"/permission/{request_id}/reply", body, directory=directory)

    async def answer(self, request_id: str, answers: list[list[str]], directory: Path) -> None:
        """Answer a question's parts in order."""
        await self._send("POST", f"/question/{request_id}/reply", {"answers": answers}, directory=directory)

    async def dismiss(self, request_id: str, directory: Path) -> None:
        """Leave a question unanswered, which ends the turn."""
        await self._send("POST", f"/question/{request_id}/reject", directory=directory)

    async def providers(self, directory: Path) -> list[ProviderModels]:
        """Providers and models."""
        return (await self._get("/config/providers", Providers, directory=directory)).providers

    async def agents(self, directory: Path) -> list[OpenCodeAgentMode]:
        """The modes that a prompt may name, with hidden ones."""
        return await self._get("/agent", list[OpenCodeAgentMode], directory=directory)

    async def commands(self, directory: Path) -> list[CommandInfo]:
        """Slash commands."""
        return await self._get("/command", list[CommandInfo], directory=directory)

    async def dispose_instance(self, directory: Path) -> None:
        """Free the server's resources for a directory."""
        await self._send("POST", "/instance/dispose", directory=directory)

    async def dispose_all(self, timeout_s: float) -> None:
        """End all turns and tools, as one does before stopping the server."""
        await self._send("POST", "/global/dispose", timeout=httpx2.Timeout(timeout_s))

    @asynccontextmanager
    async def events(self) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open the stream of all directories' events."""
        timeout = httpx2.Timeout(self._timeout_s, read=None)
        try:
            async with self._http.stream("GET", "/global/event", timeout=timeout) as response:
                if response.status_code != 200:
                    raise ServerRefused(response.status_code, "the event stream was not opened")
                yield response.aiter_raw()
        except httpx2.HTTPError as error:
            raise Unreachable(f"The event stream broke: {error!r}.", delivered=True) from error

    async def _get(self, path: str, kind: type[T], *, directory: Path | None = None) -> T:
        return _decode((await self._send("GET", path, directory=directory)).content, kind)

    async def _post(
        self,
        path: str,
        body: object,
        kind: type[T],
        *,
        directory: Path | None = None,
        timeout: httpx2.Timeout | None = None,
    ) -> T:
        return _decode((await self._send("POST", path, body, directory=directory, timeout=timeout)).content, kind)

    async def _send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        directory: Path | None = None,
        params: dict[str, str] | None = None,
        timeout: httpx2.Timeout | None = None,
    ) -> httpx2.Response:
        if self._http.is_closed:
            raise Unreachable("opencode has been stopped.", delivered=False)
        query = dict(params or {}) | ({"directory": str(directory)} if directory else {})
        content = msgspec.json.encode(body) if body is not None else None
        headers = {"content-type": "application/json"} if content is not None else {}
        request = self._http.build_request(
            method, path, params=query, content=content, headers=headers, timeout=timeout or httpx2.USE_CLIENT_DEFAULT
        )
        try:
            response = await self._http.send(request)
        except httpx2.HTTPError as error:
            delivered = not isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)
            raise Unreachable(f"{method} {path} failed: {error!r}.", delivered=delivered) from error
        if not response.is_success:
            raise ServerRefused(response.status_code, _refusal(response))
        return response


def _decode(content: bytes, kind: type[T]) -> T:
    try:
        return json_coerce.decode_as(content, msgspec.json.Decoder(kind).decode)
    except msgspec.DecodeError as error:
        raise BackendError(
            "agent_answer_unusable",
            f"opencode's answer cannot be read: {error}.",
            "Install a version of opencode that boocoder knows (1.15 to 1.18).",
        ) from error


_refusal_decoder = msgspec.json.Decoder(ErrorInfo)


def _refusal(response: httpx2.Response) -> str:
    try:
        info = json_coerce.decode_as(response.content, _refusal_decoder.decode)
    except msgspec.DecodeError:
        return response.text[:200].strip() or "(no text)"
    return info.data.message or info.name or "(no text)"
