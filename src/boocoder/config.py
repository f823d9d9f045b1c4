"""Settings: defaults < TOML file < BOOCODER_* environment < flags. The only module that reads the environment.

It reads and checks; it makes no directories, opens no sockets and starts nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import urlsplit

from boocoder.config_agents import agent_entries, is_agent_name
from boocoder.config_file import Found, read_settings_file, unknown_setting
from boocoder.errors import InvalidInput
from boocoder.model import limits
from boocoder.model.agent_entry import AgentEntry

ENV_PREFIX = "BOOCODER_"
ENV_OTHER = ("BOOCODER_CONFIG", "BOOCODER_COOKIE")  # where the file is; the process host's mark on its children
ENV_TEST_PREFIX = "BOOCODER_TEST_"  # the test suite's own switches
LOOPBACK_HOSTS = ("127.0.0.1", "::1", "localhost")

Value = str | int | float | bool | Path | tuple[str, ...] | tuple[AgentEntry, ...]


def setting(
    default: Any,
    unit: str,
    why: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    secret: bool = False,
) -> Any:
    """A field of the settings tree with what its page in docs/configuration.md says about it."""
    return field(
        default=default,
        repr=not secret,
        metadata={"unit": unit, "why": why, "low": low, "high": high, "choices": choices},
    )


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the environment says about this machine; not settings."""

    home: Path
    search_path: str
    config_home: Path
    data_home: Path
    runtime_dir: Path | None = None


@dataclass(frozen=True, slots=True)
class ModelServer:
    """The OpenAI-compatible server (llama-swap, llama-server, vLLM, ...) that agents are pointed at."""

    base_url: str = setting("", "URL", "address of the model server, with /v1; empty: agents use their own models")
    default: str = setting("", "model id", "what an empty model becomes; empty: the first that the server lists")
    api_key_env: str = setting(
        "", "variable name", "environment variable that holds the server's key; keys stay out of files"
    )
    api_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class OpenCode:
    """The agent opencode."""

    enabled: bool = setting(True, "true or false", "false: the agent is neither probed nor started")
    program: str = setting(
        "", "path", "which opencode to start; empty: the first one found on PATH or in its usual folders"
    )
    use_own_config: bool = setting(
        True, "true or false", "true: your own opencode login and configuration are used as well"
    )
    model_retry_limit_s: float = setting(
        120.0, "seconds", "how long opencode may keep retrying a failing model", low=1, high=86_400
    )
    rss_limit_mb: int = setting(
        2_048, "MiB", "an idle opencode server above this is restarted: it never gives memory back", low=200
    )
    silence_timeout_s: float = setting(
        0.0, "seconds", "as silence_timeout_s for this agent alone; 0: the general one", low=0, high=86_400
    )


@dataclass(frozen=True, slots=True)
class Native:
    """boocoder's own agent over the model server."""

    enabled: bool = setting(True, "true or false", "false: the agent is not offered; it needs models.base_url")
    max_steps: int = setting(
        100, "model calls", "a turn that needs more is ended; the next one goes on", low=1, high=10_000
    )
    time_limit_s: float = setting(
        3_600.0, "seconds", "a turn that takes longer is ended; the next one goes on", low=1, high=604_800
    )
    context_tokens: int = setting(0, "tokens", "what the model can hold; 0: what the server says, else 32768", low=0)
    shell_timeout_s: float = setting(
        300.0, "seconds", "a command of the agent that runs longer is killed", low=1, high=86_400
    )
    silence_timeout_s: float = setting(
        0.0, "seconds", "as silence_timeout_s for this agent alone; 0: the general one", low=0, high=86_400
    )


@dataclass(frozen=True, slots=True)
class Scripted:
    """The agent that plays what the prompt says, for trials and tests."""

    enabled: bool = setting(False, "true or false", "true: offer the scripted agent; it needs no model")


@dataclass(frozen=True, slots=True)
class Agents:
    """Settings of single agents."""

    opencode: OpenCode = field(default_factory=OpenCode)
    native: Native = field(default_factory=Native)
    scripted: Scripted = field(default_factory=Scripted)


@dataclass(frozen=True, slots=True)
class Worktrees:
    """Which worktrees stay: what is over a limit goes, the longest unused first, once a snapshot holds all of it."""

    idle_days: float = setting(14.0, "days", "a worktree that nobody used for longer is removed", low=0.01, high=36_500)
    number: int = setting(30, "worktrees", "more are removed, the longest unused first", low=1, high=100_000)
    total_gib: float = setting(20.0, "GiB", "worktrees that take more disk together are removed", low=0.001)
    free_gib: float = setting(2.0, "GiB", "with less free disk, unused worktrees are removed", low=0)
    check_every_s: float = setting(
        600.0, "seconds", "how often these limits are looked at; 0: only by `boocoder prune`", low=0, high=604_800
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one run. Durations end in `_s` and are seconds."""

    data_dir: Path = setting(  # noqa: RUF009 - it makes a field, not a shared value
        None, "path", "where worktrees, the embedded database, the token and logs live"
    )
    database_url: str = setting(
        "", "PostgreSQL URL", "empty: an embedded PostgreSQL in the data directory", secret=True
    )
    host: str = setting("127.0.0.1", "address", "where the service listens; other machines need allow_remote as well")
    port: int = setting(7717, "port number", "0: any free port", low=0, high=65_535)
    allow_remote: bool = setting(False, "true or false", "true: permit an address that other machines can reach")
    allowed_hosts: tuple[str, ...] = setting(
        (), "list of names", "further Host names that requests may carry (a proxy's)"
    )
    allowed_origins: tuple[str, ...] = setting((), "list of origins", "further web origins that may call the API")
    terminal: str = setting(
        "auto",
        "answer",
        "shells in worktrees, from the page; auto: on, but not with allow_remote or allowed_hosts",
        choices=("auto", "on", "off"),
    )
    max_turns: int = setting(8, "turns", "turns that run at the same time; more wait in the queue", low=1, high=256)
    default_agent: str = setting("", "agent name", "for tasks that name none; empty: the first one that is ready")
    agent_fallback: str = setting("", "agent name", "takes a task whose agent is not ready; empty: such a task fails")
    silence_timeout_s: float = setting(
        180.0, "seconds", "a turn without a sign of life for so long is ended", low=1, high=86_400
    )
    permission_timeout_s: float = setting(
        0.0, "seconds", "a permission or question waits so long for a person; 0: without limit", low=0, high=604_800
    )
    permission_timeout_answer: str = setting(
        "refuse", "answer", "what a permission gets when that time is over", choices=("refuse", "allow")
    )
    stop_grace_s: float = setting(
        10.0, "seconds", "an agent asked to stop gets so long before it is killed", low=0.1, high=600
    )
    drain_s: float = setting(10.0, "seconds", "running turns get so long when the service stops", low=0, high=3_600)
    lease_ttl_s: float = setting(
        limits.LEASE_TTL_S, "seconds", "a host that is silent for so long is taken for dead", low=1, high=600
    )
    poll_interval_s: float = setting(
        limits.POLL_INTERVAL_S, "seconds", "safety net should a notification be lost", low=0.05, high=60
    )
    log_level: str = setting("info", "level", "how much is logged", choices=("debug", "info", "warning", "error"))
    log_format: str = setting("text", "format", "json: one object a line", choices=("text", "json"))
    failpoints: str = setting("", "name=count, ...", "for tests of recovery: the process kills itself at these places")
    models: ModelServer = field(default_factory=ModelServer)
    agents: Agents = field(default_factory=Agents)
    worktrees: Worktrees = field(default_factory=Worktrees)
    more_agents: tuple[AgentEntry, ...] = ()
    surroundings: Surroundings = field(
        default_factory=lambda: Surroundings(home=Path("/"), search_path="", config_home=Path("/"), data_home=Path("/"))
    )


@dataclass(frozen=True, slots=True)
class SettingInfo:
    """One setting as the documentation and the error texts name it."""

    name: str  # dotted, as in the file
    env: str
    kind: type
    default: Any
    unit: str
    why: str
    low: float | None
    high: float | None
    choices: tuple[str, ...]


def every_setting(table: type = Settings, prefix: str = "") -> Iterator[SettingInfo]:
    """All settings, in the order of the file."""
    hints = get_type_hints(table)
    for entry in fields(table):
        name = prefix + entry.name
        if entry.metadata:
            kind = hints[entry.name] if isinstance(hints[entry.name], type) else tuple
            yield SettingInfo(name, ENV_PREFIX + name.replace(".", "_").upper(), kind, entry.default, **entry.metadata)
        elif is_dataclass(hints[entry.name]) and entry.default_factory is not MISSING and entry.name != "surroundings":
            yield from every_setting(hints[entry.name], f"{name}.")


def load_settings(*, flags: Mapping[str, object] | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check all settings.

    Args:
        flags: dotted setting names with values, from the command line; None values are left out.
        environ: instead of the process's environment.

    Raises:
        InvalidInput: a file that cannot be read, an unknown name, a value of the wrong type or out of range.
    """
    environ = os.environ if environ is None else environ
    around = _surroundings(environ)
    values: dict[str, Value] = {}
    known = {info.name: info for info in every_setting()}
    in_file = _from_file(environ, around, known)
    values["more_agents"] = agent_entries(found for found in in_file if found[0] not in known)
    for name, value, where in [*in_file, *_from_environment(environ, known)]:
        if name in known:
            values[name] = _checked(known[name], value, where)
    for name, value in (flags or {}).items():
        if value is not None:
            values[name] = _checked(known[name], value, f"--{name.rpartition('.')[2].replace('_', '-')}")
    values["data_dir"] = _absolute(Path(values.get("data_dir") or around.data_home / "boocoder"), around)  # type: ignore[arg-type]
    settings: Settings = _build(Settings, "", values, environ, around)
    _check_together(settings)
    return settings


def _surroundings(environ: Mapping[str, str]) -> Surroundings:
    try:
        home = Path(environ.get("HOME") or Path("~").expanduser())
    except RuntimeError:
        home = Path("/")
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    return Surroundings(
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


def _absolute(path: Path, around: Surroundings) -> Path:
    text = str(path)
    if text == "~" or text.startswith("~/"):
        return around.home / text[2:]
    return path.absolute()


def _from_file(environ: Mapping[str, str], around: Surroundings, names: Collection[str]) -> list[Found]:
    named = environ.get("BOOCODER_CONFIG", "")
    path = _absolute(Path(named), around) if named else around.config_home / "boocoder" / "config.toml"
    return read_settings_file(path, names, required=bool(named), free=is_agent_name)


def _from_environment(environ: Mapping[str, str], known: Mapping[str, SettingInfo]) -> list[Found]:
    by_env = {info.env: info for info in known.values()}
    found: list[Found] = []
    for variable, value in environ.items():
        if not variable.startswith(ENV_PREFIX) or variable in ENV_OTHER or variable.startswith(ENV_TEST_PREFIX):
            continue
        if variable not in by_env:
            raise unknown_setting(variable, "the environment", by_env)
        found.append((by_env[variable].name, _from_text(by_env[variable], value), f"environment variable {variable}"))
    return found


def _from_text(info: SettingInfo, text: str) -> object:
    """A value typed into the environment, as the type of its setting where that can be read; else unchanged."""
    text = text.strip()
    if info.kind is bool:
        return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(text.lower(), text)
    if info.kind is tuple:
        return [item.strip() for item in text.split(",") if item.strip()]
    if info.kind in (int, float):
        try:
            return int(text) if re.fullmatch(r"[+-]?\d{1,18}", text) else float(text)
        except ValueError:
            return text
    return text


def _checked(info: SettingInfo, value: object, where: str) -> Value:
    """The value as its setting's type, or an error that names the setting, the value and the place."""
    shown = repr(value) if len(repr(value)) <= 60 else f"{repr(value)[:57]}..."

    def refuse(rule: str) -> InvalidInput:
        return InvalidInput(
            "setting_invalid", f"{info.name} = {shown} ({where}) is not right: {rule}.", f"It means: {info.why}."
        )

    match value:
        case bool() if info.kind is bool:
            return value
        case bool():
            raise refuse(f"it must be {_kind_words(info)}")
        case int() if info.kind is int:
            return _in_range(info, value, refuse)
        case int() | float() if info.kind is float:
            return _in_range(info, float(value), refuse)
        case list() | tuple() if info.kind is tuple and all(isinstance(item, str) for item in value):
            return tuple(str(item) for item in value)
        case str() | Path() if info.kind is Path and str(value) and "\0" not in str(value):
            return Path(value)
        case str() if info.kind is str:
            if info.choices and value not in info.choices:
                raise refuse(f"it must be one of {', '.join(info.choices)}")
            return value
        case _:
            raise refuse(f"it must be {_kind_words(info)}")


def _kind_words(info: SettingInfo) -> str:
    words = {bool: "true or false", int: "a whole number", float: "a number", tuple: "a list of texts", Path: "a path"}
    return words.get(info.kind, "a text")


def _in_range(info: SettingInfo, value: int | float, refuse: Any) -> int | float:
    low = info.low if info.low is not None else float("-inf")
    high = info.high if info.high is not None else float("inf")
    if not low <= value <= high or value in (float("inf"), float("-inf")):
        raise refuse(f"it must be {f'at least {low:g}' if high == float('inf') else f'between {low:g} and {high:g}'}")
    return value


def _build(
    table: type, prefix: str, values: Mapping[str, Value], environ: Mapping[str, str], around: Surroundings
) -> Any:
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
    """Rules that need more than one setting, or the shape of a text."""
    if settings.host not in LOOPBACK_HOSTS and not settings.host.startswith("127.") and not settings.allow_remote:
        raise InvalidInput(
            "remote_not_allowed",
            f"host = {settings.host} can be reached by other machines.",
            "Set allow_remote = true if that is what you want, or use host = 127.0.0.1.",
        )
    _check_url("models.base_url", settings.models.base_url, ("http", "https"))
    _check_url("database_url", settings.database_url, ("postgresql", "postgres"))
    if settings.models.api_key_env and not settings.models.api_key:
        raise InvalidInput(
            "api_key_missing",
            f"models.api_key_env names {settings.models.api_key_env}, which is not set in the environment.",
            "Export it, or remove the setting.",
        )


def _check_url(name: str, url: str, schemes: tuple[str, ...]) -> None:
    try:
        scheme = urlsplit(url).scheme
    except ValueError:
        scheme = ""
    if url and scheme not in schemes:
        raise InvalidInput("setting_invalid", f"{name} is not a URL that begins with {schemes[0]}://.", "Correct it.")
