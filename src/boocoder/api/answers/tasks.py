"""Tasks, messages and permissions as the API answers them."""

from __future__ import annotations

import msgspec

from boocoder.api.answers.rows import from_row
from boocoder.db.conversation.messages import Message, MessagePart
from boocoder.db.tasks.permissions import StoredAnswer, StoredRequest
from boocoder.db.tasks.tasks import Task
from boocoder.model.permission import PermissionKind, PermissionState
from boocoder.wire.messages import MessageWithParts, PartInfo
from boocoder.wire.permissions import AskedQuestion, OfferedAnswer, PermissionInfo
from boocoder.wire.tasks import AttachmentInfo, TaskInfo, TurnUsage, WaitingFor


def task_info(task: Task, waiting_for: WaitingFor | None = None) -> TaskInfo:
    """A task with its usage and attachments decoded.

    Args:
        waiting_for: why it waits for a host.
    """
    usage = None if task.usage is None else msgspec.json.decode(task.usage, type=TurnUsage)
    attachments = attachment_infos(task.attachments)
    return from_row(TaskInfo, task, usage=usage, attachments=attachments, waiting_for=waiting_for)


def attachment_infos(column: msgspec.Raw) -> tuple[AttachmentInfo, ...]:
    """The attachments of a task or message."""
    return msgspec.json.decode(column, type=tuple[AttachmentInfo, ...])


def message_info(message: Message) -> MessageWithParts:
    """A message with its parts."""
    attachments = attachment_infos(message.row.attachments)
    return from_row(MessageWithParts, message.row, attachments=attachments, parts=tuple(map(part_info, message.parts)))


def part_info(part: MessagePart) -> PartInfo:
    """A part with its data decoded."""
    data = None if part.data is None else msgspec.json.decode(part.data, type=dict[str, object])
    return from_row(PartInfo, part, data=data)


def permission_info(request: StoredRequest) -> PermissionInfo:
    """A permission with its options, or a question with its questions, and the answer."""
    is_question = request.kind is PermissionKind.QUESTION
    answer = msgspec.json.decode(request.answer, type=StoredAnswer) if request.answer else StoredAnswer()
    return from_row(
        PermissionInfo,
        request,
        options=() if is_question else msgspec.json.decode(request.options, type=tuple[OfferedAnswer, ...]),
        questions=msgspec.json.decode(request.options, type=tuple[AskedQuestion, ...]) if is_question else (),
        message=answer.message,
        answers=answer.answers if request.state is PermissionState.ANSWERED else None,
    )
