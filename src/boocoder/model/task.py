"""Tasks, messages and changes: their states and allowed transitions."""

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
        """Whether no further transition is allowed."""
        return self not in (TaskState.PENDING, TaskState.RUNNING)


class TaskOrigin(StrEnum):
    """Who started a task."""

    PERSON = "person"  # or a program with all rights
    TOKEN = "token"  # noqa: S105 - a program or person with a named token
    HOOK = "hook"  # a delivery to a hook
    AGENT = "agent"  # an agent inside boocoder, during its turn


class MessageRole(StrEnum):
    """Author of a message."""

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
    """Kind of a message part."""

    TEXT = "text"
    REASONING = "reasoning"
    TOOL_CALL = "tool_call"
    PLAN = "plan"
    PERMISSION = "permission"
    QUESTION = "question"
    NOTICE = "notice"
    STEER = "steer"


class ChangeState(StrEnum):
    """pending -> superseded (a later turn) | withdrawn (the agent reverted all) | applied | rejected."""

    PENDING = "pending"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    APPLIED = "applied"
    REJECTED = "rejected"
