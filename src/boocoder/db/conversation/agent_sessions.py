"""Agent sessions: what an agent itself remembers of a chat. Whether it can be resumed is dispatch's decision."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

import msgspec

from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.model.ids import ChatId


class AgentSessionState(StrEnum):
    """`crashed` when its last turn ended with the agent's process dying."""

    ACTIVE = "active"
    CRASHED = "crashed"


class AgentSession(msgspec.Struct, frozen=True):
    """The agent's conversation for (chat, agent); `seen_message_ord` is the newest message that it knows."""

    chat_id: ChatId
    agent: str
    backend: str
    native_id: str
    config_hash: str
    state: AgentSessionState
    seen_message_ord: int


_PUT = statement("agent_sessions", "put_agent_session", row=Done, params=(UUID, str, str, str, str))
_GET = statement("agent_sessions", "get_agent_session", row=AgentSession, params=(UUID, str))
_STATE = statement("agent_sessions", "set_agent_session_state", row=Done, params=(UUID, str, AgentSessionState))
_SEEN = statement("agent_sessions", "set_seen", row=Done, params=(UUID, str, int))


async def put_agent_session(
    conn: Connection, chat_id: ChatId, agent: str, *, backend: str, native_id: str, config_hash: str
) -> None:
    """Store the agent session of (chat, agent) as active; another native id begins with no message seen."""
    await _PUT.one(conn, chat_id, agent, backend, native_id, config_hash)


async def get_agent_session(conn: Connection, chat_id: ChatId, agent: str) -> AgentSession | None:
    """The agent session of (chat, agent), None if there is none."""
    return await _GET.first(conn, chat_id, agent)


async def set_agent_session_state(conn: Connection, chat_id: ChatId, agent: str, state: AgentSessionState) -> bool:
    """Mark it active or crashed; False if there is none."""
    return await _STATE.changed(conn, chat_id, agent, state)


async def set_seen(conn: Connection, chat_id: ChatId, agent: str, ord: int) -> bool:
    """The agent knows all messages of the chat up to number `ord`; False if there is no agent session."""
    return await _SEEN.changed(conn, chat_id, agent, ord)
