"""A task: a queued request, and the moves that its state may make."""

from __future__ import annotations

from enum import StrEnum


class TaskState(StrEnum):
    """pending -> running -> one final state; pending -> cancelled; running -> pending only if the prompt was
    never sent. The database holds the same set (0001_init.sql)."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    TIMED_OUT = "timed_out"

    @property
    def final(self) -> bool:
        """Whether no further move is allowed."""
        return self not in (TaskState.PENDING, TaskState.RUNNING)


class MessageRole(StrEnum):
    """Who said it."""

    USER = "user"
    ASSISTANT = "assistant"


class MessageStatus(StrEnum):
    """`streaming` while its turn runs; afterwards how the turn ended. A failed turn never reads as complete."""

    STREAMING = "streaming"
    COMPLETE = "complete"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    TIMED_OUT = "timed_out"


class PartKind(StrEnum):
    """What a part of a message holds."""

    TEXT = "text"
    REASONING = "reasoning"
    TOOL_CALL = "tool_call"
    PLAN = "plan"
    PERMISSION = "permission"
    QUESTION = "question"
    NOTICE = "notice"


class ChangeState(StrEnum):
    """pending -> superseded (a later turn) | withdrawn (the agent reverted all) | applied | rejected."""

    PENDING = "pending"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    APPLIED = "applied"
    REJECTED = "rejected"
