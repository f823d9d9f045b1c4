"""Writes which agent session a chat's agent uses, and skips a write that would change nothing."""

from __future__ import annotations

from collections import OrderedDict

from boocoder.db.conversation import agent_sessions
from boocoder.db.core.pool import Database
from boocoder.events.agent_event import AgentSessionOpened
from boocoder.model.ids import ChatId
from boocoder.model.turn import ResumeStep

KNOWN_MAX = 4_096  # chats; the oldest one is written once more than needed


class AgentSessionRows:
    """The rows of this host's agent sessions."""

    def __init__(self, *, database: Database) -> None:
        self._database = database
        self._known: OrderedDict[tuple[ChatId, str], str] = OrderedDict()

    async def put(self, chat_id: ChatId, agent: str, *, backend: str, opened: AgentSessionOpened) -> None:
        """Store the agent session of a turn; one that is still warm and was stored before needs no write.

        Args:
            agent, backend: names stored with it.

        Raises:
            Unavailable: the database is not there.
        """
        key = (chat_id, agent)
        if opened.step is ResumeStep.WARM and self._known.get(key) == opened.native_id:
            return
        async with self._database.relaxed() as conn:
            await agent_sessions.put_agent_session(
                conn, chat_id, agent, backend=backend, native_id=opened.native_id, config_hash=opened.config_hash
            )
        self._known[key] = opened.native_id
        self._known.move_to_end(key)
        if len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)
