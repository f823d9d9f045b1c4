"""Tokens by which agents inside boocoder start tasks: one a session, good only while a turn of that session runs."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from boocoder.intake.delegation import AgentCaller, DelegationLimits
from boocoder.model.ids import ProjectId, SessionId, TaskId
from boocoder.model.mcp_server import OWN_MCP_SERVER, McpServer

PREFIX = "boo_agent_"
CALL_TIMEOUT_S = 900.0  # wait_for_task waits up to 600 s


class AgentTokens:
    """Derives a session's token from a key of this process, so that none is stored and none outlives it.

    A warm agent keeps what it was given with its session; that is why a session has one token for all its turns.

    Args:
        limits: what agents may start; None: they are given no token.
    """

    def __init__(self, limits: DelegationLimits | None = None) -> None:
        self._limits = limits
        self._key = secrets.token_bytes(32)
        self._url = ""
        self._running: dict[bytes, AgentCaller] = {}

    def serve_at(self, url: str) -> None:
        """Tell it where this service answers; before that no agent is given anything."""
        self._url = url

    @contextmanager
    def turn(self, task_id: TaskId, *, session_id: SessionId, project_id: ProjectId) -> Iterator[tuple[McpServer, ...]]:
        """The session's token is good within the block, which is a turn; its open connections are cut at the end.

        Returns:
            What the agent is given in addition to the person's MCP servers.
        """
        if self._limits is None or not self._url:
            yield ()
            return
        token = self._token(session_id)
        caller = AgentCaller(session_id, project_id, task_id, self._limits)
        self._running[_digest(token)] = caller
        try:
            yield (self._server(token),)
        finally:
            del self._running[_digest(token)]
            caller.cut_off()

    def find(self, token: str) -> AgentCaller | None:
        """Whose token it is; None if it is none, or its session's turn is over."""
        return self._running.get(_digest(token)) if token.startswith(PREFIX) else None

    def _token(self, session_id: SessionId) -> str:
        return PREFIX + hmac.new(self._key, session_id.bytes, hashlib.sha256).hexdigest()

    def _server(self, token: str) -> McpServer:
        return McpServer(
            OWN_MCP_SERVER,
            command=(sys.executable, "-m", "boocoder.cli.main", "mcp"),
            env={"BOOCODER_URL": self._url, "BOOCODER_TOKEN": token},
            url=f"{self._url}/mcp",
            headers={"Authorization": f"Bearer {token}"},
            call_timeout_s=CALL_TIMEOUT_S,
        )


def _digest(token: str) -> bytes:
    # Looked up by hash, so that the time of a lookup says nothing about a token.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
