"""The requests of an editor: sessions are opened, prompted and configured through the service's API."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

from acp.schema import (
    AgentCapabilities,
    CancelNotification,
    ClientCapabilities,
    CloseSessionRequest,
    Implementation,
    InitializeRequest,
    InitializeResponse,
    ListSessionsRequest,
    LoadSessionRequest,
    LoadSessionResponse,
    McpCapabilities,
    NewSessionRequest,
    NewSessionResponse,
    PromptCapabilities,
    PromptRequest,
    PromptResponse,
    ResumeSessionRequest,
    ResumeSessionResponse,
    SessionCapabilities,
    SessionCloseCapabilities,
    SessionListCapabilities,
    SessionModeState,
    SessionResumeCapabilities,
    SetSessionConfigOptionResponse,
    SetSessionModeRequest,
)
from pydantic import BaseModel

from boocoder.errors import BoocoderError, InvalidInput
from boocoder.integrations.acp_agent.choices import MODE, MODEL, ConfigOption, config_options, mode_state
from boocoder.integrations.acp_agent.connection import EditorConnection, parsed
from boocoder.integrations.acp_agent.editor_session import EditorSession, EditorSessionParts
from boocoder.integrations.acp_agent.own_commands import run_own_command
from boocoder.integrations.acp_agent.prompt_content import prompt_content
from boocoder.integrations.acp_agent.session_configuration import SessionConfiguration
from boocoder.integrations.acp_agent.session_directory import FoundSession, SessionDirectory, SessionStart
from boocoder.integrations.acp_agent.transport import StdioTransport
from boocoder.integrations.service_connection import ServiceConnection
from boocoder.service import TaskSupervisor

log = logging.getLogger(__name__)

PROTOCOL_VERSION = 1
LEAVE_LIMIT_S = 10.0  # for the last requests, once the editor is gone

Params = Mapping[str, object]
Configured = tuple[list[ConfigOption], SessionModeState | None]
Opened = TypeVar("Opened", NewSessionResponse, LoadSessionResponse, ResumeSessionResponse)


class AcpServer:
    """Serves one editor.

    Args:
        transport: with the editor.
        service: the running service.
        start: how new sessions begin.
    """

    def __init__(self, transport: StdioTransport, *, service: ServiceConnection, start: SessionStart) -> None:
        self._service = service
        self._supervisor = TaskSupervisor("acp")
        self._directory = SessionDirectory(service=service, start=start)
        self._sessions: dict[str, EditorSession] = {}
        self._forms = False
        self._connection = EditorConnection(
            transport,
            requests={
                "initialize": self._initialize,
                "authenticate": self._authenticate,
                "session/new": self._new,
                "session/load": self._load,
                "session/resume": self._resume,
                "session/list": self._list,
                "session/close": self._close,
                "session/prompt": self._prompt,
                "session/set_mode": self._set_mode,
                "session/set_model": self._set_model,
                "session/set_config_option": self._set_option,
            },
            notifications={"session/cancel": self._cancel},
        )
        self._configuration = SessionConfiguration(service=service, supervisor=self._supervisor)

    async def serve(self) -> None:
        """Answer until the editor closes the connection. Turns that run go on; sessions without a task are archived."""
        try:
            await self._connection.serve()
        finally:
            await self._supervisor.stop()
            try:
                async with asyncio.timeout(LEAVE_LIMIT_S):
                    await self._directory.archive_unused()
            except (TimeoutError, BoocoderError):
                log.info("sessions without a task stay open")
            await self._service.close()

    async def _initialize(self, params: Params) -> BaseModel:
        request = parsed(InitializeRequest, params)
        self._forms = _shows_forms(request.client_capabilities)
        capabilities = AgentCapabilities(
            load_session=True,
            prompt_capabilities=PromptCapabilities(image=True, audio=False, embedded_context=True),
            mcp_capabilities=McpCapabilities(http=False, sse=False),
            session_capabilities=SessionCapabilities(
                list=SessionListCapabilities(), resume=SessionResumeCapabilities(), close=SessionCloseCapabilities()
            ),
        )
        return InitializeResponse(
            protocol_version=PROTOCOL_VERSION,
            agent_capabilities=capabilities,
            agent_info=Implementation(name="boocoder", title="boocoder", version=version("boocoder")),
            auth_methods=[],
        )

    async def _authenticate(self, params: Params) -> None:
        """The token of the data directory is enough; nothing is to be done."""

    async def _new(self, params: Params) -> BaseModel:
        request = parsed(NewSessionRequest, params)
        _note_servers(request.mcp_servers)
        session = await self._open(await self._directory.create(request.cwd), replay=False)
        options, modes = await self._configured(session)
        return _filled(NewSessionResponse(session_id=session.id, config_options=options), modes)

    async def _load(self, params: Params) -> BaseModel:
        request = parsed(LoadSessionRequest, params)
        _note_servers(request.mcp_servers)
        options, modes = await self._reopen(request.session_id, muted=False)
        return _filled(LoadSessionResponse(config_options=options), modes)

    async def _resume(self, params: Params) -> BaseModel:
        request = parsed(ResumeSessionRequest, params)
        _note_servers(request.mcp_servers)
        options, modes = await self._reopen(request.session_id, muted=True)
        return _filled(ResumeSessionResponse(config_options=options), modes)

    async def _list(self, params: Params) -> BaseModel:
        request = parsed(ListSessionsRequest, params)
        return await self._directory.page(request.cwd, request.cursor)

    async def _close(self, params: Params) -> None:
        session = self._sessions.pop(parsed(CloseSessionRequest, params).session_id, None)
        if session is not None:
            await session.close()

    async def _prompt(self, params: Params) -> BaseModel:
        request = parsed(PromptRequest, params)
        session = self._session(request.session_id)
        content = prompt_content(request.prompt, Path(session.project.path))
        if not content.files and await run_own_command(content.text, session, self._connection, self._service.client()):
            return PromptResponse(stop_reason="end_turn")
        return PromptResponse(stop_reason=await session.prompt(content))

    async def _cancel(self, params: Params) -> None:
        session = self._sessions.get(parsed(CancelNotification, params).session_id)
        if session is not None:
            await session.cancel()

    async def _set_mode(self, params: Params) -> None:
        request = parsed(SetSessionModeRequest, params)
        await self._configuration.choose(self._session(request.session_id), MODE, request.mode_id, told=True)

    async def _set_model(self, params: Params) -> None:
        """A method of earlier versions of ACP, which clients still use."""
        session = self._session(str(params.get("sessionId")))
        await self._configuration.choose(session, MODEL, params.get("modelId"), told=True)

    async def _set_option(self, params: Params) -> BaseModel:
        session = self._session(str(params.get("sessionId")))
        options = await self._configuration.choose(session, str(params.get("configId")), params.get("value"))
        return SetSessionConfigOptionResponse(config_options=options)

    def _session(self, session_id: str) -> EditorSession:
        session = self._sessions.get(session_id)
        if session is None:
            text = f"The session {session_id} is not open here."
            raise InvalidInput("session_not_open", text, "Load it with session/load.")
        return session

    async def _reopen(self, session_id: str, *, muted: bool) -> Configured:
        earlier = self._sessions.pop(session_id, None)
        if earlier is not None:
            await earlier.close()
        found = await self._directory.find(session_id)
        session = await self._open(found, replay=True, muted=muted)
        return await self._configured(session)

    async def _open(self, found: FoundSession, *, replay: bool, muted: bool = False) -> EditorSession:
        parts = EditorSessionParts(
            session=found.session,
            project=found.project,
            choice=found.choice,
            client=self._service.client,
            connection=self._connection,
            forms=self._forms,
            supervisor=self._supervisor,
        )
        session = EditorSession(parts, chose=self._configuration.follow)
        self._sessions[session.id] = session
        await session.open(replay=replay, muted=muted)
        return session

    async def _configured(self, session: EditorSession) -> Configured:
        agents = await self._configuration.introduce(session)
        return config_options(agents, session.choice), mode_state(agents, session.choice)


def _shows_forms(capabilities: ClientCapabilities | None) -> bool:
    elicitation = None if capabilities is None else capabilities.elicitation
    return elicitation is not None and elicitation.form is not None


def _note_servers(servers: Sequence[object] | None) -> None:
    if servers:
        log.warning("MCP servers of the editor are not given to agents; boocoder has its own setting for them")


def _filled(answer: Opened, modes: SessionModeState | None) -> Opened:
    return answer if modes is None else answer.model_copy(update={"modes": modes})
