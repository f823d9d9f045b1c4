"""Messages of a chat and the texts of their parts."""

from __future__ import annotations

from datetime import datetime

import msgspec

from boocoder.model.ids import ChatId, MessageId, SessionId, TaskId
from boocoder.model.task import MessageRole, MessageStatus, PartKind
from boocoder.wire.tasks import AttachmentInfo


class PartInfo(msgspec.Struct, frozen=True):
    """A part of a message: `text` for text and reasoning, `data` (the frame's fields) for the others."""

    part: int
    kind: PartKind
    data: dict[str, object] | None
    text: str
    text_chars: int


class MessageFields(msgspec.Struct, frozen=True):
    """The part of a message that its row and the API's answer have in common."""

    id: MessageId
    ord: int
    session_id: SessionId
    chat_id: ChatId
    task_id: TaskId
    role: MessageRole
    status: MessageStatus
    agent: str | None
    model: str | None
    created_at: datetime
    finished_at: datetime | None
    text: str
    part_count: int


class MessageWithParts(MessageFields, frozen=True):
    """A message with its parts, or with as many as a page has room for; `text` is a user's prompt.

    `ord` is the cursor of the list.
    """

    attachments: tuple[AttachmentInfo, ...]
    parts: tuple[PartInfo, ...]


class TextPage(msgspec.Struct, frozen=True):
    """A page of a part's text, and how many characters all of it has."""

    offset: int
    text: str
    total_chars: int
