"""Messages for a turn that runs: their states, and what an agent made of one."""

from __future__ import annotations

from enum import StrEnum


class SteerState(StrEnum):
    """reserved -> delivered | withdrawn | returned; delivered -> confirmed | returned | unconfirmed.

    The database holds the same set (0021_steering.sql).
    """

    RESERVED = "reserved"  # it waits for the turn; a person may withdraw it
    DELIVERED = "delivered"  # the agent is getting it
    CONFIRMED = "confirmed"  # the agent has it in its turn
    RETURNED = "returned"  # the turn could not take it: it is a task of the queue
    WITHDRAWN = "withdrawn"  # a person took it back
    UNCONFIRMED = "unconfirmed"  # it was sent, and nobody knows whether the agent has it; it is not sent again

    @property
    def final(self) -> bool:
        """Whether no further transition is allowed."""
        return self not in (SteerState.RESERVED, SteerState.DELIVERED)


class SteerSender(StrEnum):
    """Where a person wrote a message."""

    PAGE = "page"
    CLI = "cli"
    API = "api"


class SteerResult(StrEnum):
    """What became of a message that a backend was asked to give to its running turn."""

    CONFIRMED = "confirmed"  # the agent has it
    REFUSED = "refused"  # the agent does not have it and will not get it
    UNKNOWN = "unknown"  # it was sent, and there is no answer
