"""Results of searches over conversations and ids, and sums of usage."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

import msgspec

from boocoder.model.ids import ChatId, MessageId, ProjectId, SessionId
from boocoder.model.session import SessionState
from boocoder.model.task import MessageRole


class SnippetPiece(msgspec.Struct, frozen=True):
    """Some text of a snippet; `hit`: it is a searched word."""

    text: str
    hit: bool


class MessageMatch(msgspec.Struct, frozen=True):
    """A message that contains the searched words, without its text."""

    message_id: MessageId
    session_id: SessionId
    chat_id: ChatId
    project_id: ProjectId
    session_title: str
    session_state: SessionState
    role: MessageRole
    agent: str | None
    created_at: datetime


class SearchHit(MessageMatch, frozen=True):
    """A message that contains the searched words."""

    snippet: tuple[SnippetPiece, ...]


class IdKind(StrEnum):
    """What an abbreviated id names."""

    PROJECT = "project"
    SESSION = "session"
    TASK = "task"
    CHANGE = "change"
    PERMISSION = "permission"
    RULE = "rule"
    SNAPSHOT = "snapshot"


class IdMatch(msgspec.Struct, frozen=True):
    """A row whose id or name matches; `label` describes it to a person."""

    kind: IdKind
    id: UUID
    label: str


class UsageSum(msgspec.Struct, frozen=True):
    """Totals over the turns of an agent, a model or a project, or of all.

    Args:
        kind: what the turns share.
        agent: of kind `agent` and `model`, else "".
        model: of kind `model`: the requested one, "" for the agent's default.
        project_id: of kind `project`.
        turns: how many ended; `completed` of them successfully.
        seconds: from start to end, waiting for a person included.
    """

    kind: Literal["agent", "model", "project", "total"]
    agent: str
    model: str
    project_id: ProjectId | None
    turns: int
    completed: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cost_usd: float
    seconds: float
