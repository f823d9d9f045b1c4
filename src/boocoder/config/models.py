"""Tables [models.<name>]: model servers side by side, with options of all their models and of single ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import msgspec

from boocoder.config.settings_file import Found, unknown_setting
from boocoder.errors import InvalidInput
from boocoder.model_servers.server import ModelOptions, ModelServer

_TABLE = re.compile(r"models\.[a-z][a-z0-9-]{0,40}")
_TEXT, _FLAG = "a text", "true or false"
_SIZE = "a whole number of tokens, 0 or more"
_TEMPERATURE, _SHARE = "a number from 0 to 10", "a number from 0 to 1"
_BODY = "a table of fields"
_COUNT = "a whole number of turns, 0 or more"
_OPTIONS = {
    "context_tokens": _SIZE,
    "output_tokens": _SIZE,
    "temperature": _TEMPERATURE,
    "top_p": _SHARE,
    "reasoning_effort": _TEXT,
    "thinking": _FLAG,
    "images": _FLAG,
    "extra_body": _BODY,
    "turns_at_once": _COUNT,
}
_SERVER = {
    "base_url": _TEXT,
    "api_key_env": _TEXT,
    "default": _TEXT,
    "all_turns_at_once": _COUNT,
    "models": "tables of options by model id",
}
KEYS = {**_SERVER, **_OPTIONS}
"""Every key of a model server's table, with the type of its value."""


def is_server_name(name: str) -> bool:
    """Whether a dotted name is a server's table or a setting in one."""
    table, _, key = name.rpartition(".")
    return _TABLE.fullmatch(name) is not None or (key in KEYS and _TABLE.fullmatch(table) is not None)


def named_servers(found: Iterable[Found], environ: Mapping[str, str]) -> tuple[ModelServer, ...]:
    """The servers of these settings, in the order of the file.

    Args:
        found: settings of such tables.
        environ: where their keys are.

    Raises:
        InvalidInput: a value of the wrong type, or a key that is not in the environment.
    """
    servers: dict[str, ModelServer] = {}
    for name, value, where in found:
        if not is_server_name(name):
            raise unknown_setting(name, where, [f"{name.rpartition('.')[0]}.{one}" for one in KEYS])
        _, server, key = name.split(".", 2)
        servers[server] = _with(servers.get(server, ModelServer(name=server)), name, key, value, where, environ)
    return tuple(servers.values())


def _with(
    server: ModelServer, name: str, key: str, value: object, where: str, environ: Mapping[str, str]
) -> ModelServer:
    match key, value:
        case "base_url", str():
            return replace(server, base_url=value)
        case "default", str():
            return replace(server, default=value)
        case "api_key_env", str():
            return replace(server, api_key=_key(name, value, environ))
        case "all_turns_at_once", int() if _whole(value):
            return replace(server, all_turns_at_once=value)
        case "models", dict():
            rows = {model: _options(f"{name}.{model}", row, where) for model, row in value.items()}
            return replace(server, models={**server.models, **rows})
    if key in _OPTIONS:
        return replace(server, options=_with_option(server.options, name, key, value, where))
    raise _invalid(name, where, KEYS[key])


def _options(name: str, row: object, where: str) -> ModelOptions:
    if not isinstance(row, dict):
        raise _invalid(name, where, "a table of options")
    options = ModelOptions()
    for key, value in row.items():
        if key not in _OPTIONS:
            raise unknown_setting(f"{name}.{key}", where, [f"{name}.{one}" for one in _OPTIONS])
        options = _with_option(options, f"{name}.{key}", key, value, where)
    return options


_FITS: dict[str, Callable[[object], bool]] = {
    _TEXT: lambda value: isinstance(value, str) and "\0" not in value,
    _FLAG: lambda value: isinstance(value, bool),
    _SIZE: lambda value: _whole(value),
    _COUNT: lambda value: _whole(value),
    _TEMPERATURE: lambda value: _between(value, 10),
    _SHARE: lambda value: _between(value, 1),
    _BODY: lambda value: isinstance(value, dict),
}


def _with_option(options: ModelOptions, name: str, key: str, value: object, where: str) -> ModelOptions:
    if not _FITS[_OPTIONS[key]](value):
        raise _invalid(name, where, _OPTIONS[key])
    return msgspec.convert({**msgspec.to_builtins(options), key: value}, ModelOptions)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _between(value: object, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= high


def _key(name: str, variable: str, environ: Mapping[str, str]) -> str:
    if not environ.get(variable):
        text = f"{name} names {variable}, which is not set in the environment."
        raise InvalidInput("api_key_missing", text, "Export it, or remove the setting.")
    return environ[variable]


def _invalid(name: str, where: str, must: str) -> InvalidInput:
    return InvalidInput("setting_invalid", f"{name} ({where}) is invalid: it must be {must}.", "See docs/models.md.")
