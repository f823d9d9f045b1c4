"""Moments as people type them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click
import pytest

from boocoder.cli.moment import Moment


def read(text: str) -> datetime:
    return Moment().convert(text, None, None)


@pytest.mark.parametrize(
    ("text", "ago"), [("90m", 1.5), ("2h", 2), ("2 h", 2), ("3d", 72), ("1w", 168), ("15min", 0.25)]
)
def test_so_long_ago(text: str, ago: float) -> None:
    before = datetime.now(UTC)
    assert before <= read(text) + timedelta(hours=ago) <= datetime.now(UTC)


def test_a_time_with_its_zone_is_that_moment() -> None:
    assert read("2026-11-30T14:00+02:00") == datetime(2026, 11, 30, 12, tzinfo=UTC)
    assert read("2026-11-30T14:00:00Z").isoformat() == "2026-11-30T14:00:00+00:00"


def test_a_day_begins_at_midnight_of_this_machine() -> None:
    assert read("2026-11-30") == datetime(2026, 11, 30).astimezone()


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2", "h", "2026-13-01", "999999w", "0001-01-01T00:00+14:00", "2h ago"]
)
def test_what_is_no_time_is_refused_with_how_one_is_typed(text: str) -> None:
    with pytest.raises(click.BadParameter, match="3d for so long ago"):
        read(text)
