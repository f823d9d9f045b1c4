"""Validates values against their settings; errors name the setting and the rule."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from boocoder.config.masks import masked
from boocoder.config.settings import SettingInfo
from boocoder.errors import InvalidInput
from boocoder.model.agent_entry import AgentEntry
from boocoder.model.mcp_server import McpServer
from boocoder.model_servers.server import ModelServer

Value = (
    str
    | int
    | float
    | bool
    | Path
    | tuple[str, ...]
    | tuple[AgentEntry, ...]
    | tuple[ModelServer, ...]
    | tuple[McpServer, ...]
)


def from_text(info: SettingInfo, text: str) -> object:
    """An environment variable's text converted to its setting's type, or unchanged if that fails."""
    text = text.strip()
    if info.kind is bool:
        return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(text.lower(), text)
    if info.kind is tuple:
        return [item.strip() for item in text.split(",") if item.strip()]
    if info.kind in (int, float):
        try:
            return int(text) if re.fullmatch(r"[+-]?\d{1,18}", text) else float(text)
        except ValueError:
            return text
    return text


def checked(info: SettingInfo, value: object, where: str) -> Value:
    """The value as its setting's type.

    Raises:
        InvalidInput: setting_invalid, naming the setting, the value and the place.
    """
    shown = repr(masked(info.name, value))
    shown = shown if len(shown) <= 60 else f"{shown[:57]}..."

    def refuse(rule: str) -> InvalidInput:
        return InvalidInput(
            "setting_invalid", f"{info.name} = {shown} ({where}) is invalid: {rule}.", f"It means: {info.why}."
        )

    match value:
        case bool() if info.kind is bool:
            return value
        case bool():
            raise refuse(f"it must be {_kind_words(info)}")
        case int() if info.kind is int:
            return _in_range(info, value, refuse)
        case int() | float() if info.kind is float:
            return _in_range(info, float(value), refuse)
        case list() | tuple() if info.kind is tuple and all(isinstance(item, str) for item in value):
            return tuple(str(item) for item in value)
        case str() | Path() if info.kind is Path and str(value) and "\0" not in str(value):
            return Path(value)
        case str() if info.kind is str:
            if info.choices and value not in info.choices:
                raise refuse(f"it must be one of {', '.join(info.choices)}")
            return value
        case _:
            raise refuse(f"it must be {_kind_words(info)}")


def _kind_words(info: SettingInfo) -> str:
    words = {bool: "true or false", int: "a whole number", float: "a number", tuple: "a list of texts", Path: "a path"}
    return words.get(info.kind, "a text")


def _in_range(info: SettingInfo, value: int | float, refuse: Any) -> int | float:
    low = info.low if info.low is not None else float("-inf")
    high = info.high if info.high is not None else float("inf")
    if not low <= value <= high or value in (float("inf"), float("-inf")):
        raise refuse(f"it must be {f'at least {low:g}' if high == float('inf') else f'between {low:g} and {high:g}'}")
    return value
