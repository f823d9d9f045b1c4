"""Hides secrets in values of the settings file, and puts them back where a change left them alone."""

from __future__ import annotations

import re
from typing import Any

from boocoder.errors import InvalidInput
from boocoder.process.privacy import is_secret_name

MASK = "\u2022\u2022\u2022\u2022"
_SECRET_TABLES = frozenset({"env", "headers"})
_SECRET_LISTS = frozenset({"environment.set"})
_COMMANDS = frozenset({"command", "args"})
_SECRET_FIELD = re.compile(r"key|token|secret|passw|credential|auth", re.IGNORECASE)
_VARIABLE = re.compile(r"(?:(?:Basic|Bearer|Token) )?\$\{[A-Za-z_][A-Za-z0-9_]*\}", re.IGNORECASE)
_URL_USER = re.compile(r"(?<=://)[^/@\s\"']+(?=@)")


def masked(name: str, value: Any) -> Any:
    """A value as it may be shown.

    Args:
        name: the dotted name of the setting.

    Returns:
        Values of variables and headers, and of arguments of commands and texts of `extra_body` whose names are those of
        secrets, as MASK, unless they only name a variable of the environment; user and password of URLs as MASK.
    """
    match value:
        case dict() if name.rpartition(".")[2] in _SECRET_TABLES:
            return {key: _hidden(str(one)) for key, one in value.items()}
        case dict():
            return {key: masked(f"{name}.{key}", one) for key, one in value.items()}
        case list() | tuple() if name in _SECRET_LISTS:
            return [f"{key}={_hidden(one)}" for key, _, one in (str(entry).partition("=") for entry in value)]
        case list() | tuple() if name.rpartition(".")[2] in _COMMANDS:
            return _masked_arguments([_URL_USER.sub(MASK, str(one)) for one in value])
        case list() | tuple():
            return [masked("", one) for one in value]
        case str() if ".extra_body." in name and _SECRET_FIELD.search(name.rpartition(".")[2]):
            return _hidden(value)
        case str():
            return _URL_USER.sub(MASK, value)
    return value


def _masked_arguments(arguments: list[str]) -> list[str]:
    """Hide what follows an option with the name of a secret: `--token VALUE`, `--token=VALUE`, `API_KEY=VALUE`."""
    shown: list[str] = []
    before = ""
    for one in arguments:
        name, sign, value = one.partition("=")
        if sign and is_secret_name(name) and " " not in name:
            shown.append(f"{name}={_hidden(value)}")
        else:
            secret = before.startswith("-") and "=" not in before and is_secret_name(before) and not one.startswith("-")
            shown.append(_hidden(one) if secret else one)
        before = one
    return shown


def unmasked(name: str, value: Any, stored: Any) -> Any:
    """A value to write, with what is hidden in it taken from the file.

    Args:
        name: the dotted name of the setting.
        value: as it came from somebody who saw `masked(name, stored)`.
        stored: what the file says.

    Raises:
        InvalidInput: setting_masked, a hidden value that the file does not have, or of which it has several.
    """
    full = _filled(value, masked(name, stored), stored)
    if MASK in repr(full):
        why = f"{name} has {MASK}, which stands for a value that is not shown, where the file has none, or several."
        raise InvalidInput("setting_masked", why, "Type the value.")
    return full


def _hidden(text: str) -> str:
    return text if not text or _VARIABLE.fullmatch(text) else MASK


def _filled(value: Any, shown: Any, stored: Any) -> Any:
    match value, shown, stored:
        case dict(), dict(), dict():
            return {key: _filled(one, shown.get(key), stored.get(key)) for key, one in value.items()}
        case list(), list(), list():
            if value == shown:
                return stored
            return [
                _only(one, [full for seen, full in zip(shown, stored, strict=True) if seen == one]) for one in value
            ]
    return stored if value == shown and isinstance(value, str) else value


def _only(item: Any, candidates: list[Any]) -> Any:
    """What an item of a list stands for; the item itself if that is not certain."""
    return candidates[0] if candidates and all(one == candidates[0] for one in candidates) else item
