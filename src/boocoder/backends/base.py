"""The contract between dispatch and every backend: a TurnRequest in, AgentEvents through a port, an Outcome out."""

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
from boocoder.model.ids import SteerId
from boocoder.model.steer import SteerResult
from boocoder.model.turn import AgentSessionRef, Outcome, TurnRequest


class TurnPort(Protocol):
    """What a backend may do during a turn; dispatch implements it."""

    async def emit(self, event: AgentEvent) -> None:
        """Report an event, in order. Returns when it is accepted; for AgentSessionOpened and PromptSending
        when it is durable. May wait (back-pressure).

        Raises:
            LeaseLost: another host owns the turn; the backend stops the agent and lets the error through.
        """

    async def ask_permission(self, request: PermissionRequest) -> PermissionAnswer:
        """Wait for a decision, without limit; refused when the turn is asked to stop."""

    async def ask_question(self, request: QuestionRequest) -> QuestionAnswer:
        """Wait for a person's answer, without limit; dismissed when the turn is asked to stop."""


class SteerMessage(Protocol):
    """A person's message for a turn that runs; dispatch implements it."""

    @property
    def id(self) -> SteerId:
        """Its name; also of use where an agent wants an id for each message."""

    @property
    def text(self) -> str:
        """The person's words."""

    async def sending(self) -> bool:
        """Barrier: call it once, right before the agent gets the message, and send only if it returns True.

        When it returns, it is durable that the agent may have the message, so that it is never sent again. False: it
        was withdrawn, the turn is asked to stop, or it cannot be recorded now.

        Raises:
            LeaseLost: another host owns the turn.
        """


class Backend(Protocol):
    """Drives one kind of agent. One object per process; turns of different sessions run side by side.

    Rules of the contract (tests/contract runs them against every backend):
    - `run_turn` emits AgentSessionOpened, then PromptSending, then lets the agent have the prompt.
    - It may emit AgentDone, once, on the agent's end of turn, if it takes time to judge it. No tool runs after that.
    - It returns Completed only on the agent's explicit end of turn. Every other end is a named outcome.
    - After `request.stop` is set it ends the agent's turn, emits what still came, and returns within
      `stop_grace_s`: Cancelled for CANCELLED, Interrupted for SHUTDOWN, TimedOut for SILENT.
    - It never raises for what an agent does; only LeaseLost and CancelledError pass through.
    - Text is emitted exactly once, without gaps or duplicates, even if the transport repeats or loses some.
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

    async def steer(self, request: TurnRequest, message: SteerMessage) -> SteerResult:
        """Give a message to the running turn as soon as the agent takes one, and say whether the agent has it.

        Called for one message of a turn at a time, once its prompt is being sent. Returns soon after the turn's end at
        the latest; REFUSED where the turn cannot take it any more, or the agent takes none (`AgentInfo.steering`). What
        the agent says because of it is in parts of its own, and the turn ends after it.
        """

    async def reconcile(self, request: TurnRequest, port: TurnPort) -> bool:
        """A running turn is silent: read the agent's own store, emit what was missed, and return whether
        the agent still works on it."""

    async def recover(self, request: TurnRequest, native: AgentSessionRef, port: TurnPort) -> Outcome:
        """boocoder crashed after sending the prompt. Ask the agent's own store, emit all text
        and tools of that turn that it has (from the beginning; the port drops what is stored already by the
        same `part` keys) and return Completed if it ended, else Interrupted. Never sends the prompt."""

    async def forget(self, worktree: Path) -> None:
        """The worktree was removed: free the agent's resources for it. Best effort, never raises."""
