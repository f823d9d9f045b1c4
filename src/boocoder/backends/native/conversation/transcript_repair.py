"""Completes a conversation after a turn that was interrupted, by a stop or a crash."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from boocoder.backends.native.conversation.store import (
    AnswerRecord,
    NativeConversation,
    ToolResultRecord,
    TurnEndRecord,
)
from boocoder.backends.shared.event_journal import read_journal
from boocoder.model.ids import TaskId

_NO_RESULT = "The turn ended before this was done, or while it was done; look what there is."


def close_turn(conversation: NativeConversation, *, code: str, unstored_text: str) -> None:
    """Add the newest turn's last text, a result for every call without one, and the turn's end.

    Args:
        conversation: nothing is done if it has no open turn.
        code: "completed" or the code of another outcome.
        unstored_text: text reported since the last stored answer.

    Raises:
        OSError: it cannot be written.
    """
    task_id = conversation.open_turn
    if task_id is None:
        return
    for call in conversation.open_calls():
        conversation.append(ToolResultRecord(call.id, call.name, _NO_RESULT))
    if unstored_text.strip():
        conversation.append(AnswerRecord(unstored_text))
    conversation.append(TurnEndRecord(task_id, code))


def close_crashed_turn(conversation: NativeConversation, journal_path: Path) -> None:
    """The same after a crash, from the turn's journal.

    Raises:
        OSError: it cannot be written.
    """
    task_id = conversation.open_turn
    if task_id is not None:
        turn = read_journal(journal_path, TaskId(UUID(task_id)))
        close_turn(conversation, code="interrupted", unstored_text=turn.unstored_text if turn else "")
