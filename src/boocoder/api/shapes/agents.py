"""What the routes of agents answer."""

from __future__ import annotations

from datetime import datetime

from boocoder.api.shapes.outputs import Output
from boocoder.model.agent import AgentInfo, AgentState, Transport


class AgentCommandOut(Output):
    """A slash command of an agent."""

    name: str
    description: str


class AgentOut(Output):
    """An agent of this host."""

    name: str
    title: str
    backend: str
    transport: Transport | None
    state: AgentState
    tried: bool
    signed_in: bool | None
    reason: str
    cure: str
    version: str
    program: str
    models: tuple[str, ...]
    default_model: str | None
    modes: tuple[str, ...]
    default_mode: str | None
    thinking: tuple[str, ...]
    commands: tuple[AgentCommandOut, ...]
    install: str
    login: str
    changed_at: datetime | None


def agent_out(info: AgentInfo) -> AgentOut:
    """What is known of one agent."""
    return AgentOut.model_validate(info, from_attributes=True)
