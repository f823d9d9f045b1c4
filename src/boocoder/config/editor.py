"""The settings of a running service: what each is, where it comes from, and changes of the settings file."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from boocoder.config.agents import KEYS as AGENT_KEYS
from boocoder.config.agents import is_agent_name
from boocoder.config.check import checked
from boocoder.config.edit_file import edit_settings_file
from boocoder.config.load import check_settings_file, setting_sources
from boocoder.config.masks import masked, unmasked
from boocoder.config.mcp import KEYS as MCP_KEYS
from boocoder.config.mcp import is_mcp_name
from boocoder.config.models import KEYS as SERVER_KEYS
from boocoder.config.models import is_server_name
from boocoder.config.settings import SettingInfo, Settings, every_setting
from boocoder.errors import Conflict, InvalidInput
from boocoder.wire.service import (
    SettingKind,
    SettingSource,
    SettingsOverview,
    SettingsTable,
    SettingState,
    SettingValue,
    TableKey,
)

TABLES = {"agents": AGENT_KEYS, "models": SERVER_KEYS, "mcp": MCP_KEYS}
LOCKED = (
    "The page can change settings only where it may open a terminal, because a setting can name a program. "
    'Edit the file, or set terminal = "on" in it.'
)
_IN_FILE_ONLY = frozenset({"data_dir", "database_url", "failpoints", "terminal"})
_MADE_ABSOLUTE = frozenset({"data_dir", "tls_certificate", "tls_key"})
_SECRET = frozenset({"database_url"})


@dataclass(frozen=True, slots=True)
class _Sources:
    """What is set where, by name: (value, place)."""

    path: Path
    file: Mapping[str, tuple[object, str]]
    environment: Mapping[str, tuple[object, str]]


class SettingsEditor:
    """Shows and changes settings; what it changes holds from the next start on.

    Args:
        running: what is in force.
        editable: whether anything may be changed.
        environ: instead of the process's environment.

    Raises:
        InvalidInput: the settings file cannot be read any more.
    """

    def __init__(self, running: Settings, *, editable: bool, environ: Mapping[str, str] | None = None) -> None:
        self._running = running
        self._editable = editable
        self._environ = environ
        self._infos = {info.name: info for info in every_setting()}
        self._at_start = self._sources()
        self._flags = frozenset(self._from_command_line())
        self._changing = threading.Lock()

    def overview(self) -> SettingsOverview:
        """All settings; blocking, it reads the file.

        Raises:
            InvalidInput: the file cannot be used as it is.
        """
        now = self._sources()
        settings = tuple(self._state(info, now) for info in self._infos.values())
        tables = tuple(self._tables(now))
        gone = _tables_of(self._at_start).keys() - {table.name for table in tables}
        return SettingsOverview(
            path=str(now.path),
            locked="" if self._editable else LOCKED,
            restart=bool(gone) or any(one.restart for one in settings) or any(one.restart for one in tables),
            settings=settings,
            tables=tables,
            keys=_table_keys(),
        )

    def change(self, changes: Mapping[str, object]) -> SettingsOverview:
        """Change the settings file; blocking.

        Args:
            changes: by dotted name of a setting, of a key of a table with a free name, or of such a table, which is
                added; None removes it.

        Raises:
            InvalidInput: there is no such setting, it cannot have this value, or the file cannot be changed safely.
            Conflict: settings_locked, setting_set_elsewhere, setting_exists, settings_file_changed.
            Unavailable: settings_not_written.
        """
        if not self._editable:
            raise Conflict("settings_locked", LOCKED)
        with self._changing:
            now = self._sources()
            for name in changes:
                self._check_name(name, now)
            check = functools.partial(check_settings_file, environ=self._environ)
            edit_settings_file(now.path, changes, check=check, resolve=unmasked)
        return self.overview()

    def _sources(self) -> _Sources:
        found = setting_sources(self._environ)
        file = {name: (value, where) for name, value, where in found.in_file}
        return _Sources(found.path, file, {name: (value, where) for name, value, where in found.in_environment})

    def _check_name(self, name: str, now: _Sources) -> None:
        info = self._infos.get(name)
        if info is None:
            if not _is_table(name, self._infos) and not _is_table_key(name, self._infos):
                text = f"There is no setting {name}."
                raise InvalidInput("setting_unknown", text, "docs/configuration.md lists all settings.")
        elif why := self._why_locked(info, now):
            raise Conflict("setting_set_elsewhere", f"{name} cannot be changed here: {why}")

    def _why_locked(self, info: SettingInfo, now: _Sources) -> str:
        if info.name in now.environment:
            return f"The {now.environment[info.name][1]} sets it, which wins over the file."
        if info.name in self._flags:
            return "The command line of the service sets it, which wins over the file."
        return "It can be changed in the file only." if info.name in _IN_FILE_ONLY else ""

    def _state(self, info: SettingInfo, now: _Sources) -> SettingState:
        stored, at_start = now.file.get(info.name), self._at_start.file.get(info.name)
        source, where = self._source(info.name, now)
        elsewhere = source in (SettingSource.ENVIRONMENT, SettingSource.FLAG)
        secret = info.name in _SECRET
        return SettingState(
            name=info.name,
            env=info.env,
            kind=_kind(info),
            unit=info.unit,
            why=info.why,
            choices=info.choices,
            low=info.low,
            high=info.high,
            default=_plain(info.default),
            value=None if secret else masked(info.name, _plain(self._value(info.name))),
            stored=None if secret or stored is None else masked(info.name, _plain(checked(info, *stored))),
            source=source,
            where=where,
            restart=not elsewhere and (stored or (None,))[0] != (at_start or (None,))[0],
            locked=self._why_locked(info, now) if self._editable else LOCKED,
        )

    def _source(self, name: str, now: _Sources) -> tuple[SettingSource, str]:
        if name in self._flags:
            return SettingSource.FLAG, "the command line"
        if name in now.environment:
            return SettingSource.ENVIRONMENT, now.environment[name][1]
        if name in now.file:
            return SettingSource.FILE, now.file[name][1]
        return SettingSource.DEFAULT, ""

    def _value(self, name: str) -> object:
        return functools.reduce(getattr, name.split("."), self._running)

    def _from_command_line(self) -> Iterator[str]:
        """Settings whose value is neither the default nor what file and environment say."""
        start = self._at_start
        for name, info in self._infos.items():
            said = start.environment.get(name) or start.file.get(name)
            if name in _MADE_ABSOLUTE and (said is not None or info.default is None):
                continue
            if self._value(name) != (info.default if said is None else checked(info, *said)):
                yield name

    def _tables(self, now: _Sources) -> Iterator[SettingsTable]:
        before = _tables_of(self._at_start)
        for name, (values, where) in _tables_of(now).items():
            restart = name not in before or before[name][0] != values
            yield SettingsTable(name=name, values=masked(name, values), where=where, restart=restart)


def _tables_of(sources: _Sources) -> dict[str, tuple[dict[str, object], str]]:
    """The tables with free names, whole: (values, place).

    Raises:
        InvalidInput: setting_invalid, one is no table.
    """
    known = {info.name for info in every_setting()}
    tables: dict[str, tuple[dict[str, object], str]] = {}
    for name, (value, where) in sources.file.items():
        if name in known:
            continue
        if isinstance(value, dict) and name.count(".") == 1:
            tables[name] = (value, where)
        elif name.count(".") == 1:
            why = f"{name} ({where}) is invalid: it must be a table."
            raise InvalidInput("setting_invalid", why, "Correct it in the file.")
        else:
            kind, table, key = name.split(".", 2)
            tables.setdefault(f"{kind}.{table}", ({}, where))[0][key] = value
    return tables


def _is_table(name: str, known: Mapping[str, SettingInfo]) -> bool:
    """Whether a name is that of a whole table that a person may add or remove."""
    free = is_agent_name(name) or is_server_name(name) or is_mcp_name(name)
    return free and name.count(".") == 1 and not any(other.startswith(f"{name}.") for other in known)


def _is_table_key(name: str, known: Mapping[str, SettingInfo]) -> bool:
    table, _, key = name.rpartition(".")
    return _is_table(table, known) and key in TABLES[table.partition(".")[0]]


def _table_keys() -> tuple[TableKey, ...]:
    return tuple(
        TableKey(table, key, _kind_of(must), must) for table, keys in TABLES.items() for key, must in keys.items()
    )


def _kind_of(must: str) -> SettingKind:
    """The form of a value by what it must be, in words."""
    beginnings = {
        "true or false": SettingKind.FLAG,
        "a list": SettingKind.LIST,
        "a table": SettingKind.TABLE,
        "tables": SettingKind.TABLE,
        "a number": SettingKind.NUMBER,
        "a whole number": SettingKind.NUMBER,
    }
    return next((kind for words, kind in beginnings.items() if must.startswith(words)), SettingKind.TEXT)


def _kind(info: SettingInfo) -> SettingKind:
    kinds = {bool: SettingKind.FLAG, int: SettingKind.INTEGER, float: SettingKind.NUMBER, tuple: SettingKind.LIST}
    return kinds.get(info.kind, SettingKind.TEXT)


def _plain(value: object) -> SettingValue:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case tuple():
            return [str(one) for one in value]
        case _:
            return str(value)
