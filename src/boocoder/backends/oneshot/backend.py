"""The one-shot backend: implements the Backend contract for one agent that is a command. It holds no turn's logic."""

from __future__ import annotations

from pathlib import Path

from boocoder.backends.base import TurnPort
from boocoder.backends.oneshot.settings import OneShotAgent, OneShotSettings
from boocoder.model.agent import AgentInfo, AgentState
from boocoder.model.turn import AgentSessionRef, Failed, Interrupted, Outcome, TurnError, TurnRequest
from boocoder.process.host import ProcessHost


class OneShotBackend:
    """Drives one agent.

    Args:
        host: starts processes.
        agent: who it is.
        state_dir: ours alone; the records of turns and sessions live in it.
        settings: limits.
    """

    def __init__(self, *, host: ProcessHost, agent: OneShotAgent, state_dir: Path, settings: OneShotSettings) -> None:
        self.name = "stream" if agent.kept_open else "oneshot"
        self.stop_grace_s = settings.cancel_grace_s + 3.0
        self.agent = agent
        self._host = host
        self._state_dir = state_dir
        self._settings = settings

    async def start(self) -> None:
        """Make ready to take turns; processes start with their turns."""

    async def stop(self) -> None:
        """End every process. Safe twice and before start."""

    async def probe(self) -> AgentInfo:
        """Ask the program for its version; bounded in time, never raises."""
        return AgentInfo(self.agent.name, self.name, AgentState.UNAVAILABLE, reason="not built yet")

    async def warm(self, worktree: Path) -> None:
        """Nothing can be made ready before the first prompt."""

    async def run_turn(self, request: TurnRequest, port: TurnPort) -> Outcome:
        """Run one turn to its end, as the Backend contract says."""
        return Failed(TurnError("agent_failed", "not built yet"))

    async def reconcile(self, request: TurnRequest, port: TurnPort) -> bool:
        """Whether the turn's process still runs."""
        return False

    async def recover(self, request: TurnRequest, native: AgentSessionRef, port: TurnPort) -> Outcome:
        """After a crash of ours: emit what our record has of the turn and say how far it got."""
        return Interrupted(TurnError("host_died", "not built yet"))

    async def forget(self, worktree: Path) -> None:
        """End the processes of a worktree. Best effort, never raises."""
