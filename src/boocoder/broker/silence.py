"""Notices when a session falls silent and when it speaks again, so that a list of sessions can tell. No I/O.

It knows nothing of turns: a session without one falls silent too, once, and whoever looks sees that nothing runs.
"""

from __future__ import annotations

from collections.abc import Callable

from boocoder.model.ids import SessionId
from boocoder.model.limits import SILENT_S


class Silence:
    """When each session was last heard of, in this order, and which fell silent; each session is held once.

    Args:
        tell: called with a session that fell silent or speaks again.
    """

    def __init__(self, *, tell: Callable[[SessionId], None]) -> None:
        self._tell = tell
        self._heard: dict[SessionId, float] = {}
        self._silent: set[SessionId] = set()

    def heard(self, session_id: SessionId, now: float) -> None:
        """Something of this session was stored, here or elsewhere.

        Args:
            now: loop time.
        """
        self._heard.pop(session_id, None)
        self._heard[session_id] = now
        if session_id in self._silent:
            self._silent.remove(session_id)
            self._tell(session_id)

    def pass_time(self, now: float) -> None:
        """Find out who has been silent for long enough by now."""
        while self._heard:
            session_id, last = next(iter(self._heard.items()))
            if now - last < SILENT_S:
                return
            del self._heard[session_id]
            self._silent.add(session_id)
            self._tell(session_id)
