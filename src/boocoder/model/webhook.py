"""What webhooks tell of, and the states of a delivery."""

from __future__ import annotations

from enum import StrEnum


class WebhookEvent(StrEnum):
    """Names of events, as in `type` of a webhook's message."""

    TURN_COMPLETED = "turn.completed"
    TURN_FAILED = "turn.failed"
    TURN_CANCELLED = "turn.cancelled"
    TURN_INTERRUPTED = "turn.interrupted"
    TURN_TIMED_OUT = "turn.timed_out"
    PERMISSION_ASKED = "permission.asked"
    QUESTION_ASKED = "question.asked"
    CHANGE_UPDATED = "change.updated"
    CHANGE_APPLIED = "change.applied"


class DeliveryState(StrEnum):
    """What became of telling one webhook of one event."""

    WAITING = "waiting"  # for its first or next try
    DELIVERED = "delivered"
    FAILED = "failed"  # given up
    CANCELLED = "cancelled"  # its webhook was turned off


class FollowState(StrEnum):
    """How far a published branch is; 0037_forges.sql has the allowed moves."""

    WATCHING = "watching"
    WORKING = "working"  # a round's task waits or runs
    PUBLISHING = "publishing"  # the round's change goes through the gate and is pushed
    MERGED = "merged"
    CLOSED = "closed"
    STOPPED = "stopped"

    @property
    def over(self) -> bool:
        """Whether the forge has decided about the branch."""
        return self in (FollowState.MERGED, FollowState.CLOSED)


class ForgeEventKind(StrEnum):
    """What a round can answer."""

    CI = "ci"  # a check failed
    REVIEW = "review"
    COMMENT = "comment"
    BASE = "base"  # the branch that it is meant for has moved
    GATE = "gate"  # the follow's own gate failed
