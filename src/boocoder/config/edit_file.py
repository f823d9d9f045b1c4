"""Changes values in the settings file; comments, order and everything else in it stay."""

from __future__ import annotations

import contextlib
import os
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

from tomlkit.exceptions import TOMLKitError

from boocoder.config.toml_text import TomlText, value_at
from boocoder.errors import Conflict, InvalidInput, Unavailable

_NEW_FILE_MODE = 0o600
_ATTEMPTS = 3  # of an edit while something else writes the file
_BOM = "\ufeff"


def edit_settings_file(
    path: Path,
    changes: Mapping[str, object],
    *,
    check: Callable[[Path], None],
    resolve: Callable[[str, object, object], object] = lambda _name, value, _stored: value,
) -> None:
    """Set or remove values.

    Args:
        path: the file; it is made if it is missing, and a link is followed.
        changes: values by dotted name; None removes one.
        check: raises InvalidInput if the new file, which it is given, cannot be used; then nothing is changed.
        resolve: the value to write, by name, value of the change and value in the file.

    Raises:
        InvalidInput: the file is not TOML, a name is within something that is no table, the file cannot be changed
            safely, or `check` refused.
        Conflict: setting_exists, a table that is to be added is there; settings_file_changed, something else writes it.
        Unavailable: settings_not_written, the file or its folder cannot be written.
    """
    target = path.resolve()
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for _ in range(_ATTEMPTS):
            before = _content(target)
            if _replace(target, before, _edited(before or b"", changes, resolve), path, check):
                return
    except OSError as error:
        why = f"{path} cannot be written: {error.strerror}."
        raise Unavailable("settings_not_written", why, "Check its rights, or edit it by hand.") from error
    raise Conflict("settings_file_changed", f"{path} is being changed by another program.", "Try again.")


def _content(target: Path) -> bytes | None:
    try:
        return target.read_bytes()
    except FileNotFoundError:
        return None


def _edited(raw: bytes, changes: Mapping[str, object], resolve: Callable[[str, object, object], object]) -> bytes:
    try:
        text = raw.decode("utf-8")
        bom = _BOM if text.startswith(_BOM) else ""
        document = TomlText(text.removeprefix(_BOM))
        paths = {name: tuple(name.split(".")) for name in changes}
        wanted = [
            (paths[name], resolve(name, value, value_at(document.values, paths[name])))
            for name, value in changes.items()
        ]
        return (bom + document.change(wanted)).encode()
    except (tomllib.TOMLDecodeError, TOMLKitError, TypeError, ValueError, RecursionError) as error:
        raise InvalidInput("config_not_toml", f"The settings file cannot be edited: {error}.", "Correct it.") from error


def _replace(target: Path, before: bytes | None, after: bytes, shown: Path, check: Callable[[Path], None]) -> bool:
    """Put the text in place of the file, in one step, unless the file has changed since it was read."""
    mode = target.stat().st_mode & 0o777 if before is not None else _NEW_FILE_MODE
    handle, name = tempfile.mkstemp(prefix=".config-", suffix=".toml", dir=target.parent)
    new = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        new.chmod(mode)
        try:
            check(new)
        except InvalidInput as error:
            # The person knows the file by its own name, and has not seen the line.
            raise InvalidInput(error.code, error.text.replace(str(new), str(shown)), error.cure) from error
        if _content(target) != before:
            return False
        new.replace(target)
        return True
    finally:
        with contextlib.suppress(FileNotFoundError):
            new.unlink()
