"""Which backend runs a task: the agent it names, or a named failure at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from boocoder.backends.base import Backend
from boocoder.events.agent_event import Notice, NoticeLevel
from boocoder.model.agent import AgentInfo, AgentState
from boocoder.model.turn import Failed, TurnError


class AgentSource(Protocol):
    """The agents of this host, as the catalogue and the registry know them."""

    def backend(self, agent: str) -> Backend | None: ...
    async def info(self, agent: str) -> AgentInfo | None:
        """What the newest probe found; waits a bounded time for the first one."""


@dataclass(frozen=True, slots=True)
class ChosenBackend:
    """The backend of a turn; `notice` says so where it is not the agent that was asked for."""

    agent: str
    backend: Backend
    info: AgentInfo
    notice: Notice | None = None


async def choose(agent: str, agents: AgentSource, *, fallback: str) -> ChosenBackend | Failed:
    """Find the agent that a task names.

    Args:
        fallback: the agent to use where that one is not available; "" to fail instead.
    """
    found = await _find(agent, agents)
    if isinstance(found, ChosenBackend) or not fallback or fallback == agent:
        return found
    instead = await _find(fallback, agents)
    if isinstance(instead, Failed):
        return found
    text = f"{found.error.text} {fallback} does this turn instead, as the setting agent_fallback says."
    notice = Notice("agent_fallback", text, NoticeLevel.WARNING)
    return ChosenBackend(instead.agent, instead.backend, instead.info, notice)


async def _find(agent: str, agents: AgentSource) -> ChosenBackend | Failed:
    info = await agents.info(agent)
    if info is None:
        return Failed(
            TurnError(
                "agent_unknown", f"There is no agent called {agent!r}.", "See `boocoder agents` for those there are."
            )
        )
    backend = agents.backend(agent)  # one that was installed a moment ago is here now
    if backend is None or info.state is not AgentState.READY:
        text = f"{agent} is not available: {info.reason or info.state.value}."
        return Failed(TurnError("agent_unavailable", text, info.cure or "See `boocoder doctor`."))
    return ChosenBackend(agent, backend, info)
