"""The tables [agents.<name>] of agents that speak ACP: their names, keys and types. It reads no file.

Any name but those of the agents with settings of their own may stand there, so these are no fixed settings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from boocoder.config_file import Found
from boocoder.errors import InvalidInput

_TABLE = re.compile(r"agents\.[a-z][a-z0-9-]{0,40}")
_KEYS = {
    "enabled": "true or false",
    "command": "a list of texts: the program and its arguments",
    "env": 'a table of texts, such as { NAME = "value" }',
    "keep_env": "a list of names of environment variables",
}


@dataclass(frozen=True, slots=True)
class AcpEntry:
    """One table.

    Args:
        name: of the agent.
        enabled: whether it is offered.
        command: program and arguments; empty for those of a known agent.
        env: set for it.
        keep_env: variables of our own environment that it may see.
    """

    name: str
    enabled: bool = True
    command: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict, repr=False)  # it may hold a key
    keep_env: tuple[str, ...] = ()


def is_acp_name(name: str) -> bool:
    """Whether this dotted name may be the table of an ACP agent, or a setting in one."""
    table, _, key = name.rpartition(".")
    return _TABLE.fullmatch(name) is not None or (key in _KEYS and _TABLE.fullmatch(table) is not None)


def acp_entries(found: Iterable[Found]) -> tuple[AcpEntry, ...]:
    """The agents of these settings, in the order of the file.

    Raises:
        InvalidInput: a value of the wrong type.
    """
    entries: dict[str, AcpEntry] = {}
    for name, value, where in found:
        _, agent, key = name.split(".")
        entries[agent] = _with(entries.get(agent, AcpEntry(agent)), key, value, name, where)
    return tuple(entries.values())


def _with(entry: AcpEntry, key: str, value: object, name: str, where: str) -> AcpEntry:
    match key, value:
        case "enabled", bool():
            return replace(entry, enabled=value)
        case "command", [str(), *_] if _texts(value):
            return replace(entry, command=tuple(map(str, value)))
        case "keep_env", list() if _texts(value):
            return replace(entry, keep_env=tuple(map(str, value)))
        case "env", dict() if _texts(value.values()):
            return replace(entry, env={str(variable): str(text) for variable, text in value.items()})
        case _:
            text = f"{name} ({where}) is not right: it must be {_KEYS[key]}."
            raise InvalidInput("setting_invalid", text, "See docs/acp.md for an example.")


def _texts(values: Iterable[object]) -> bool:
    return all(isinstance(value, str) and "\0" not in value for value in values)
