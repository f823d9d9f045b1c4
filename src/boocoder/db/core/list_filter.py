"""Filters that lists of tasks, sessions, changes and permissions have in common."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ListFilter:
    """Which rows of a list are wanted; None does not filter.

    Args:
        agent: only those of this agent, by its name.
        since: only those from this moment on, with a time zone.
        until: only those before this moment, with a time zone.
    """

    agent: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def values(self) -> tuple[str | None, datetime | None, datetime | None]:
        """The parameters of a statement, in the order of the fields."""
        return self.agent, self.since, self.until


EVERYTHING = ListFilter()
