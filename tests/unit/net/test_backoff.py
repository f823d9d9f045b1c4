"""Retry delays grow to their cap and never all fall on one moment."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from boocoder.net.backoff import backoff, jittered


@given(st.integers(0, 10_000), st.floats(0.001, 10.0), st.floats(0.001, 100.0))
def test_a_delay_is_between_half_and_all_of_its_step(attempt: int, first_s: float, cap_s: float) -> None:
    step_s = min(cap_s, first_s * 2.0 ** min(attempt, 32))
    assert step_s / 2 <= backoff(attempt, first_s=first_s, cap_s=cap_s) <= step_s


def test_delays_differ() -> None:
    assert len({backoff(3, first_s=0.1, cap_s=2.0) for _ in range(20)}) > 1
    assert len({jittered(1.0) for _ in range(20)}) > 1


@given(st.floats(0.0, 1.0))
def test_jitter_stays_within_its_spread(spread: float) -> None:
    assert 1.0 - spread <= jittered(1.0, spread=spread) <= 1.0 + spread
