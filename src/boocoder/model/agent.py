"""An agent as the catalogue knows it: whether it can work here and what it offers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

DEMO_DIRECTORY = "demo"  # in the data directory; while it is there, the scripted agent is offered


class AgentState(StrEnum):
    """Snapshot semantics: `loading` while the first probe runs; the others carry a reason in words."""

    LOADING = "loading"
    READY = "ready"
    UNAVAILABLE = "unavailable"  # not installed, or not one that we can drive
    ERROR = "error"  # installed, but does not work


class Transport(StrEnum):
    """How an agent is driven, in the order in which one is taken where an agent has several."""

    SERVER = "server"  # its own server, over HTTP
    ACP = "acp"  # the Agent Client Protocol
    STREAM = "stream"  # one process a session that takes prompts as lines
    ONESHOT = "oneshot"  # a command a turn
    BUILTIN = "builtin"  # inside boocoder


@dataclass(frozen=True, slots=True)
class AgentCommand:
    """A slash command of an agent; `name` is without the slash."""

    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class AgentInfo:
    """One agent on one host.

    Args:
        name: the product's name, as tasks use it.
        backend: our driver's name.
        state, reason, cure: whether it works; why not; what to do. An agent that is ready may have a reason, too.
        version: the program's own version, empty if unknown.
        program: absolute path of what is started, empty for in-process agents.
        models, modes, thinking: ids that a task may name; empty if the agent does not list them.
        default_model: what an empty model becomes, None to leave it to the agent.
        default_mode: the mode of a task that names none, None if the agent has none or does not say.
        commands: its slash commands, as far as it tells them.
        title: as a person reads its name.
        transport: how it is driven, None if nothing of it was found.
        tried: whether it was started and asked what it offers; a ready one that was not is installed and no more.
        signed_in: whether its person is signed in; None if it does not say.
        install, login: commands for a person, empty if none is known.
        changed_at: when anything of this was news last; no part of what is compared.
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
    thinking: tuple[str, ...] = ()
    default_mode: str | None = None
    commands: tuple[AgentCommand, ...] = ()
    title: str = ""
    transport: Transport | None = None
    tried: bool = False
    signed_in: bool | None = None
    install: str = ""
    login: str = ""
    changed_at: datetime | None = field(default=None, compare=False)
