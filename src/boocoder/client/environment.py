"""Which service the environment names: an address with a token, or a data directory on this machine."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class NamedService:
    """What the environment says of the service.

    Args:
        url, token: BOOCODER_URL and BOOCODER_TOKEN; empty where they are not set.
        data_dir: of a service on this machine, as the service itself finds it.
    """

    url: str
    token: str
    data_dir: Path


def named_service(environ: Mapping[str, str] | None = None) -> NamedService:
    """Read the environment, and the settings file for its `data_dir`.

    Args:
        environ: instead of the process's environment.
    """
    environ = os.environ if environ is None else environ
    url, token = environ.get("BOOCODER_URL", ""), environ.get("BOOCODER_TOKEN", "")
    return NamedService(url.rstrip("/"), token, _data_dir(environ))


def _data_dir(environ: Mapping[str, str]) -> Path:
    home = Path(environ.get("HOME") or Path("~").expanduser())
    named = environ.get("BOOCODER_DATA_DIR", "") or _data_dir_of_file(environ, home)
    if named:
        return _absolute(named, home)
    return _xdg(environ, "XDG_DATA_HOME", home / ".local" / "share") / "boocoder"


def _data_dir_of_file(environ: Mapping[str, str], home: Path) -> str:
    named = environ.get("BOOCODER_CONFIG", "")
    path = (
        _absolute(named, home) if named else _xdg(environ, "XDG_CONFIG_HOME", home / ".config") / "boocoder/config.toml"
    )
    try:
        found = tomllib.loads(path.read_text("utf-8")).get("data_dir", "")
    except (OSError, ValueError):
        return ""  # the service says what is wrong with its settings file
    return found if isinstance(found, str) else ""


def _absolute(text: str, home: Path) -> Path:
    return home / text[2:] if text == "~" or text.startswith("~/") else Path(text).absolute()


def _xdg(environ: Mapping[str, str], name: str, default: Path) -> Path:
    value = environ.get(name, "")
    return Path(value) if value.startswith("/") else default
