"""Frames as ACP updates: what is sent once, what is left out, and the states of tool calls."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel

from boocoder.events import frames
from boocoder.events.agent_event import (
    FileDiff,
    Location,
    NoticeLevel,
    PlanEntry,
    PlanStatus,
    SlashCommand,
    ToolKind,
    ToolStatus,
)
from boocoder.integrations.acp_agent.connection import dumped
from boocoder.integrations.acp_agent.update_translator import UpdateTranslator

SESSION, MESSAGE, TASK, CHAT = (UUID(int=number) for number in range(1, 5))


def sent(translator: UpdateTranslator, *received: frames.Frame) -> list[dict[str, object]]:
    """The updates for some frames, as JSON values."""
    updates: list[BaseModel] = [update for frame in received for update in translator.translate(frame)]
    return [dumped(update) for update in updates]


def delta(offset: int, text: str, part: int = 1) -> frames.DeltaFrame:
    return frames.DeltaFrame(session_id=SESSION, message_id=MESSAGE, part=part, offset=offset, text=text)


def tool(status: ToolStatus, **more: object) -> frames.ToolCallFrame:
    fields: dict[str, object] = {"name": "edit", "kind": ToolKind.EDIT, "title": "Edit a.py", "status": status, **more}
    return frames.ToolCallFrame(session_id=SESSION, message_id=MESSAGE, part=7, **fields)  # type: ignore[arg-type]


def test_text_that_comes_again_is_not_sent_again() -> None:
    received = [
        delta(0, "hel"),
        delta(0, "hello"),
        delta(3, "lo"),
        delta(5, " 😀"),
        delta(0, "hello 😀!"),
        delta(0, "x", 2),
    ]
    pieces = [one["content"] for one in sent(UpdateTranslator(), *received)]
    assert [piece["text"] for piece in pieces if isinstance(piece, dict)] == ["hel", "lo", " 😀", "!", "x"]


def test_a_gap_is_left_to_the_stream() -> None:
    assert sent(UpdateTranslator(), delta(4, "late")) == []


def test_a_users_message_is_sent_once_and_not_back_to_its_editor() -> None:
    attachment = frames.AttachmentData(id=uuid4(), name="a.png", media_type="image/png", size_bytes=1)
    frame = frames.MessageStartedFrame(
        session_id=SESSION,
        message_id=MESSAGE,
        chat_id=CHAT,
        task_id=TASK,
        role="user",
        text="do it",
        attachments=(attachment,),
    )
    (update,) = sent(UpdateTranslator(), frame, frame)
    assert update["sessionUpdate"] == "user_message_chunk"
    assert update["content"] == {"type": "text", "text": "do it\n[a.png]"}
    assert list(UpdateTranslator().translate(frame, own_prompt=True)) == []


@pytest.mark.parametrize(
    ("status", "wanted"),
    [
        (ToolStatus.PENDING, "pending"),
        (ToolStatus.RUNNING, "in_progress"),
        (ToolStatus.COMPLETED, "completed"),
        (ToolStatus.FAILED, "failed"),
        (ToolStatus.CANCELLED, "failed"),
        (ToolStatus.UNREPORTED, "completed"),
    ],
)
def test_states_of_a_tool_call(status: ToolStatus, wanted: str) -> None:
    (update,) = sent(UpdateTranslator(), tool(status))
    assert (update["sessionUpdate"], update["status"]) == ("tool_call", wanted)


def test_a_tool_call_is_begun_once_and_names_files_of_the_worktree() -> None:
    translator = UpdateTranslator()
    translator.worktree = Path("/worktrees/1")
    diffs = (FileDiff("a.py", "old", "new"), FileDiff("/etc/b", None, "b"), FileDiff("c", cut=True))
    first, second = sent(
        translator,
        tool(ToolStatus.RUNNING, input='{"path": "a.py"}', input_chars=16, locations=(Location("a.py", 3),)),
        tool(ToolStatus.COMPLETED, input="{cut", input_chars=99, diffs=diffs, output="done", exit_code=0),
    )
    assert (first["sessionUpdate"], second["sessionUpdate"]) == ("tool_call", "tool_call_update")
    assert first["toolCallId"] == second["toolCallId"]
    assert first["rawInput"] == {"path": "a.py"} and "rawInput" not in second
    assert first["locations"] == [{"path": "/worktrees/1/a.py", "line": 3}]
    assert second["content"] == [
        {"type": "diff", "path": "/worktrees/1/a.py", "oldText": "old", "newText": "new"},
        {"type": "diff", "path": "/etc/b", "newText": "b"},
        {"type": "content", "content": {"type": "text", "text": "done"}},
    ]
    assert second["rawOutput"] == {"exit_code": 0}


def test_plans_commands_steers_and_notices() -> None:
    translator = UpdateTranslator()
    steer = frames.SteerFrame(
        session_id=SESSION, steer_id=uuid4(), task_id=TASK, state="delivered", text="also that", sent_by="page"
    )
    plan = frames.PlanFrame(
        session_id=SESSION,
        message_id=MESSAGE,
        part=1,
        entries=(PlanEntry("a", PlanStatus.CANCELLED), PlanEntry("b", PlanStatus.PENDING)),
    )
    commands = frames.AgentCommandsFrame(
        session_id=SESSION,
        chat_id=CHAT,
        agent="x",
        commands=(SlashCommand("init"), SlashCommand("boocoder-apply", "of the agent")),
    )
    told = [frames.NoticeFrame(session_id=SESSION, code="x", text=level, level=level) for level in NoticeLevel]
    updates = sent(translator, steer, steer, plan, commands, *told)
    assert [one["sessionUpdate"] for one in updates] == [
        "user_message_chunk",
        "plan",
        "available_commands_update",
        "agent_thought_chunk",
    ]
    assert updates[1]["entries"] == [
        {"content": "a", "priority": "medium", "status": "completed"},
        {"content": "b", "priority": "medium", "status": "pending"},
    ]
    listed = updates[2]["availableCommands"]
    assert isinstance(listed, list)
    assert [one["name"] for one in listed] == ["init", "boocoder-diff", "boocoder-apply"]


def test_the_context_meter_needs_the_size_of_the_context() -> None:
    translator = UpdateTranslator()
    usage = frames.UsageFrame(session_id=SESSION, task_id=TASK, context_tokens=500, cost_usd=0.5)
    assert sent(translator, usage) == []
    translator.context_tokens = 8000
    (update,) = sent(translator, usage)
    assert update == {
        "sessionUpdate": "usage_update",
        "used": 500,
        "size": 8000,
        "cost": {"amount": 0.5, "currency": "USD"},
    }
