"""Loads settings from file, environment and flags."""

from __future__ import annotations

import os
import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import urlsplit

from boocoder.config.added_servers import read_added
from boocoder.config.agent_hosts import agent_hosts
from boocoder.config.agents import KEYS as AGENT_KEYS
from boocoder.config.agents import agent_entries, is_agent_name
from boocoder.config.check import Value, checked, from_text
from boocoder.config.mcp import KEYS as MCP_KEYS
from boocoder.config.mcp import is_mcp_name, mcp_servers
from boocoder.config.models import KEYS as SERVER_KEYS
from boocoder.config.models import is_server_name, named_servers
from boocoder.config.settings import ENV_PREFIX, HostFacts, SettingInfo, Settings, every_setting
from boocoder.config.settings_file import Found, read_settings_file, unknown_setting
from boocoder.errors import InvalidInput
from boocoder.model.mcp_server import OWN_MCP_SERVER
from boocoder.model_servers.server import DEFAULT_PROVIDER, ModelServer

# path of the file; cookie of child processes; what programs that use `boocoder.client` connect to
ENV_OTHER = ("BOOCODER_CONFIG", "BOOCODER_COOKIE", "BOOCODER_URL", "BOOCODER_TOKEN")
ENV_TEST_PREFIX = "BOOCODER_TEST_"  # the test suite's own switches
LOOPBACK_HOSTS = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class SettingSources:
    """What is set where, before it is checked.

    Args:
        path: of the settings file, there or not.
    """

    path: Path
    in_file: list[Found]
    in_environment: list[Found]


def setting_sources(environ: Mapping[str, str] | None = None) -> SettingSources:
    """Read the settings file and the environment.

    Raises:
        InvalidInput: a file that cannot be read, or an unknown name.
    """
    environ = os.environ if environ is None else environ
    around = _surroundings(environ)
    known = {info.name: info for info in every_setting()}
    path, _ = _file_path(environ, around)
    return SettingSources(path, _from_file(environ, around, known), list(_from_environment(environ, known)))


def check_settings_file(path: Path, *, environ: Mapping[str, str] | None = None) -> None:
    """Check whether a service could start with this settings file.

    Args:
        environ: instead of the process's environment.

    Raises:
        InvalidInput: as for `load_settings`; tls_unusable, the certificate or its key cannot be used.
    """
    settings = load_settings(environ={**(os.environ if environ is None else environ), "BOOCODER_CONFIG": str(path)})
    if not settings.tls_certificate:
        return
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(settings.tls_certificate, settings.tls_key, password=lambda: "")
    except OSError as error:  # ssl.SSLError is one
        raise InvalidInput(
            "tls_unusable",
            f"The certificate {settings.tls_certificate} or its key cannot be used: {error.strerror or error}.",
            "Set tls_certificate and tls_key to PEM files that belong together and can be read.",
        ) from error


def load_settings(*, flags: Mapping[str, object] | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check all settings.

    Args:
        flags: dotted setting names with values, from the command line; None values are ignored.
        environ: instead of the process's environment.

    Raises:
        InvalidInput: a file that cannot be read, an unknown name, a value of the wrong type or out of range.
    """
    environ = os.environ if environ is None else environ
    around = _surroundings(environ)
    values: dict[str, Value] = {}
    known = {info.name: info for info in every_setting()}
    in_file = _from_file(environ, around, known)
    tables = [found for found in in_file if found[0] not in known]
    values["more_agents"] = agent_entries(found for found in tables if found[0].startswith("agents."))
    more_models = named_servers((found for found in tables if found[0].startswith("models.")), environ)
    values["mcp_servers"] = mcp_servers((one for one in tables if one[0].startswith("mcp.")), environ, around.home)
    for name, value, where in [*in_file, *_from_environment(environ, known)]:
        if name in known:
            values[name] = checked(known[name], value, where)
    for name, value in (flags or {}).items():
        if value is not None:
            values[name] = checked(known[name], value, f"--{name.rpartition('.')[2].replace('_', '-')}")
    data_dir = _absolute(Path(values.get("data_dir") or around.data_home / "boocoder"), around)  # type: ignore[arg-type]
    values["more_models"] = _with_added(more_models, data_dir, environ)
    values["data_dir"] = data_dir
    for name in ("tls_certificate", "tls_key"):  # commands read them, too, from any folder
        if values.get(name):
            values[name] = str(_absolute(Path(str(values[name])), around))
    settings: Settings = _build(Settings, "", values, environ, around)
    _check_together(settings)
    return settings


def _with_added(
    servers: tuple[ModelServer, ...], data_dir: Path, environ: Mapping[str, str]
) -> tuple[ModelServer, ...]:
    """With the model servers that were taken over on the page; the settings file's own come first and win."""
    names = {server.name for server in servers}
    return (*servers, *(one for one in named_servers(read_added(data_dir), environ) if one.name not in names))


def _surroundings(environ: Mapping[str, str]) -> HostFacts:
    try:
        home = Path(environ.get("HOME") or Path("~").expanduser())
    except RuntimeError:
        home = Path("/")
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    return HostFacts(
        home=home,
        search_path=environ.get("PATH", os.defpath),
        config_home=_xdg(environ, "XDG_CONFIG_HOME", home / ".config"),
        data_home=_xdg(environ, "XDG_DATA_HOME", home / ".local" / "share"),
        runtime_dir=Path(runtime) if runtime.startswith("/") else None,
    )


def _xdg(environ: Mapping[str, str], name: str, default: Path) -> Path:
    """The XDG base directory specification: a relative path is invalid and ignored."""
    value = environ.get(name, "")
    return Path(value) if value.startswith("/") else default


def _absolute(path: Path, around: HostFacts) -> Path:
    text = str(path)
    if text == "~" or text.startswith("~/"):
        return around.home / text[2:]
    return path.absolute()


def _from_file(environ: Mapping[str, str], around: HostFacts, names: Collection[str]) -> list[Found]:
    path, required = _file_path(environ, around)
    return read_settings_file(path, names, required=required, free=_is_free, free_keys=_keys_of)


def _file_path(environ: Mapping[str, str], around: HostFacts) -> tuple[Path, bool]:
    """The settings file, and whether it has to be there."""
    named = environ.get("BOOCODER_CONFIG", "")
    return (_absolute(Path(named), around), True) if named else (around.config_home / "boocoder" / "config.toml", False)


def _is_free(name: str) -> bool:
    """Whether a dotted name is of a table whose name a person chooses."""
    return is_agent_name(name) or is_server_name(name) or is_mcp_name(name)


def _keys_of(table: str) -> Collection[str]:
    return {"models": SERVER_KEYS, "mcp": MCP_KEYS}.get(table.partition(".")[0], AGENT_KEYS)


def _from_environment(environ: Mapping[str, str], known: Mapping[str, SettingInfo]) -> list[Found]:
    by_env = {info.env: info for info in known.values()}
    found: list[Found] = []
    for variable, value in environ.items():
        if not variable.startswith(ENV_PREFIX) or variable in ENV_OTHER or variable.startswith(ENV_TEST_PREFIX):
            continue
        if variable not in by_env:
            raise unknown_setting(variable, "the environment", by_env)
        found.append((by_env[variable].name, from_text(by_env[variable], value), f"environment variable {variable}"))
    return found


def _build(table: type, prefix: str, values: Mapping[str, Value], environ: Mapping[str, str], around: HostFacts) -> Any:
    hints = get_type_hints(table)
    given: dict[str, object] = {}
    for entry in fields(table):
        name = prefix + entry.name
        if entry.name == "surroundings":
            given[entry.name] = around
        elif name == "models.api_key":
            given[entry.name] = environ.get(str(values.get("models.api_key_env", "")), "")
        elif is_dataclass(hints[entry.name]):
            given[entry.name] = _build(hints[entry.name], f"{name}.", values, environ, around)
        elif name in values:
            given[entry.name] = values[name]
    return table(**given)


def _check_together(settings: Settings) -> None:
    """Rules that involve several settings or the form of a text."""
    if settings.host not in LOOPBACK_HOSTS and not settings.host.startswith("127.") and not settings.allow_remote:
        raise InvalidInput(
            "remote_not_allowed",
            f"host = {settings.host} is reachable from other machines.",
            "Set allow_remote = true if that is what you want, or use host = 127.0.0.1.",
        )
    if bool(settings.tls_certificate) != bool(settings.tls_key):
        raise InvalidInput(
            "tls_incomplete",
            "tls_certificate and tls_key are needed together, and one of them is not set.",
            "Set both to PEM files, or neither.",
        )
    _check_url("models.base_url", settings.models.base_url, ("http", "https"))
    if bad := [port for port in settings.models.usual_ports if not (port.isdecimal() and 0 < int(port) < 65_536)]:
        raise InvalidInput("setting_invalid", f"models.usual_ports has {bad[0]!r}, which is no port.", "Correct it.")
    for server in settings.more_models:
        _check_server(server, settings)
    if settings.delegation.enabled and any(server.name == OWN_MCP_SERVER for server in settings.mcp_servers):
        text = f"[mcp.{OWN_MCP_SERVER}] has the name of the server that delegation.enabled gives to agents."
        raise InvalidInput("setting_invalid", text, "Remove that table, or give it another name.")
    _check_url("database_url", settings.database_url, ("postgresql", "postgres"))
    if settings.models.api_key_env and not settings.models.api_key:
        raise InvalidInput(
            "api_key_missing",
            f"models.api_key_env names {settings.models.api_key_env}, which is not set in the environment.",
            "Export it, or remove the setting.",
        )
    agent_hosts(settings)


def _check_server(server: ModelServer, settings: Settings) -> None:
    if not server.base_url:
        text = f"The table {server.setting} has no base_url."
        raise InvalidInput("setting_invalid", text, "Add the address of the server, with /v1.")
    _check_url(f"{server.setting}.base_url", server.base_url, ("http", "https"))
    if server.name == DEFAULT_PROVIDER and settings.models.base_url:
        text = f"{server.setting} is the name that opencode knows the server of models.base_url by."
        raise InvalidInput("setting_invalid", text, "Remove models.base_url, or give the table another name.")


def _check_url(name: str, url: str, schemes: tuple[str, ...]) -> None:
    try:
        scheme = urlsplit(url).scheme
    except ValueError:
        scheme = ""
    if url and scheme not in schemes:
        raise InvalidInput("setting_invalid", f"{name} is not a URL that begins with {schemes[0]}://.", "Correct it.")
