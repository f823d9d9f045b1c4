"""Detects sessions that store nothing for a while, and those that store again, so that session lists can show it."""

from __future__ import annotations

from collections.abc import Callable

from boocoder.model.ids import SessionId
from boocoder.model.limits import SILENT_S


class IdleDetector:
    """When each session was last active, in this order, and which became idle; each session is held once.

    Args:
        tell: called with a session that fell silent or speaks again.
    """

    def __init__(self, *, notify: Callable[[SessionId], None]) -> None:
        self._notify = notify
        self._last_active: dict[SessionId, float] = {}
        self._silent: set[SessionId] = set()

    def touch(self, session_id: SessionId, now: float) -> None:
        """Something of this session was stored, here or elsewhere.

        Args:
            now: loop time.
        """
        self._last_active.pop(session_id, None)
        self._last_active[session_id] = now
        if session_id in self._silent:
            self._silent.remove(session_id)
            self._notify(session_id)

    def pass_time(self, now: float) -> None:
        """Find out who has been silent for long enough by now."""
        while self._last_active:
            session_id, last = next(iter(self._last_active.items()))
            if now - last < SILENT_S:
                return
            del self._last_active[session_id]
            self._silent.add(session_id)
            self._notify(session_id)
