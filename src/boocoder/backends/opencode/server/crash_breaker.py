"""Circuit breaker: delays restarts of a crashed server, and stops them after too many crashes."""

from __future__ import annotations

from collections import deque

_DELAY_FIRST_S = 0.2
_DELAY_MAX_S = 5.0


class CrashBreaker:
    """Counts crashes within a window.

    Args:
        limit: so many crashes within the window open the breaker.
        window_s: how long a crash counts.
        cooldown_s: how long after the newest crash an open breaker lets nothing through.
    """

    def __init__(self, *, limit: int, window_s: float, cooldown_s: float) -> None:
        self._limit = limit
        self._window_s = window_s
        self._cooldown_s = cooldown_s
        self._crashes: deque[float] = deque()

    def crashed(self, now_s: float) -> None:
        """Note a crash at a monotonic time."""
        self._crashes.append(now_s)
        self._forget(now_s)

    def open_for_s(self, now_s: float) -> float:
        """Seconds for which nothing may be started; 0.0 when the breaker is closed."""
        self._forget(now_s)
        if len(self._crashes) < self._limit:
            return 0.0
        return max(0.0, self._crashes[-1] + self._cooldown_s - now_s)

    def delay_s(self, now_s: float) -> float:
        """Seconds to wait before the next start: none for the first crash, then twice as long each time."""
        self._forget(now_s)
        if len(self._crashes) < 2:
            return 0.0
        backoff = min(_DELAY_MAX_S, _DELAY_FIRST_S * 2.0 ** (len(self._crashes) - 2))
        return max(0.0, self._crashes[-1] + backoff - now_s)

    def _forget(self, now_s: float) -> None:
        while self._crashes and self._crashes[0] < now_s - self._window_s:
            self._crashes.popleft()
