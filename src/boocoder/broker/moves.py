"""Tells whoever listens which sessions moved: a list of sessions is shown without a subscription to each of them."""

from __future__ import annotations

import asyncio

from boocoder.events.frames import ChangeUpdated, Permission, Question, QueueChanged, TurnEnded, TurnStarted
from boocoder.model.ids import SessionId

MOVES = (TurnStarted, TurnEnded, QueueChanged, ChangeUpdated, Permission, Question)
"""Frames after which a session's row in a list looks different."""


class SessionMoves:
    """One listener. Bounded by the number of sessions: each is held once, however often it moved."""

    def __init__(self) -> None:
        self._moved: dict[SessionId, None] = {}
        self._told = asyncio.Event()

    def tell(self, session_id: SessionId) -> None:
        """This session moved."""
        self._moved[session_id] = None
        self._told.set()

    async def next_sessions(self) -> tuple[SessionId, ...]:
        """Wait until some moved: all of them since the last call, the first first."""
        await self._told.wait()
        self._told.clear()
        moved, self._moved = tuple(self._moved), {}
        return moved
