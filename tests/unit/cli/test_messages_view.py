"""Stored messages on a terminal: what tools were given and gave, on request, and why one failed."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console

from boocoder.cli.views.messages import show_messages
from boocoder.model.task import MessageRole, MessageStatus, PartKind
from boocoder.wire.messages import MessageWithParts, PartInfo

OUTPUT = "".join(f"line {number}\n" for number in range(1, 21)) + "\x1b[31mred\n"
AT = datetime(2026, 1, 1, tzinfo=UTC)


def message(status: str) -> MessageWithParts:
    data: dict[str, object] = {
        "name": "bash", "title": "make", "status": status, "input": "make all", "output": OUTPUT,
        "input_chars": 8, "output_chars": len(OUTPUT) + 100,
    }  # fmt: skip
    known: dict[str, object] = dict.fromkeys(("id", "session_id", "chat_id", "task_id", "model"))
    known |= {"role": MessageRole.ASSISTANT, "status": MessageStatus.COMPLETE, "agent": "mine", "text": "", "ord": 1}
    known |= {"created_at": AT, "finished_at": AT, "attachments": (), "part_count": 1}
    return MessageWithParts(**known, parts=(PartInfo(0, PartKind.TOOL_CALL, data, "", 0),))  # type: ignore[arg-type]


def shown(status: str, *, tools: bool) -> list[str]:
    console = Console(file=StringIO(), width=200, highlight=False, markup=False, emoji=False, color_system=None)
    show_messages(console, [message(status)], tools=tools)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue().splitlines()[2:]


def test_a_tool_that_worked_is_one_line() -> None:
    (line,) = shown("completed", tools=False)
    assert line.split() == ["tool", "call", "bash", "make", "completed"]


def test_the_end_of_a_failed_tools_output_is_shown() -> None:
    lines = shown("failed", tools=False)[1:]
    assert [line.strip() for line in lines[:-1]] == [f"line {number}" for number in range(14, 21)]
    assert "\x1b" not in lines[-1] and "red" in lines[-1]


@pytest.mark.parametrize("status", ["completed", "failed"])
def test_on_request_all_of_it_is_shown(status: str) -> None:
    lines = shown(status, tools=True)[1:]
    assert lines[0] == "    < make all"
    assert lines[1:21] == [f"    line {number}" for number in range(1, 21)]
    assert lines[-1] == "    ... 100 more characters"
