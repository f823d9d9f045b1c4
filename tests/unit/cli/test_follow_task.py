"""Which frames of a session belong to one task, and when it has ended."""

from __future__ import annotations

from uuid import uuid4

from boocoder.cli.flows.follow_task import exit_code
from boocoder.client.task_frames import TaskFrames, ended_state
from boocoder.events import frames

SESSION, CHAT, MINE, OTHER = (uuid4() for _ in range(4))
MY_MESSAGE, OTHER_MESSAGE = uuid4(), uuid4()


def turn(task: object, message: object, outcome: str = "completed") -> list[frames.Frame]:
    base = {"session_id": SESSION}
    return [
        frames.QueueChangedFrame(**base, task_id=task, state="running", pending=0),  # type: ignore[arg-type]
        frames.TurnStartedFrame(**base, task_id=task, chat_id=CHAT, agent="scripted"),  # type: ignore[arg-type]
        frames.MessageStartedFrame(**base, message_id=message, chat_id=CHAT, task_id=task, role="assistant"),  # type: ignore[arg-type]
        frames.DeltaFrame(**base, message_id=message, part=0, offset=0, text="hi"),  # type: ignore[arg-type]
        frames.NoticeFrame(**base, code="resumed", text="resumed"),
        frames.UsageFrame(**base, task_id=task, input_tokens=1),  # type: ignore[arg-type]
        frames.MessageCompleteFrame(**base, message_id=message, chat_id=CHAT, status="complete"),  # type: ignore[arg-type]
        frames.TurnEndedFrame(**base, task_id=task, chat_id=CHAT, outcome=outcome),  # type: ignore[arg-type]
    ]


def test_only_the_tasks_own_frames_are_taken() -> None:
    wanted = TaskFrames(MINE)
    others, mine = turn(OTHER, OTHER_MESSAGE, "failed"), turn(MINE, MY_MESSAGE)
    assert [wanted.takes(frame) for frame in others] == [False] * len(others)
    assert wanted.outcome == ""
    assert [wanted.takes(frame) for frame in mine] == [True] * len(mine)
    assert wanted.outcome == "completed"


def test_frames_between_the_turns_of_others_are_not_taken() -> None:
    wanted = TaskFrames(MINE)
    for frame in turn(MINE, MY_MESSAGE)[:3]:
        wanted.takes(frame)
    assert (
        wanted.takes(frames.DeltaFrame(session_id=SESSION, message_id=OTHER_MESSAGE, part=0, offset=0, text="x"))
        is False
    )
    assert (
        wanted.takes(frames.DeltaFrame(session_id=SESSION, message_id=MY_MESSAGE, part=0, offset=0, text="x")) is True
    )


def test_a_task_cancelled_while_it_waits_has_ended() -> None:
    wanted = TaskFrames(MINE)
    gone = frames.QueueChangedFrame(session_id=SESSION, task_id=MINE, state="cancelled", pending=0)
    assert wanted.takes(gone) and wanted.outcome == "cancelled"
    assert ended_state(gone) == "cancelled"


def test_a_running_task_ends_with_its_turn_and_not_before() -> None:
    wanted = TaskFrames(MINE)
    *before, last = turn(MINE, MY_MESSAGE, "cancelled")
    for frame in before:
        wanted.takes(frame)
    wanted.takes(frames.QueueChangedFrame(session_id=SESSION, task_id=MINE, state="cancelled", pending=0))
    assert wanted.outcome == ""
    assert wanted.takes(last) and wanted.outcome == "cancelled"


def test_exit_codes() -> None:
    codes = {
        outcome: exit_code(outcome) for outcome in ("completed", "failed", "timed_out", "interrupted", "cancelled")
    }
    assert codes == {"completed": 0, "failed": 1, "timed_out": 1, "interrupted": 1, "cancelled": 130}
