"""What a person thinks of a part of a change. The database holds the same set (0004_review.sql)."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """A person's decision on one unit; a unit without one is open."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
