"""Tables [agents.<name>] with free names: keys and types of agents that have no fixed settings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from boocoder.config.settings_file import Found
from boocoder.errors import InvalidInput
from boocoder.model.agent import Transport
from boocoder.model.agent_entry import AgentEntry

_TABLE = re.compile(r"agents\.[a-z][a-z0-9-]{0,40}")
_TRANSPORTS = (Transport.ACP, Transport.STREAM, Transport.ONESHOT)
_SILENCE_MAX_S = 86_400
_TEXT, _LIST, _FLAG = "a text", "a list of texts", "true or false"
_OWN = {
    "enabled": _FLAG,
    "command": "a list of texts: the program and its arguments",
    "env": 'a table of texts, such as { NAME = "value" }',
    "keep_env": "a list of names of environment variables",
    "own_files": 'a list of ignore patterns, such as ["/.agent/"]',
    "transport": f"one of {', '.join(_TRANSPORTS)}",
    "silence_timeout_s": f"a number of seconds from 0 to {_SILENCE_MAX_S}",
    "model": _TEXT,
    "mode": _TEXT,
    "use_model_server": "true, false or the name of a model server",
}
_DETAILS = {
    **dict.fromkeys(("format", "prompt", "terminal", "usage", "safe_mode", "free_mode"), _TEXT),
    **dict.fromkeys(("error_text", "refusal_text", "login_text", "install", "login"), _TEXT),
    **dict.fromkeys(("prompt_args", "model_args", "mode_args", "thinking_args", "mcp_args"), _LIST),
    **dict.fromkeys(("new_session_args", "resume_args", "home", "home_readable"), _LIST),
    **dict.fromkeys(("models", "modes", "thinking"), _LIST),
    "kept_open": _FLAG,
    "fresh_after_kill": _FLAG,
    "obeys_cwd": _FLAG,
    "own_sandbox": _FLAG,
    "images": _FLAG,
}
KEYS = {**_OWN, **_DETAILS}
"""Every key of an agent's table, with the type of its value."""


def is_agent_name(name: str) -> bool:
    """Whether a dotted name is an agent's table or a setting in one."""
    table, _, key = name.rpartition(".")
    return _TABLE.fullmatch(name) is not None or (key in KEYS and _TABLE.fullmatch(table) is not None)


def agent_entries(found: Iterable[Found]) -> tuple[AgentEntry, ...]:
    """The agents of these settings, in the order of the file.

    Raises:
        InvalidInput: a value of the wrong type.
    """
    entries: dict[str, AgentEntry] = {}
    for name, value, where in found:
        _, agent, key = name.split(".")
        entry = entries.get(agent, AgentEntry(agent))
        changed = _with_detail(entry, key, value) if key in _DETAILS else _with(entry, key, value)
        if changed is None:
            text = f"{name} ({where}) is invalid: it must be {KEYS[key]}."
            raise InvalidInput("setting_invalid", text, "See docs/agents.md for examples.")
        entries[agent] = changed
    return tuple(entries.values())


def _with(entry: AgentEntry, key: str, value: object) -> AgentEntry | None:
    match key, value:
        case "enabled", bool():
            return replace(entry, enabled=value)
        case "use_model_server", bool() | str() if value != "":
            return replace(entry, use_model_server=bool(value), model_server=value if isinstance(value, str) else "")
        case "command", [str(), *_] if _texts(value):
            return replace(entry, command=tuple(map(str, value)))
        case "keep_env", list() if _texts(value):
            return replace(entry, keep_env=tuple(map(str, value)))
        case "env", dict() if _texts(value.values()):
            return replace(entry, env={str(variable): str(text) for variable, text in value.items()})
        case "transport", str() if value in _TRANSPORTS:
            return replace(entry, transport=Transport(value))
        case "own_files", list() if _texts(value) and all(map(_is_own_file, map(str, value))):
            return replace(entry, own_files=tuple(map(str, value)))
        case "silence_timeout_s", int() | float() if not isinstance(value, bool) and 0 <= value <= _SILENCE_MAX_S:
            return replace(entry, silence_timeout_s=float(value))
        case "model" | "mode", str() if _texts([value]):
            return replace(entry, model=value) if key == "model" else replace(entry, mode=value)
    return None


def _with_detail(entry: AgentEntry, key: str, value: object) -> AgentEntry | None:
    match _DETAILS[key], value:
        case "a text", str() if _texts([value]):
            return replace(entry, details={**entry.details, key: value})
        case "true or false", bool():
            return replace(entry, details={**entry.details, key: value})
        case "a list of texts", list() if _texts(value):
            return replace(entry, details={**entry.details, key: tuple(map(str, value))})
    return None


def _is_own_file(pattern: str) -> bool:
    """Whether an ignore pattern names something, takes nothing back, and is one line."""
    return bool(pattern.strip("/* ")) and not pattern.startswith(("!", "#")) and pattern.isprintable()


def _texts(values: Iterable[object]) -> bool:
    return all(isinstance(value, str) and "\0" not in value for value in values)
