"""What can be set, with defaults and what each means: the tree that the composition root is given. It reads nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

from boocoder.model import limits
from boocoder.model.agent_entry import AgentEntry

ENV_PREFIX = "BOOCODER_"


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
