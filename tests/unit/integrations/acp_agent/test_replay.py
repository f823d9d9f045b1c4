"""Where the history of a session ends."""

from __future__ import annotations

from uuid import UUID

from boocoder.events import frames
from boocoder.integrations.acp_agent.replay import ReplayEnd

SESSION, TASK, OTHER, CHAT = (UUID(int=number) for number in range(1, 5))


def started(task: UUID) -> frames.TurnStartedFrame:
    return frames.TurnStartedFrame(session_id=SESSION, task_id=task, chat_id=CHAT, agent="scripted")


def ended(task: UUID) -> frames.TurnEndedFrame:
    return frames.TurnEndedFrame(session_id=SESSION, task_id=task, chat_id=CHAT, outcome="completed")


def test_history_ends_with_the_newest_turn_once() -> None:
    end = ReplayEnd(TASK, running=False)
    assert [end.take(frame) for frame in (started(OTHER), ended(OTHER), started(TASK))] == [False] * 3
    assert not end.reached.is_set()
    assert end.take(ended(TASK)) and end.reached.is_set()
    assert not end.take(ended(TASK))


def test_a_running_turn_is_live_from_its_start() -> None:
    end = ReplayEnd(TASK, running=True)
    assert not end.take(ended(OTHER)) and end.take(started(TASK))


def test_a_task_that_never_ran_ends_it_too() -> None:
    cancelled = frames.QueueChangedFrame(session_id=SESSION, task_id=TASK, state="cancelled", pending=0)
    assert ReplayEnd(TASK, running=False).take(cancelled)
