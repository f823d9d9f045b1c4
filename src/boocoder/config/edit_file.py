"""Changes values in the settings file; comments, order and everything else in it stay."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import tomlkit
from tomlkit.container import Container
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Table

from boocoder.errors import InvalidInput, Unavailable

_NEW_FILE_MODE = 0o600


def edit_settings_file(path: Path, changes: Mapping[str, object], *, check: Callable[[Path], None]) -> None:
    """Set or remove values.

    Args:
        path: the file; it is made if it is missing, and a link is followed.
        changes: values by dotted name; None removes one.
        check: raises InvalidInput if the new file, which it is given, cannot be used; then nothing is changed.

    Raises:
        InvalidInput: the file is not TOML, a name is within something that is no table, or `check` refused.
        Unavailable: settings_not_written, the file or its folder cannot be written.
    """
    target = path.resolve()
    try:
        text = target.read_text("utf-8") if target.exists() else ""
        edited = _edited(text, changes)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _replace(target, edited, path, check)
    except OSError as error:
        why = f"{path} cannot be written: {error.strerror}."
        raise Unavailable("settings_not_written", why, "Check its rights, or edit it by hand.") from error


def _edited(text: str, changes: Mapping[str, object]) -> str:
    try:
        document = tomlkit.parse(text)
        for name, value in changes.items():
            *tables, key = name.split(".")
            if value is None:
                _remove(document, tables, key)
            else:
                _table(document, tables)[key] = value
        return tomlkit.dumps(document)
    except (TOMLKitError, TypeError, ValueError) as error:
        raise InvalidInput("config_not_toml", f"The settings file cannot be edited: {error}.", "Correct it.") from error


def _table(document: Container, names: list[str]) -> Container | Table:
    table: Container | Table = document
    for name in names:
        if name not in table:
            table[name] = tomlkit.table()
        inner = table[name]
        if not isinstance(inner, Container | Table):
            raise TypeError(f"{name} is no table in brackets")
        table = inner
    return table


def _remove(document: Container, names: list[str], key: str) -> None:
    table: object = document
    for name in names:
        table = table.get(name) if isinstance(table, Container | Table) else None
    if isinstance(table, Container | Table) and key in table:
        del table[key]


def _replace(target: Path, text: str, shown: Path, check: Callable[[Path], None]) -> None:
    """Put the text in place of the file, in one step."""
    mode = target.stat().st_mode & 0o777 if target.exists() else _NEW_FILE_MODE
    handle, name = tempfile.mkstemp(prefix=".config-", suffix=".toml", dir=target.parent)
    new = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.chmod(mode)
        try:
            check(new)
        except InvalidInput as error:
            # The person knows the file by its own name, and has not seen the line.
            raise InvalidInput(error.code, error.text.replace(str(new), str(shown)), error.cure) from error
        new.replace(target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            new.unlink()
