"""The settings table [agents.<name>] as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from boocoder.model.agent import Transport


@dataclass(frozen=True, slots=True)
class AgentEntry:
    """One table; keys it omits come from the known agent of that name, or from the transport.

    Args:
        name: of the agent.
        enabled: whether it is offered.
        command: program and arguments; empty for those of a known agent.
        env: set for it.
        keep_env: variables of boocoder's environment passed on to it.
        transport: how to drive it; None for the first one whose program is installed.
        silence_timeout_s: ends a turn without activity for this long; 0 for the general limit.
        model, mode: defaults of a task; "" leaves them to the agent.
        use_model_server: whether it uses a configured model server.
        model_server: the name of that server, "" for the first one.
        own_files: ignore patterns of what it keeps of its own in a worktree; None for those of a known agent.
        details: further fields of its driver.
    """

    name: str
    enabled: bool = True
    command: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict, repr=False)  # it may hold a key
    keep_env: tuple[str, ...] = ()
    transport: Transport | None = None
    silence_timeout_s: float = 0.0
    model: str = ""
    mode: str = ""
    use_model_server: bool = False
    model_server: str = ""
    own_files: tuple[str, ...] | None = None
    details: Mapping[str, str | bool | tuple[str, ...]] = field(default_factory=dict)
