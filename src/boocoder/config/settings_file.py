"""Reads the settings file into (name, value, place)."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

from boocoder.errors import InvalidInput

FILE_MAX_BYTES = 1024 * 1024  # a settings file is a page or two; anything larger is not one

Found = tuple[str, object, str]
"""A setting's dotted name, its raw value, and the place it came from."""


def read_settings_file(
    path: Path,
    names: Collection[str],
    *,
    required: bool,
    free: Callable[[str], bool] = lambda _: False,
    free_keys: Callable[[str], Collection[str]] = lambda _: (),
) -> list[Found]:
    """All settings in a TOML file.

    Args:
        path: the file.
        names: dotted names of the settings that exist.
        free: whether a dotted name that is not listed may be a setting, or a table of them; a table that is listed
            holds listed settings only.
        free_keys: the keys of a table that is not listed, by its name, to suggest one.
        required: False if a missing file means no settings.

    Raises:
        InvalidInput: the file is missing though required, cannot be read, is not TOML, or names an unknown setting.
    """
    text = _read(path, required=required)
    if text is None:
        return []
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidInput("config_not_toml", f"{path} is not TOML: {error}.", "Correct that line.") from error
    place = _SettingLocation(path, text)
    return [(name, value, place.of(name)) for name, value in _flatten(table, "", place, names, free, free_keys)]


class _SettingLocation:
    """Finds the line of a setting in its file."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines = text.splitlines()

    def of(self, name: str) -> str:
        return f"{self._path}, line {self._line(name)}"

    def _line(self, name: str) -> int:
        """1-based; 1 if unknown (inline tables, quoted keys)."""
        table, _, key = name.rpartition(".")
        current = ""
        for number, line in enumerate(self._lines, 1):
            if header := re.match(r"\s*\[([^\[\]]+)\]", line):
                current = header.group(1).replace(" ", "").replace('"', "")
                if current == name:
                    return number
                continue
            assigned = re.match(r"\s*([\w.\"-]+)\s*=", line)
            if assigned and (current, assigned.group(1).replace('"', "")) in ((table, key), ("", name)):
                return number
        return 1


def _read(path: Path, *, required: bool) -> str | None:
    try:
        with path.open("rb") as file:
            raw = file.read(FILE_MAX_BYTES + 1)
    except FileNotFoundError:
        if not required:
            return None
        raise InvalidInput(
            "config_missing", f"The settings file {path} does not exist.", "Make it, or unset BOOCODER_CONFIG."
        ) from None
    except OSError as error:
        raise InvalidInput(
            "config_unreadable",
            f"The settings file {path} cannot be read: {error.strerror}.",
            "It must be a readable file.",
        ) from error
    if len(raw) > FILE_MAX_BYTES:
        raise InvalidInput(
            "config_too_large", f"{path} is larger than {FILE_MAX_BYTES} bytes.", "Is it the right file?"
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput("config_not_text", f"{path} is not UTF-8 text.", "Save it as UTF-8.") from error


def _flatten(
    table: Mapping[str, object],
    prefix: str,
    place: _SettingLocation,
    names: Collection[str],
    free: Callable[[str], bool],
    free_keys: Callable[[str], Collection[str]],
) -> Iterator[tuple[str, object]]:
    listed = any(other.startswith(prefix) for other in names)
    for key, value in table.items():
        name = prefix + key
        if name in names or (free(name) and not listed):
            yield name, value
        elif isinstance(value, dict) and (free(name) or any(other.startswith(f"{name}.") for other in names)):
            yield from _flatten(value, f"{name}.", place, names, free, free_keys)
        else:
            table_name = prefix.rstrip(".")
            keys = free_keys(table_name) if free(table_name) and not listed else ()
            raise unknown_setting(name, place.of(name), [prefix + one for one in keys] or names)


def unknown_setting(name: str, where: str, names: Collection[str]) -> InvalidInput:
    """The error for an unknown setting, with the nearest known name."""
    last = name.rpartition(".")[2]
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6) or [
        other for other in names if difflib.SequenceMatcher(None, other.rpartition(".")[2], last).ratio() > 0.75
    ]
    cure = f"Did you mean {near[0]}?" if near else "docs/configuration.md lists all settings."
    return InvalidInput("setting_unknown", f"There is no setting {name} ({where}).", cure)
