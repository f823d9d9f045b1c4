"""An agent as the catalogue knows it: whether it can work here and what it offers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class AgentState(StrEnum):
    """Snapshot semantics: `loading` while the first probe runs; the others carry a reason in words."""

    LOADING = "loading"
    READY = "ready"
    UNAVAILABLE = "unavailable"  # not installed, or not one that we can drive
    ERROR = "error"  # installed, but does not work


@dataclass(frozen=True, slots=True)
class AgentInfo:
    """One agent on one host.

    Args:
        name: the product's name, as tasks use it.
        backend: our driver's name.
        state, reason, cure: whether it works; why not; what to do.
        version: the program's own version, empty if unknown.
        program: absolute path of what is started, empty for in-process agents.
        models, modes: ids that a task may name; empty if the agent does not list them.
        default_model: what an empty model becomes, None to leave it to the agent.
    """

    name: str
    backend: str
    state: AgentState
    reason: str = ""
    cure: str = ""
    version: str = ""
    program: str = ""
    models: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    default_model: str | None = None
