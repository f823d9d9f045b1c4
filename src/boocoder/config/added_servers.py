"""The model servers that a person took over with one click: a file in the data directory, beside the settings file."""

from __future__ import annotations

import tomllib
from pathlib import Path

from boocoder.errors import InvalidInput
from boocoder.model_servers.found_server import FoundServer

FILE_NAME = "model-servers.toml"
_HEAD = "# Model servers that were taken over on the page; docs/models.md lists all keys of a table.\n"
_MAX_BYTES = 1024 * 1024


def read_added(data_dir: Path) -> list[tuple[str, object, str]]:
    """The settings of this file as (dotted name, value, place).

    Raises:
        InvalidInput: it cannot be read, or is not TOML.
    """
    path = data_dir / FILE_NAME
    try:
        text = path.read_bytes()[:_MAX_BYTES].decode("utf-8")
        tables = tomllib.loads(text).get("models", {})
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidInput(
            "config_not_toml", f"{path} cannot be used: {error}.", "Correct it, or delete it."
        ) from error
    return [
        (f"models.{name}.{key}", value, str(path))
        for name, table in tables.items()
        for key, value in (table.items() if isinstance(table, dict) else ())
    ]


def add_server(data_dir: Path, found: FoundServer) -> None:
    """Write one more server down; it is there at the next start.

    Raises:
        OSError: the file cannot be written.
    """
    path = data_dir / FILE_NAME
    before = path.read_text("utf-8") if path.exists() else _HEAD
    new = path.with_name(f".{FILE_NAME}.new")
    new.write_text(f"{before.rstrip()}\n\n{found.settings_text}\n", "utf-8")
    new.replace(path)
