"""Changes values in the text of a TOML file, statement by statement; comments, order and layout of the rest stay."""

from __future__ import annotations

import copy
import itertools
import re
import tomllib
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

import tomlkit
from tomlkit.items import Array

from boocoder.errors import Conflict, InvalidInput

Path = tuple[str, ...]
TABLE_DEPTH = 2  # a table that is deeper is written within braces

_PART = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_KEY = re.compile(rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*")
_HEADER = re.compile(r"[ \t]*(\[\[?)[ \t]*")


@dataclass(frozen=True, slots=True)
class _TomlStatement:
    """A header, or a key with its value.

    Args:
        path: from the root of the file.
        section: the path of the header that it is below; of a header its own.
        first, end: its lines, the end excluded.
    """

    path: Path
    section: Path
    header: bool
    first: int
    end: int


class TomlText:
    """The text of a TOML file.

    Args:
        text: with any line ends.

    Raises:
        tomllib.TOMLDecodeError: it is not TOML.
    """

    def __init__(self, text: str) -> None:
        self.values: dict[str, Any] = tomllib.loads(text)
        self._lines = re.findall(r"[^\n]*\n|[^\n]+", text)
        self._eol = "\r\n" if self._lines and self._lines[0].endswith("\r\n") else "\n"

    def change(self, changes: Iterable[tuple[Path, Any]]) -> str:
        """The text with values set, or removed where they are None.

        Raises:
            InvalidInput: a value is within something that is no table, or the text cannot be changed safely.
            Conflict: setting_exists, a table that is to be added is there.
        """
        wanted = copy.deepcopy(self.values)
        for path, value in changes:
            _apply(wanted, path, value)
            if value is None:
                self._remove(path)
            else:
                self._set(path, value)
        text = "".join(self._lines)
        try:
            same = _full(tomllib.loads(text)) == _full(wanted)
        except tomllib.TOMLDecodeError:
            same = False
        if not same:
            why = "The settings file is written in a way that cannot be changed here safely; it stays as it is."
            raise InvalidInput("config_not_edited", why, "Edit it by hand.")
        return text

    def _statements(self) -> list[_TomlStatement]:
        found: list[_TomlStatement] = []
        section: Path = ()
        at = 0
        while at < len(self._lines):
            if not self._lines[at].strip() or self._lines[at].lstrip().startswith("#"):
                at += 1
                continue
            end = self._end(at)
            if header := _HEADER.match(self._lines[at]):
                section = _path(self._lines[at][header.end() :])
                found.append(_TomlStatement(section, section, True, at, end))
            else:
                found.append(_TomlStatement(section + _path(self._lines[at].lstrip()), section, False, at, end))
            at = end
        return found

    def _end(self, first: int) -> int:
        """Where a statement ends: the first line with which it can be read."""
        for end in range(first + 1, len(self._lines) + 1):
            try:
                tomllib.loads("".join(self._lines[first:end]))
            except tomllib.TOMLDecodeError:
                continue
            return end
        return len(self._lines)

    def _set(self, path: Path, value: Any) -> None:
        statements = self._statements()
        if holder := next((one for one in statements if not one.header and one.path == path[: len(one.path)]), None):
            self._edit(holder, path, value)
        elif any(one.path[: len(path)] == path for one in statements):
            self._merge(path, value)
        elif isinstance(value, dict) and len(path) <= TABLE_DEPTH:
            self._append([f"[{_dotted(path)}]"])
            for key, inner in value.items():
                self._set((*path, key), inner)
        else:
            self._add(statements, path, value)

    def _merge(self, path: Path, value: Any) -> None:
        """Change a table that has a header or dotted keys, key by key."""
        old = value_at(tomllib.loads("".join(self._lines)), path)
        if not isinstance(value, dict) or not isinstance(old, dict):
            self._remove(path)
            self._add(self._statements(), path, value)
            return
        for key in old.keys() - value.keys():
            self._remove((*path, key))
        for key, inner in value.items():
            if key not in old or _differs(old[key], inner):
                self._set((*path, key), inner)

    def _add(self, statements: list[_TomlStatement], path: Path, value: Any) -> None:
        parent = path[:-1]
        below = [one for one in statements if one.section == parent]
        dotted = [one for one in statements if not one.header and _is_dotted_within(one, parent)]
        if below:
            self._insert(below[-1].end, f"{_dotted(path[-1:])} = {_toml(value)}")
        elif dotted:
            self._insert(dotted[-1].end, f"{_dotted(path[len(dotted[-1].section) :])} = {_toml(value)}")
        elif parent:
            self._append([f"[{_dotted(parent)}]", f"{_dotted(path[-1:])} = {_toml(value)}"])
        else:
            at = self._below_title()
            self._insert(at, f"{_dotted(path)} = {_toml(value)}")
            if self._lines[at + 1 : at + 2] and self._lines[at + 1].strip():
                self._insert(at + 1, "")

    def _below_title(self) -> int:
        """The first line behind comments at the top that are about the whole file."""
        comments = len(list(itertools.takewhile(lambda line: line.startswith("#"), self._lines)))
        after = self._lines[comments : comments + 1]
        return 0 if after and after[0].strip() else comments + len(after)

    def _remove(self, path: Path) -> None:
        statements = self._statements()
        for at, one in reversed(list(enumerate(statements))):
            if one.header and one.path[: len(path)] == path:
                # Comments below the last value are about what follows.
                inside = itertools.takewhile(lambda other: not other.header, statements[at + 1 :])
                self._cut(one.first, max((other.end for other in inside), default=one.end))
            elif not one.header and one.section[: len(path)] != path:
                if one.path[: len(path)] == path:
                    self._cut(one.first, one.end)
                elif path[: len(one.path)] == one.path:
                    self._edit(one, path, None)

    def _cut(self, first: int, end: int) -> None:
        del self._lines[first:end]
        blank = first < len(self._lines) and not self._lines[first].strip()
        if blank and (first == 0 or not self._lines[first - 1].strip()):
            del self._lines[first]

    def _edit(self, statement: _TomlStatement, path: Path, value: Any) -> None:
        """Change the value of a statement, or what is within its braces."""
        document = tomlkit.parse("".join(self._lines[statement.first : statement.end]))
        table: Any = document
        for name in path[len(statement.section) : -1]:
            if name not in table:
                if value is None:
                    return
                table[name] = tomlkit.inline_table()
            table = table[name]
        if value is None:
            table.pop(path[-1], None)
        else:
            _put(table, path[-1], value)
        text = re.sub(r"\r?\n", self._eol, tomlkit.dumps(document))
        self._lines[statement.first : statement.end] = re.findall(r"[^\n]*\n|[^\n]+", text)

    def _append(self, lines: list[str]) -> None:
        if self._lines and self._lines[-1].strip():
            self._insert(len(self._lines), "")
        for line in lines:
            self._insert(len(self._lines), line)

    def _insert(self, at: int, line: str) -> None:
        if at and not self._lines[at - 1].endswith("\n"):
            self._lines[at - 1] += self._eol
        self._lines.insert(at, line + self._eol)


def _put(table: Any, key: str, value: Any) -> None:
    """Set a value; of a list and of a table only what differs."""
    old = table.get(key)
    if isinstance(old, Array) and isinstance(value, list):
        _put_items(old, value)
    elif isinstance(old, MutableMapping) and isinstance(value, dict):
        for name in [one for one in old if one not in value]:
            del old[name]
        for name, inner in value.items():
            _put(old, name, inner)
    elif key not in table or _differs(old, value):
        table[key] = tomlkit.value(_toml(value))


def _put_items(array: Array, values: list[Any]) -> None:
    old = array.unwrap()
    short = min(len(old), len(values))
    head = next((at for at in range(short) if _differs(old[at], values[at])), short)
    short -= head
    tail = next((at for at in range(short) if _differs(old[-1 - at], values[-1 - at])), short)
    for _ in range(len(old) - head - tail):
        del array[head]
    for at in range(head, len(values) - tail):
        array.insert(at, tomlkit.value(_toml(values[at])))


def _differs(one: Any, other: Any) -> bool:
    """Whether two values are written differently: 1 equals true, and is something else."""
    return _toml(one) != _toml(other)


def _toml(value: Any) -> str:
    """A value on one line."""
    match value:
        case None:
            raise InvalidInput("setting_invalid", "A value within a list or a table is null.", "Leave it out.")
        case dict():
            return (
                f"{{ {', '.join(f'{_dotted((key,))} = {_toml(one)}' for key, one in value.items())} }}"
                if value
                else "{}"
            )
        case list():
            return f"[{', '.join(map(_toml, value))}]"
        case _:
            return str(tomlkit.item(value).as_string())


def _dotted(path: Path) -> str:
    return ".".join(tomlkit.key(part).as_string() for part in path)


def _path(text: str) -> Path:
    """The dotted key at the beginning of a text."""
    found = _KEY.match(text)
    value: Any = tomllib.loads(f"{found[0]} = 0") if found else 0
    path: Path = ()
    while isinstance(value, dict):
        key, value = next(iter(value.items()))
        path = (*path, key)
    return path


def _is_dotted_within(one: _TomlStatement, parent: Path) -> bool:
    return len(one.section) < len(parent) < len(one.path) and one.path[: len(parent)] == parent


def value_at(values: Any, path: Path) -> Any:
    """A value within dictionaries; None if it is not there."""
    for name in path:
        values = values.get(name) if isinstance(values, dict) else None
    return values


def _full(values: dict[str, Any]) -> dict[str, Any]:
    """Without empty tables: one that is only implied goes with the last table in it."""
    inner = {key: _full(value) if isinstance(value, dict) else value for key, value in values.items()}
    return {key: value for key, value in inner.items() if value != {}}


def _apply(values: dict[str, Any], path: Path, value: Any) -> None:
    """Set or remove a value in plain dictionaries; what `TomlText.change` has to come to.

    Raises:
        InvalidInput: it is within something that is no table.
        Conflict: setting_exists.
    """
    table: Any = values
    for depth, name in enumerate(path[:-1], 1):
        if value is None and name not in table:
            return
        table = table.setdefault(name, {})
        if not isinstance(table, dict):
            why = f"{'.'.join(path[:depth])} in the settings file is no table."
            raise InvalidInput("setting_invalid", why, "Correct it in the file.")
    if value is None:
        table.pop(path[-1], None)
    elif isinstance(value, Mapping) and len(path) <= TABLE_DEPTH and path[-1] in table:
        why = f"There is {'.'.join(path)} in the settings file already."
        raise Conflict("setting_exists", why, "Choose another name, or change its keys one by one.")
    else:
        table[path[-1]] = value
