"""The tree of settings with defaults, units and meanings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

from boocoder.config.data_settings import RetentionSettings, TakeoverSettings, WorktreeSettings, setting
from boocoder.model import limits
from boocoder.model.agent_entry import AgentEntry
from boocoder.model.mcp_server import McpServer
from boocoder.model_servers.found_server import USUAL_PLACES, UsualPlace
from boocoder.model_servers.server import ModelOptions, ModelServer

ENV_PREFIX = "BOOCODER_"


@dataclass(frozen=True, slots=True)
class HostFacts:
    """Facts about this machine, read from the environment."""

    home: Path
    search_path: str
    config_home: Path
    data_home: Path
    runtime_dir: Path | None = None


@dataclass(frozen=True, slots=True)
class ModelServerSettings:
    """The OpenAI-compatible server (llama-swap, llama-server, vLLM, ...) that agents are pointed at."""

    base_url: str = setting("", "URL", "address of the model server, with /v1; empty: agents use their own models")
    default: str = setting("", "model id", "model of tasks that name none; empty: the first that the server lists")
    api_key_env: str = setting(
        "", "variable name", "environment variable that holds the server's key; keys stay out of files"
    )
    load_timeout_s: float = setting(
        600.0,
        "seconds",
        "how long the native agent waits for a server that says that it loads the model",
        low=0,
        high=86_400,
    )
    turns_at_once: int = setting(
        0, "turns", "turns of one model at the same time; 0: as many as the server has slots", low=0, high=256
    )
    all_turns_at_once: int = setting(
        0, "turns", "turns of all models of the server at the same time; 0: any number", low=0, high=256
    )
    turn_wait_s: float = setting(
        600.0,
        "seconds",
        "a turn waits no longer than this for turns that use its model server; of all model servers",
        low=0,
        high=86_400,
    )
    usual_ports: tuple[str, ...] = setting(
        tuple(str(place.port) for place in USUAL_PLACES),
        "list of ports",
        "ports of this machine where doctor and the first page look for model servers; empty: nowhere",
    )
    api_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class OpenCode:
    """The agent opencode."""

    enabled: bool = setting(True, "true or false", "false: never probe or start the agent")
    program: str = setting(
        "", "path", "which opencode to start; empty: the first one found on PATH or in its usual folders"
    )
    use_own_config: bool = setting(True, "true or false", "true: use your own opencode login and configuration as well")
    server: str = setting(
        "auto",
        "answer",
        "shared: one opencode server for all sessions; session: one for each, in a sandbox of its own; auto: shared, "
        "but session with sandbox.profile files+network",
        choices=("auto", "shared", "session"),
    )
    session_server_projects: tuple[str, ...] = setting(
        (),
        "list of paths",
        "repositories whose sessions have an opencode server each, whatever agents.opencode.server says",
    )
    idle_servers: int = setting(
        4, "servers", "servers of single sessions that stay warm without a turn, 15 minutes at most", low=0, high=100
    )
    model_retry_limit_s: float = setting(
        120.0, "seconds", "how long opencode may retry a failing model", low=1, high=86_400
    )
    rss_limit_mb: int = setting(
        2_048, "MiB", "restart an idle opencode server above this size; it never returns memory", low=200
    )
    silence_timeout_s: float = setting(
        0.0, "seconds", "silence_timeout_s for this agent; 0: the general one", low=0, high=86_400
    )


@dataclass(frozen=True, slots=True)
class Native:
    """boocoder's own agent over the model server."""

    enabled: bool = setting(True, "true or false", "false: do not offer the agent; it needs models.base_url")
    max_steps: int = setting(
        100, "model calls", "a turn that needs more is ended; the next one continues", low=1, high=10_000
    )
    time_limit_s: float = setting(
        3_600.0, "seconds", "a turn that takes longer is ended; the next one continues", low=1, high=604_800
    )
    context_tokens: int = setting(
        0, "tokens", "context size of the model; 0: what the server reports, else 32768", low=0
    )
    shell_timeout_s: float = setting(
        300.0, "seconds", "a command of the agent that runs longer is killed", low=1, high=86_400
    )
    silence_timeout_s: float = setting(
        0.0, "seconds", "silence_timeout_s for this agent; 0: the general one", low=0, high=86_400
    )


@dataclass(frozen=True, slots=True)
class Scripted:
    """The agent that plays the directives of a prompt, for trials and tests."""

    enabled: bool = setting(False, "true or false", "true: offer the scripted agent; it needs no model")


@dataclass(frozen=True, slots=True)
class AgentsSettings:
    """Settings of single agents."""

    opencode: OpenCode = field(default_factory=OpenCode)
    native: Native = field(default_factory=Native)
    scripted: Scripted = field(default_factory=Scripted)


@dataclass(frozen=True, slots=True)
class EnvironmentSettings:
    """The environment of agents and project commands, in addition to paths, locale, proxies and toolchains."""

    keep: tuple[str, ...] = setting(
        (), "list of names", "variables of boocoder's own environment that agents and project commands get as well"
    )
    set: tuple[str, ...] = setting((), "list of NAME=value", "variables set for agents and project commands")


@dataclass(frozen=True, slots=True)
class PhoneSettings:
    """A second place to listen at, for phones and other devices in the local network."""

    enabled: bool = setting(
        False, "true or false", "true: reachable in the local network, with TLS; `serve --phone` is the same"
    )
    address: str = setting("", "IP address", "address to listen on; empty: this machine's in the local network")
    port: int = setting(7718, "port number", "0: any free port", low=0, high=65_535)


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """What the processes of agents may reach; docs/security.md says what each profile keeps out."""

    profile: str = setting(
        "auto",
        "profile",
        "files: only the worktree and the agent's own state are writable, secrets are hidden; auto: files where this "
        "machine can enforce it, else off; files+network: files, and connections to sandbox.hosts only",
        choices=("auto", "files", "files+network", "off"),
    )
    off_agents: tuple[str, ...] = setting((), "list of agent names", "agents that run without a sandbox")
    off_projects: tuple[str, ...] = setting(
        (),
        "list of paths",
        "repositories whose sessions run without a sandbox; the opencode server serves all sessions and keeps its own",
    )
    writable: tuple[str, ...] = setting(
        (), "list of paths", "further paths that agents may write, such as a build cache"
    )
    readable: tuple[str, ...] = setting((), "list of paths", "further paths below hidden ones that agents may read")
    caches_gib: float = setting(
        10.0,
        "GiB",
        "build caches of all projects' agents; above it those unused for a day are deleted, the oldest first",
        low=0,
    )
    hosts: tuple[str, ...] = setting(
        (),
        "list of hosts",
        "what files+network allows: api.example.org, *.example.org, git.example.org:443, localhost:8080; model servers "
        "need not be named",
    )


@dataclass(frozen=True, slots=True)
class DelegationSettings:
    """Tasks that agents start with boocoder's own MCP server; docs/mcp-server.md says what they may do."""

    enabled: bool = setting(
        False, "true or false", "true: give boocoder's MCP server to agents, for tasks in their own project"
    )
    depth: int = setting(2, "levels", "levels of tasks that agents may start below a person's task", low=1, high=10)
    tasks: int = setting(
        20, "tasks", "tasks that agents may start below one task of a person, all levels together", low=1, high=10_000
    )
    cost_usd: float = setting(
        0.0, "US dollars", "agents start no task once those of one chain have cost this much; 0: no limit", low=0
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
    database_connections: int = setting(
        16,
        "connections",
        "connections of this host to PostgreSQL at most; what needs more waits",
        low=5,
        high=500,
    )
    host: str = setting("127.0.0.1", "address", "address to listen on; other machines need allow_remote as well")
    port: int = setting(7717, "port number", "0: any free port", low=0, high=65_535)
    allow_remote: bool = setting(False, "true or false", "true: allow an address that other machines can reach")
    allowed_hosts: tuple[str, ...] = setting((), "list of names", "additional Host names to accept, such as a proxy's")
    allowed_origins: tuple[str, ...] = setting((), "list of origins", "additional web origins that may call the API")
    tls_certificate: str = setting("", "path", "PEM file of a certificate with its chain; with tls_key: HTTPS, no HTTP")
    tls_key: str = setting("", "path", "PEM file of the certificate's private key")
    terminal: str = setting(
        "auto",
        "answer",
        "shells in worktrees, from the page; auto: on, but not with allow_remote, allowed_hosts or phone.enabled",
        choices=("auto", "on", "off"),
    )
    max_turns: int = setting(8, "turns", "turns that run at the same time; others wait in the queue", low=1, high=256)
    host_preference: int = setting(
        0,
        "number",
        "of several hosts of one database, new sessions go first to those with a higher one, while these have room",
        low=-100,
        high=100,
    )
    default_agent: str = setting("", "agent name", "agent of tasks that name none; empty: the first ready one")
    agent_fallback: str = setting(
        "", "agent name", "agent that takes over if the named one is not ready; empty: the task fails"
    )
    silence_timeout_s: float = setting(
        180.0, "seconds", "a turn without activity for this long is ended", low=1, high=86_400
    )
    permission_timeout_s: float = setting(
        0.0, "seconds", "how long a permission or question waits for a person; 0: no limit", low=0, high=604_800
    )
    permission_timeout_answer: str = setting(
        "refuse", "answer", "answer to a permission when that time is over", choices=("refuse", "allow")
    )
    turn_text_max_kchars: int = setting(
        limits.TURN_TEXT_MAX_CHARS // 1000,
        "thousand characters",
        "text of a turn that is kept in the database; the rest goes to files",
        low=100,
        high=100_000,
    )
    sign_commits: bool = setting(
        False, "true or false", "true: sign commits of changes where your git's commit.gpgsign is set"
    )
    stop_grace_s: float = setting(10.0, "seconds", "time an agent gets to stop before it is killed", low=0.1, high=600)
    drain_s: float = setting(10.0, "seconds", "time running turns get to end when the service stops", low=0, high=3_600)
    lease_ttl_s: float = setting(
        limits.LEASE_TTL_S, "seconds", "a host that is silent for this long counts as dead", low=1, high=600
    )
    poll_interval_s: float = setting(
        limits.POLL_INTERVAL_S, "seconds", "polling interval, the safety net for lost notifications", low=0.05, high=60
    )
    log_level: str = setting(
        "info", "level", "minimum level of log lines", choices=("debug", "info", "warning", "error")
    )
    log_format: str = setting("text", "format", "json: one object a line", choices=("text", "json"))
    failpoints: str = setting("", "name=count, ...", "for recovery tests: the process kills itself at these points")
    phone: PhoneSettings = field(default_factory=PhoneSettings)
    models: ModelServerSettings = field(default_factory=ModelServerSettings)
    agents: AgentsSettings = field(default_factory=AgentsSettings)
    worktrees: WorktreeSettings = field(default_factory=WorktreeSettings)
    takeover: TakeoverSettings = field(default_factory=TakeoverSettings)
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    environment: EnvironmentSettings = field(default_factory=EnvironmentSettings)
    sandbox: SandboxSettings = field(default_factory=SandboxSettings)
    delegation: DelegationSettings = field(default_factory=DelegationSettings)
    more_agents: tuple[AgentEntry, ...] = ()
    more_models: tuple[ModelServer, ...] = ()
    mcp_servers: tuple[McpServer, ...] = ()
    surroundings: HostFacts = field(
        default_factory=lambda: HostFacts(home=Path("/"), search_path="", config_home=Path("/"), data_home=Path("/"))
    )

    @property
    def usual_places(self) -> tuple[UsualPlace, ...]:
        """Where model servers are looked for."""
        kinds = {place.port: place.kind for place in USUAL_PLACES}
        return tuple(UsualPlace(kinds.get(int(port), "model server"), int(port)) for port in self.models.usual_ports)

    @property
    def model_servers(self) -> tuple[ModelServer, ...]:
        """All model servers: the one of [models], then those with names in the order of the file."""
        one = self.models
        options = ModelOptions(turns_at_once=one.turns_at_once)
        unnamed = ModelServer(
            base_url=one.base_url,
            api_key=one.api_key,
            default=one.default,
            options=options,
            all_turns_at_once=one.all_turns_at_once,
        )
        return (*([unnamed] if one.base_url else []), *self.more_models)


@dataclass(frozen=True, slots=True)
class SettingInfo:
    """One setting as documentation and errors name it."""

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
