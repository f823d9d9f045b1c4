"""Tables [mcp.<name>]: MCP servers of the person. Secrets stay in environment variables, which values name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from boocoder.config.settings_file import Found, unknown_setting
from boocoder.errors import InvalidInput
from boocoder.model.mcp_server import McpServer

_TABLE = re.compile(r"mcp\.[a-z][a-z0-9-]{0,23}")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_TIMEOUT_MAX_S = 3_600
_TIMEOUT = f"a number of seconds above 0, at most {_TIMEOUT_MAX_S}"
KEYS = {
    "command": "a list of texts: the program and its arguments",
    "env": 'a table of texts, such as { TOKEN = "${MY_TOKEN}" }',
    "url": "a text that begins with http:// or https://",
    "headers": 'a table of texts, such as { Authorization = "Bearer ${MY_TOKEN}" }',
    "projects": "a list of paths of repositories",
    "start_timeout_s": _TIMEOUT,
    "call_timeout_s": _TIMEOUT,
}
"""Every key of such a table, with what its value must be."""


def is_mcp_name(name: str) -> bool:
    """Whether a dotted name is the table of all MCP servers or that of one."""
    return name == "mcp" or _TABLE.fullmatch(name) is not None


def mcp_servers(found: Iterable[Found], environ: Mapping[str, str], home: Path) -> tuple[McpServer, ...]:
    """The servers of these settings, by name.

    Args:
        found: the tables, whole.
        environ: where the variables are that values name.
        home: what `~` in a path stands for.

    Raises:
        InvalidInput: a value of the wrong type, a variable that is not set, or a table without a server.
    """
    servers = [_server(name, table, where, environ, home) for name, table, where in found]
    return tuple(sorted(servers, key=lambda server: server.name))


def _server(name: str, table: object, where: str, environ: Mapping[str, str], home: Path) -> McpServer:
    if not isinstance(table, dict):
        raise InvalidInput("setting_invalid", f"{name} ({where}) is invalid: it must be a table.", "See docs/mcp.md.")
    server = McpServer(name.partition(".")[2])
    for key, value in table.items():
        if key not in KEYS:
            raise unknown_setting(f"{name}.{key}", where, [f"{name}.{one}" for one in KEYS])
        changed = _with(server, key, value, environ, home)
        if changed is None:
            text = f"{name}.{key} ({where}) is invalid: it must be {KEYS[key]}."
            raise InvalidInput("setting_invalid", text, "See docs/mcp.md.")
        server = changed
    _check(server)
    return server


def _with(server: McpServer, key: str, value: object, environ: Mapping[str, str], home: Path) -> McpServer | None:
    match key, value:
        case "command", [str(), *_] if _texts(value):
            return replace(server, command=tuple(map(str, value)))
        case "env", dict() if _texts(value.values()):
            return replace(server, env=_filled(f"mcp.{server.name}.env", value, environ))
        case "headers", dict() if _texts(value.values()):
            return replace(server, headers=_filled(f"mcp.{server.name}.headers", value, environ))
        case "url", str() if _is_url(value):
            return replace(server, url=value)
        case "projects", list() if _texts(value):
            return replace(server, projects=tuple(_project(str(path), home) for path in value))
        case "start_timeout_s", int() | float() if _is_timeout(value):
            return replace(server, start_timeout_s=float(value))
        case "call_timeout_s", int() | float() if _is_timeout(value):
            return replace(server, call_timeout_s=float(value))
    return None


def _check(server: McpServer) -> None:
    """One server in a table.

    Raises:
        InvalidInput: none or two, or headers for a program.
    """
    if bool(server.command) == bool(server.url):
        text = f"The table mcp.{server.name} needs one of command and url, and has {'both' if server.url else 'none'}."
    elif server.headers and not server.url:
        text = f"The table mcp.{server.name} has headers, which only a server with a url gets."
    elif server.env and not server.command:
        text = f"The table mcp.{server.name} has env, which only a server with a command gets."
    else:
        return
    raise InvalidInput("setting_invalid", text, "See docs/mcp.md.")


def _filled(name: str, values: Mapping[object, object], environ: Mapping[str, str]) -> dict[str, str]:
    """The values with `${NAME}` replaced by the environment variable of that name."""

    def variable(found: re.Match[str]) -> str:
        if not environ.get(found[1]):
            text = f"{name} names {found[1]}, which is not set in the environment."
            raise InvalidInput("mcp_variable_missing", text, "Export it, or remove the setting.")
        return environ[found[1]]

    return {str(key): _VARIABLE.sub(variable, str(value)) for key, value in values.items()}


def _project(text: str, home: Path) -> Path:
    return (home / text[2:] if text.startswith("~/") else Path(text)).absolute()


def _texts(values: Iterable[object]) -> bool:
    return all(isinstance(value, str) and "\0" not in value for value in values)


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _is_timeout(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= _TIMEOUT_MAX_S
