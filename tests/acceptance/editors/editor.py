"""An editor: the SDK's own client on `boocoder acp` over real pipes; every line that it reads is checked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from acp import RequestError, connect_to_agent, text_block
from acp.client.connection import ClientSideConnection
from acp.interfaces import Client as AcpClient
from acp.schema import (
    AcceptElicitationResponse,
    AllowedOutcome,
    ClientCapabilities,
    DeniedOutcome,
    ElicitationCapabilities,
    ElicitationFormCapabilities,
    InitializeResponse,
    PermissionOption,
    PromptResponse,
    RequestPermissionResponse,
    ToolCallUpdate,
)

from tests.acceptance.editors.official_schema import check_line
from tests.fixtures.service import Installation

WAIT_S = 100.0  # for what hangs, with all cores busy
LINE_BYTES = 64 * 1024 * 1024
Update = dict[str, Any]


class SessionView:
    """What an editor shows of one session.

    Args:
        editor: whose.
        session_id: the session.
        opened: the answer that opened it.
    """

    def __init__(self, editor: Editor, session_id: str, opened: Any = None) -> None:
        self.id = session_id
        self.opened = opened
        self.updates: list[Update] = []
        self.asked: list[tuple[ToolCallUpdate, list[PermissionOption]]] = []
        self.answers: list[str] = []
        """Option ids for the permission requests to come; without one a request stays open."""
        self.requests: list[int] = []
        self._editor = editor

    async def prompt(self, text: str) -> PromptResponse:
        """Run a prompt to its end."""
        return await self.send([text_block(text)])

    async def send(self, blocks: list[Any]) -> PromptResponse:
        """Run a prompt of several parts to its end."""
        async with asyncio.timeout(WAIT_S):
            return await self._editor.connection.prompt(session_id=self.id, prompt=blocks)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something came that makes it true."""
        await self._editor.until(holds)

    def text(self, kind: str = "agent_message_chunk") -> str:
        """All text of one kind of chunk."""
        return "".join(one["content"]["text"] for one in self.updates if one["sessionUpdate"] == kind)

    def of_kind(self, *kinds: str) -> list[Update]:
        """The updates of some kinds."""
        return [one for one in self.updates if one["sessionUpdate"] in kinds]

    def tool(self, title: str) -> Update:
        """The last state of the tool call whose title has these words."""
        calls = self.of_kind("tool_call", "tool_call_update")
        ids = {one["toolCallId"] for one in calls if title in one.get("title", "")}
        assert len(ids) == 1, (title, [one.get("title") for one in calls])
        state: Update = {}
        for one in calls:
            if one["toolCallId"] in ids:
                state |= one
        return state

    def withdrawn(self) -> list[int]:
        """Ids of this session's requests that the agent took back."""
        return [one for one in self._editor.withdrawn if one in self.requests]


class Editor(AcpClient):
    """One connection with the agent."""

    connection: ClientSideConnection

    def __init__(self) -> None:
        self.capabilities: InitializeResponse | None = None
        self.lines: list[dict[str, Any]] = []
        self.sent: dict[int, str] = {}
        self.withdrawn: list[int] = []
        self.forms: list[str] = []
        self.form: dict[str, Any] | None = None
        """The fields that are filled into a form."""
        self._views: dict[str, SessionView] = {}
        self._news = asyncio.Condition()
        self._left_open: dict[str, list[asyncio.Future[None]]] = {}

    async def new(self, cwd: Path) -> SessionView:
        """Open a session."""
        opened = await self.connection.new_session(cwd=str(cwd), mcp_servers=[])
        view = self.view(opened.session_id)
        view.opened = opened
        return view

    async def load(self, cwd: Path, session_id: str) -> SessionView:
        """Load a session, with its history."""
        view = self.view(session_id)
        view.opened = await self.connection.load_session(cwd=str(cwd), session_id=session_id, mcp_servers=[])
        return view

    def view(self, session_id: str) -> SessionView:
        """What is shown of a session."""
        return self._views.setdefault(session_id, SessionView(self, session_id))

    async def request(self, method: str, **params: object) -> Any:
        """A request that the SDK has no method for."""
        return await self.connection._conn.send_request(method, params)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something came that makes it true."""
        async with asyncio.timeout(WAIT_S), self._news:
            await self._news.wait_for(holds)

    async def take_line(self, line: bytes) -> None:
        """Note and check a line of the agent."""
        message = json.loads(line)
        check_line(message, self.sent)
        params = message.get("params", {})
        async with self._news:
            self.lines.append(message)
            match message.get("method"):
                case "session/update":
                    self.view(params["sessionId"]).updates.append(params["update"])
                case "session/request_permission":
                    self.view(params["sessionId"]).requests.append(message["id"])
                case "$/cancel_request":
                    self.withdrawn.append(params["requestId"])
                    for view in self._views.values():
                        if params["requestId"] in view.requests:
                            self.leave_requests(view)
            self._news.notify_all()

    async def request_permission(
        self, session_id: str, tool_call: ToolCallUpdate, options: list[PermissionOption], **kwargs: Any
    ) -> RequestPermissionResponse:
        view = self.view(session_id)
        chosen = view.answers.pop(0) if view.answers else None
        left = asyncio.get_running_loop().create_future()
        async with self._news:
            view.asked.append((tool_call, options))
            self._left_open.setdefault(session_id, []).append(left)
            self._news.notify_all()
        if chosen is None:
            await left
            return RequestPermissionResponse(outcome=DeniedOutcome(outcome="cancelled"))
        return RequestPermissionResponse(outcome=AllowedOutcome(outcome="selected", option_id=chosen))

    def leave_requests(self, view: SessionView) -> None:
        """Answer what was left open, as an editor does for a prompt that it cancels."""
        for one in self._left_open.get(view.id, []):
            if not one.done():
                one.set_result(None)

    async def create_elicitation(self, message: str, mode: Any, **kwargs: Any) -> Any:
        self.forms.append(message)
        if self.form is None:
            raise RequestError.invalid_request()
        return AcceptElicitationResponse(action="accept", content=self.form)

    async def session_update(self, session_id: str, update: Any, **kwargs: Any) -> None:
        """Taken from the lines, whose order is certain."""


@asynccontextmanager
async def open_editor(
    service: Installation, *args: str, forms: bool = False, environment: dict[str, str] | None = None
) -> AsyncIterator[Editor]:
    """An initialized editor; the agent ends by itself when it leaves."""
    log = service.home / "acp.log"
    with log.open("ab") as stderr:
        process = await asyncio.create_subprocess_exec(
            *service.argv("acp", *args),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            cwd=service.home,
            env=service.environment() | (environment or {}),
            limit=LINE_BYTES,
        )
    assert process.stdin is not None and process.stdout is not None
    editor, checked = Editor(), asyncio.StreamReader(limit=LINE_BYTES)
    pump = asyncio.create_task(_pump(process.stdout, checked, editor))
    editor.connection = connect_to_agent(
        editor,
        process.stdin,
        checked,
        use_unstable_protocol=True,
        observers=[lambda event: _note(editor, event.message)],
    )
    try:
        elicitation = ElicitationCapabilities(form=ElicitationFormCapabilities()) if forms else None
        editor.capabilities = await editor.connection.initialize(
            protocol_version=1, client_capabilities=ClientCapabilities(elicitation=elicitation)
        )
        yield editor
        process.stdin.close()
        assert await asyncio.wait_for(process.wait(), WAIT_S) == 0, log.read_text()
        await pump
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        pump.cancel()
        await asyncio.gather(pump, return_exceptions=True)
        await editor.connection.close()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamReader, editor: Editor) -> None:
    try:
        while line := await source.readline():
            await editor.take_line(line)
            sink.feed_data(line)
    finally:
        sink.feed_eof()


def _note(editor: Editor, message: dict[str, Any]) -> None:
    if "method" in message and "id" in message:
        editor.sent[message["id"]] = message["method"]
