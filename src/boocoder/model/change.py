"""A person's verdicts on a change, and where and how far it is applied. The database holds the same sets."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """A person's decision on one unit; a unit without one is open."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"


class ApplyTarget(StrEnum):
    """Where a change is put."""

    CHECKOUT = "checkout"
    COMMIT = "commit"  # on what is checked out, and into the checkout
    BRANCH = "branch"


class ApplyState(StrEnum):
    """writing -> done | undone."""

    WRITING = "writing"
    DONE = "done"
    UNDONE = "undone"
