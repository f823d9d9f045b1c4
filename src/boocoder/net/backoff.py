"""Retry delays with jitter, so that many retries do not fall on the same moment."""

from __future__ import annotations

import random

_DOUBLINGS_MAX = 32  # keeps 2.0 ** attempt finite however often a caller retries


def backoff(attempt: int, *, first_s: float, cap_s: float) -> float:
    """Seconds to wait before a retry: doubled each time up to the cap, then cut by up to a half at random.

    Args:
        attempt: 0 for the first retry.
        first_s: longest first delay.
        cap_s: longest delay.
    """
    return min(cap_s, first_s * 2.0 ** min(attempt, _DOUBLINGS_MAX)) * random.uniform(0.5, 1.0)


def jittered(delay_s: float, *, spread: float = 0.25) -> float:
    """A delay made longer or shorter at random by at most `spread`, a fraction of it."""
    return delay_s * random.uniform(1.0 - spread, 1.0 + spread)
