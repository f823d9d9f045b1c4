"""The command line of a tool call."""

from __future__ import annotations

import pytest

from boocoder.events.tool_command import command_of


@pytest.mark.parametrize(
    ("title", "input", "command"),
    [
        ("Wait", '{"command": "sleep  60\\n", "description": "Wait"}', "sleep 60"),
        ("shell", '{"cmd": ["bash", "-lc", "sleep 60"]}', "bash -lc sleep 60"),
        ("sleep 60", "", "sleep 60"),
        ("sleep 60", '{"seconds": 60}', "sleep 60"),
        ("sleep 60", '{"command": 60', "sleep 60"),
        ("sleep 60", "[1]", "sleep 60"),
    ],
)
def test_arguments_come_before_the_title(title: str, input: str, command: str) -> None:
    assert command_of(title, input) == command
