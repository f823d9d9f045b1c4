"""Settings of opencode, and the model server that it uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from boocoder.model.agent import ModelDetails
from boocoder.model_servers.server import DEFAULT_PROVIDER, ModelOptions
from boocoder.model_servers.turn_gate import TurnGate

PROVIDER_ID = DEFAULT_PROVIDER  # how opencode spells the server without a name: "llama-swap/<model>"


@dataclass(frozen=True, slots=True)
class ModelProvider:
    """An OpenAI-compatible model server, offered to opencode as a provider.

    Args:
        base_url: up to and including "/v1".
        models: ids that the server lists, without prefix.
        default_model: what an empty model becomes, empty for the first of `models`; offered even if not listed.
        api_key: empty when the server needs none. It is kept in a 0600 file, never in the environment,
            because opencode's bash tool can read its environment.
        id: the provider's name.
        details: what is known of the models; their ids are without prefix.
        options: what a person set for single models.
        gate: where turns wait for the server, None if they do not.
    """

    base_url: str
    models: tuple[str, ...]
    default_model: str = ""
    api_key: str = field(default="", repr=False)
    id: str = PROVIDER_ID
    details: tuple[ModelDetails, ...] = ()
    options: Mapping[str, ModelOptions] = field(default_factory=dict)
    gate: TurnGate | None = field(default=None, compare=False, repr=False)

    @property
    def default(self) -> str | None:
        """What an empty model becomes, None if no model is known."""
        return self.default_model or next(iter(self.models), None)

    @property
    def offered(self) -> tuple[str, ...]:
        """All models; the default one even if it is not listed."""
        return tuple(dict.fromkeys((*self.models, *([self.default] if self.default else []))))

    def listed(self, named: str) -> str | None:
        """The id of a model that is named by its id or its name for people, None if it is not listed."""
        if named in self.models:
            return named
        return next((one.id for one in self.details if one.label == named), None)


def _never(_: Path | None) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class OpenCodeSettings:
    """Limits and choices of the opencode backend; every duration is in seconds.

    Args:
        use_own_config: let the private server use the person's own opencode login and global config.
        own_data_dir, own_config_dir: where those are; None for the usual places below the home directory.
        start_timeout_s: from spawn to a healthy answer; a cold start took 4.4 s on two slow cores.
        request_timeout_s: of every call but the turn itself, which has none; generous, because sixteen cold
            directories at once kept a server on two slow cores from answering for half a minute.
        silence_s: no byte on the event stream for so long means that it is dead; heartbeats come every 10 s.
        model_retry_limit_s: how long opencode may retry an unreachable model before the turn fails.
        loop_limit: model calls in a row without a finish reason before the turn is ended.
        settle_wait_s: after the turn's answer, how long the event stream may take to catch up.
        abort_timeout_s: how long opencode may take to end a turn that we abort; 0.2 s is usual.
        crash_limit, crash_window_s: so many crashes within the window open the breaker for
            `crash_cooldown_s`, during which turns fail at once.
        rss_limit_bytes: an idle server above this is replaced; a directory costs 34 MB for ever, and a fresh
            one with one directory has 550 MB.
        probe_timeout_s: bound of `probe`.
        own_server: whether the sessions of a project have a server each; of None: whether those of all projects have.
        own_servers_idle: so many of those servers stay warm without a turn.
        own_server_idle_s: and none for longer.
        sweep_s: between two looks at that.
    """

    use_own_config: bool = True
    own_data_dir: Path | None = None
    own_config_dir: Path | None = None
    start_timeout_s: float = 60.0
    request_timeout_s: float = 60.0
    silence_s: float = 26.0
    model_retry_limit_s: float = 120.0
    loop_limit: int = 3
    settle_wait_s: float = 1.0
    abort_timeout_s: float = 6.0
    crash_limit: int = 5
    crash_window_s: float = 600.0
    crash_cooldown_s: float = 60.0
    rss_limit_bytes: int = 2 * 1024**3
    probe_timeout_s: float = 60.0
    own_server: Callable[[Path | None], bool] = _never
    own_servers_idle: int = 4
    own_server_idle_s: float = 900.0
    sweep_s: float = 30.0
