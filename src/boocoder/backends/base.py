"""The one contract between dispatch and every backend: a TurnRequest in, AgentEvents through a port, an Outcome out."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from boocoder.events.agent_event import (
    AgentEvent,
    PermissionAnswer,
    PermissionRequest,
    QuestionAnswer,
    QuestionRequest,
)
from boocoder.model.agent import AgentInfo
from boocoder.model.turn import AgentSessionRef, Outcome, TurnRequest


class TurnPort(Protocol):
    """What a backend may do to the outside during a turn. Dispatch implements it."""

    async def emit(self, event: AgentEvent) -> None:
        """Report an event, in order. Returns when it is taken; for AgentSessionOpened and PromptSending
        when it is durable. May wait (back-pressure).

        Raises:
            LeaseLost: another host owns the turn; the backend stops the agent and lets the error through.
        """

    async def ask_permission(self, request: PermissionRequest) -> PermissionAnswer:
        """Wait for a decision, without limit; refused when the turn is asked to stop."""

    async def ask_question(self, request: QuestionRequest) -> QuestionAnswer:
        """Wait for a person's answer, without limit; dismissed when the turn is asked to stop."""


class Backend(Protocol):
    """Drives one kind of agent. One object per process; turns of different sessions run side by side.

    Rules of the contract (tests/contract runs them against every backend):
    - `run_turn` emits AgentSessionOpened, then PromptSending, then lets the agent have the prompt.
    - It returns Completed only on the agent's explicit end of turn. Every other end is a named outcome.
    - After `request.stop` is set it ends the agent's turn, emits what still came, and returns within
      `stop_grace_s`: Cancelled for CANCELLED, Interrupted for SHUTDOWN, TimedOut for SILENT.
    - It never raises for what an agent does; only LeaseLost and CancelledError pass through.
    - Text is emitted exactly once: no gap, no double, whatever the transport did.
    """

    name: str
    stop_grace_s: float

    async def start(self) -> None:
        """Make ready to take turns; expensive things may wait for the first turn."""

    async def stop(self) -> None:
        """End every process of this backend in an orderly way. Safe twice and before start."""

    async def probe(self) -> AgentInfo:
        """Say whether the agent works here, its version and what it offers; bounded in time, never raises."""

    async def warm(self, worktree: Path) -> None:
        """Make a first turn in this directory quick. Best effort, never raises."""

    async def run_turn(self, request: TurnRequest, port: TurnPort) -> Outcome:
        """Run one turn to its end."""

    async def reconcile(self, request: TurnRequest, port: TurnPort) -> bool:
        """A running turn has been silent: ask the agent's own store, emit what was missed, and say whether
        the agent is still working on it."""

    async def recover(self, request: TurnRequest, native: AgentSessionRef, port: TurnPort) -> Outcome:
        """After a crash of our process: the prompt had been sent. Ask the agent's own store, emit all text
        and tools of that turn that it has (from the beginning; the port drops what is stored already by the
        same `part` keys) and return Completed if it ended, else Interrupted. Never sends the prompt."""

    async def forget(self, worktree: Path) -> None:
        """A worktree is gone: free what the agent holds for it. Best effort, never raises."""
