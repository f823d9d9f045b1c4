"""Agents as the API answers them, for the commands; fields that the commands do not use are left out."""

from __future__ import annotations

import msgspec


class AgentCommand(msgspec.Struct, frozen=True):
    """A slash command of an agent."""

    name: str
    description: str = ""


class Agent(msgspec.Struct, frozen=True):
    """An agent of the host."""

    name: str
    state: str
    title: str = ""
    backend: str = ""
    transport: str | None = None
    tried: bool = False
    signed_in: bool | None = None
    reason: str = ""
    cure: str = ""
    version: str = ""
    program: str = ""
    models: tuple[str, ...] = ()
    default_model: str | None = None
    modes: tuple[str, ...] = ()
    default_mode: str | None = None
    thinking: tuple[str, ...] = ()
    commands: tuple[AgentCommand, ...] = ()
    install: str = ""
    login: str = ""
    changed_at: str | None = None

    @property
    def is_missing(self) -> bool:
        """Whether nothing of it is on the machine."""
        return self.state == "unavailable" and not self.program and self.transport != "builtin"
