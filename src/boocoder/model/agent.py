"""An agent as the catalogue knows it: whether it can work here and what it offers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from boocoder.model.mcp_server import McpServerUse

DEMO_DIRECTORY = "demo"  # in the data directory; while it is there, the scripted agent is offered


class AgentState(StrEnum):
    """`loading` while the first probe runs; the others carry a reason."""

    LOADING = "loading"
    READY = "ready"
    UNAVAILABLE = "unavailable"  # not installed, or not one that we can drive
    ERROR = "error"  # installed, but does not work


class Transport(StrEnum):
    """How an agent is driven, in order of preference."""

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
class ModelDetails:
    """One model of a model server, as far as the server says.

    Args:
        id: as this agent's tasks name it.
        label: its name for people, who may use it in a task as well.
        context_tokens: what one conversation may take, 0 if it is not known.
        slots: conversations that the server answers at once, 0 if it is not known.
        trained_tokens: the context that the model was trained for, 0 if it is not known.
        tools, images: whether it calls tools and takes images; None if it is not known.
        loaded: whether it answers without being loaded first; None if it is not known.
        idle_unload_s: seconds without a request after which the server unloads it; 0: never, or not known.
        unloads: whether the server unloads it on request.
        warning, cure: what will not work well with it, and what to do; "" if nothing is known.
    """

    id: str
    label: str
    context_tokens: int = 0
    slots: int = 0
    trained_tokens: int = 0
    tools: bool | None = None
    images: bool | None = None
    loaded: bool | None = None
    idle_unload_s: int = 0
    unloads: bool = False
    warning: str = ""
    cure: str = ""

    @property
    def summary(self) -> str:
        """What is known in a few words, "" for nothing."""
        name = self.label if self.label != self.id else ""
        size = f"{self.context_tokens:,} tokens" if self.context_tokens else ""
        slots = f"{self.slots} slots" if self.slots > 1 else ""
        tools = "no tools" if self.tools is False else ""
        idle = f", for {self.idle_unload_s:,} s without a request" if self.idle_unload_s else ""
        loaded = f"loaded{idle}" if self.loaded else ""
        return ", ".join(filter(None, (name, size, slots, tools, "images" if self.images else "", loaded)))


@dataclass(frozen=True, slots=True)
class AgentInfo:
    """One agent on one host.

    Args:
        name: the product's name, as tasks use it.
        backend: our driver's name.
        state, reason, cure: whether it works, why not, and what to do; a ready agent may have a reason as well.
        version: the program's own version, empty if unknown.
        program: absolute path of what is started, empty for in-process agents.
        models, modes, thinking: ids that a task may name; empty if the agent does not list them.
        default_model: what an empty model becomes, None to leave it to the agent.
        default_mode: the mode of a task that names none, None if the agent has none or does not say.
        commands: the slash commands that it announced.
        title: its name as shown to people.
        transport: how it is driven, None if it was not found.
        tried: whether it was started and asked what it offers; if not, `ready` means installed.
        signed_in: whether the user is signed in; None if the agent does not say.
        install, login: commands for the user, empty if none is known.
        steering: whether it takes a message while its turn runs.
        model_details: what is known of the models that come from model servers.
        mcp_servers: what became of the person's MCP servers with it; empty until it was asked what it takes.
        changed_at: time of the last change; not compared.
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
    steering: bool = False
    model_details: tuple[ModelDetails, ...] = ()
    mcp_servers: tuple[McpServerUse, ...] = ()
    changed_at: datetime | None = field(default=None, compare=False)

    @property
    def model_names(self) -> frozenset[str]:
        """Everything that a task may call a model: ids, and names for people."""
        return frozenset((*self.models, *(one.label for one in self.model_details)))

    @property
    def is_missing(self) -> bool:
        """Whether nothing of it is on the machine."""
        return self.state is AgentState.UNAVAILABLE and not self.program and self.transport is not Transport.BUILTIN
