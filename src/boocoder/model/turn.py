"""A turn: what a backend is asked to do, and the closed set of ways in which it ends."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from boocoder.model.ids import ChatId, SessionId, TaskId


class ResumeStep(StrEnum):
    """How the agent came to know the conversation so far, best first (decision 7)."""

    WARM = "warm"  # the agent's session was still live
    RESUMED = "resumed"  # the agent's own store had it
    LOADED = "loaded"  # the agent replayed it
    HANDED_OVER = "handed_over"  # our transcript was put before the prompt
    FRESH = "fresh"  # nothing was known, or there was nothing to know


@dataclass(frozen=True, slots=True)
class TurnError:
    """Why a turn did not complete: stable code, what happened, what to do."""

    code: str
    text: str
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Completed:
    """The agent said explicitly that its turn is over."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The agent, its model or its process failed."""

    error: TurnError


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A person stopped it."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """Our own process stopped or died; the work so far is kept and the turn can be resumed."""

    error: TurnError


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The watchdog ended it: silent for too long, and the agent's own store knew of no progress."""

    error: TurnError


Outcome = Completed | Failed | Cancelled | Interrupted | TimedOut


class StopReason(StrEnum):
    """Why a running turn is asked to end."""

    CANCELLED = "cancelled"  # a person
    SHUTDOWN = "shutdown"  # this host is stopping
    SILENT = "silent"  # the watchdog
    LEASE_LOST = "lease_lost"  # another host owns it now


class StopSignal:
    """Asks a running turn to end; the first reason wins. Safe to read and await from any task of the loop."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self.reason: StopReason | None = None

    def set(self, reason: StopReason) -> None:
        """Ask the turn to end. Later calls change nothing."""
        if self.reason is None:
            self.reason = reason
            self._event.set()

    async def wait(self) -> StopReason:
        """Wait until somebody asks."""
        await self._event.wait()
        assert self.reason is not None
        return self.reason


@dataclass(frozen=True, slots=True)
class AgentSessionRef:
    """The agent's own conversation for (chat, agent), as stored by us between turns.

    Args:
        native_id: the agent's id for it.
        config_hash: what it was opened with; another hash means it may not be resumed.
        crashed: its last turn ended with the agent's process dying: it is resumed only where the backend
            can prove that the store is whole.
    """

    native_id: str
    config_hash: str
    crashed: bool = False


@dataclass(frozen=True, slots=True)
class TurnRequest:
    """All that a backend needs to run one turn. It holds no database, git or broker handle.

    Args:
        task_id, epoch: name this attempt; backends derive idempotent message ids from `task_id`.
        agent: the product's name.
        prompt: the user's words, non-empty, no NUL and no lone surrogates.
        worktree: absolute directory in which the agent works.
        model: the agent's own spelling of a model, or None for its default.
        mode, thinking: ids out of the agent's own lists, or None.
        agent_session: what to resume, or None.
        handover: text of the conversation that the agent has not seen, put before the prompt when the
            agent session cannot be resumed; empty when there is none.
        attachments: absolute paths of files that the person sent with the prompt, which names them too; the agent
            may read them without being asked about it.
        stop: watched by the backend; when set, it ends the agent's turn in an orderly way and returns.
    """

    task_id: TaskId
    epoch: int
    session_id: SessionId
    chat_id: ChatId
    agent: str
    prompt: str
    worktree: Path
    model: str | None = None
    mode: str | None = None
    thinking: str | None = None
    agent_session: AgentSessionRef | None = None
    handover: str = ""
    attachments: tuple[Path, ...] = ()
    stop: StopSignal = field(default_factory=StopSignal)
