"""The command line of a tool call that runs one, for comparing it with another call's."""

from __future__ import annotations

import msgspec

from boocoder.events import json_coerce

_NAMES = ("command", "cmd")


def command_of(title: str, input: str) -> str:
    """What a call runs: the command line of its arguments, else its title; white space counts once.

    Args:
        title, input: of the call, as ToolCall has them.
    """
    return " ".join((_command_in(input) or title).split())


def _command_in(input: str) -> str:
    try:
        given = json_coerce.mapping(msgspec.json.decode(input or "null"))
    except msgspec.DecodeError:
        return ""
    for name in _NAMES:
        value = given.get(name)
        if isinstance(value, list):
            return " ".join(str(word) for word in value)
        if said := json_coerce.text(value):
            return said
    return ""
