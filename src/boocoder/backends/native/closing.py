"""Makes a conversation whole after a turn that did not come to its own end, now or by a crash. Sends nothing."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from boocoder.backends.event_journal import read_journal
from boocoder.backends.native.store import AgentSaid, Conversation, ToolSaid, TurnEnded
from boocoder.model.ids import TaskId

_NO_RESULT = "The turn ended before this was done, or while it was done; look what there is."


def close_turn(conversation: Conversation, *, code: str, unstored_text: str) -> None:
    """Add what the newest turn said last, a result for every call that has none, and the turn's end.

    Args:
        conversation: with an open turn; without one nothing is done.
        code: "completed", or how else it ended.
        unstored_text: what was said and reported since the last stored answer.

    Raises:
        OSError: it cannot be written.
    """
    task_id = conversation.open_turn
    if task_id is None:
        return
    for call in conversation.open_calls():
        conversation.append(ToolSaid(call.id, call.name, _NO_RESULT))
    if unstored_text.strip():
        conversation.append(AgentSaid(unstored_text))
    conversation.append(TurnEnded(task_id, code))


def close_torn_turn(conversation: Conversation, journal_path: Path) -> None:
    """After a crash: the same out of the turn's journal.

    Raises:
        OSError: it cannot be written.
    """
    task_id = conversation.open_turn
    if task_id is not None:
        turn = read_journal(journal_path, TaskId(UUID(task_id)))
        close_turn(conversation, code="interrupted", unstored_text=turn.unstored_text if turn else "")
