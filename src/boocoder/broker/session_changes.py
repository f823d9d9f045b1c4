"""Publishes which sessions changed, so that a list of sessions needs no subscription to each of them."""

from __future__ import annotations

import asyncio

from boocoder.events.frames import (
    ChangeUpdatedFrame,
    PermissionFrame,
    QuestionFrame,
    QueueChangedFrame,
    TurnEndedFrame,
    TurnStartedFrame,
)
from boocoder.model.ids import SessionId

MOVES = (TurnStartedFrame, TurnEndedFrame, QueueChangedFrame, ChangeUpdatedFrame, PermissionFrame, QuestionFrame)
"""Frames after which a session's row in a list looks different."""


class SessionMoves:
    """One listener. Bounded by the number of sessions: each is held once, however often it moved."""

    def __init__(self) -> None:
        self._moved: dict[SessionId, None] = {}
        self._changed = asyncio.Event()

    def notify(self, session_id: SessionId) -> None:
        """This session moved."""
        self._moved[session_id] = None
        self._changed.set()

    async def next_sessions(self) -> tuple[SessionId, ...]:
        """Wait until some moved: all of them since the last call, the first first."""
        await self._changed.wait()
        self._changed.clear()
        moved, self._moved = tuple(self._moved), {}
        return moved
