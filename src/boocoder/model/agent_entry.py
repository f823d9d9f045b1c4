"""What a person's settings say about one agent: the table [agents.<name>] as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from boocoder.model.agent import Transport


@dataclass(frozen=True, slots=True)
class AgentEntry:
    """One table; what it leaves out is as the known agent of that name has it, or as the transport has it.

    Args:
        name: of the agent.
        enabled: whether it is offered.
        command: program and arguments; empty for those of a known agent.
        env: set for it.
        keep_env: variables of our own environment that it may see.
        transport: how to drive it; None to take the first one whose program is there.
        silence_timeout_s: a turn of it without a sign of life for so long is ended; 0 for the general limit.
        model, mode: of a task that names none; "" leaves them to the agent.
        use_model_server: whether it is pointed at the model server.
        details: further fields of its driver, by name.
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
    details: Mapping[str, str | bool | tuple[str, ...]] = field(default_factory=dict)
