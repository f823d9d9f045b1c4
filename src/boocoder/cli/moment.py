"""Moments as people type them: how long ago, a day, or a day and a time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import click

_AGO = re.compile(r"(\d{1,6})\s?(min|m|h|d|w)")
_UNITS = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Moment(click.ParamType[datetime]):
    """A moment: `90m`, `2h`, `3d` and `1w` ago, `2026-11-30`, or `2026-11-30T14:00` with or without a time zone.

    Without a time zone it is that of this machine.
    """

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read it; the error of another text shows how one is typed."""
        if isinstance(value, datetime):
            return value
        text = str(value).strip()
        try:
            if ago := _AGO.fullmatch(text):
                return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
            return datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"'{text}' is no time. Give 90m, 2h or 3d for so long ago, or 2026-11-30T14:00.", param, ctx)
