"""A turn: the request to a backend and the closed set of outcomes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from boocoder.model.ids import ChatId, SessionId, TaskId
from boocoder.model.mcp_server import McpServer


class ResumeStep(StrEnum):
    """How the agent got the conversation so far, best first."""

    WARM = "warm"  # the agent's session was still live
    RESUMED = "resumed"  # the agent's own store had it
    LOADED = "loaded"  # the agent replayed it
    HANDED_OVER = "handed_over"  # our transcript precedes the prompt
    FRESH = "fresh"  # no earlier conversation

    @property
    def knows_chat(self) -> bool:
        """Whether the agent session holds the conversation up to the agent's last turn."""
        return self in (ResumeStep.WARM, ResumeStep.RESUMED, ResumeStep.LOADED)


@dataclass(frozen=True, slots=True)
class TurnError:
    """Why a turn did not complete: stable code, what happened, what to do."""

    code: str
    text: str
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Completed:
    """The agent reported the end of its turn."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The agent, its model or its process failed."""

    error: TurnError


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A person cancelled it."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """boocoder stopped or died; the work so far is kept and the turn can be resumed."""

    error: TurnError


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The watchdog ended it: no activity for too long, and no progress in the agent's own store."""

    error: TurnError


Outcome = Completed | Failed | Cancelled | Interrupted | TimedOut


class StopReason(StrEnum):
    """Why a running turn is asked to end."""

    CANCELLED = "cancelled"  # a person
    SHUTDOWN = "shutdown"  # this host is stopping
    SILENT = "silent"  # the watchdog
    LEASE_LOST = "lease_lost"  # another host owns it now


class StopSignal:
    """Asks a running turn to end; the first reason wins. May be awaited from any task of the loop."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self.reason: StopReason | None = None

    def set(self, reason: StopReason) -> None:
        """Ask the turn to end; later calls have no effect."""
        if self.reason is None:
            self.reason = reason
            self._event.set()

    async def wait(self) -> StopReason:
        """Wait for the first `set`."""
        await self._event.wait()
        assert self.reason is not None
        return self.reason


@dataclass(frozen=True, slots=True)
class AgentSessionRef:
    """The agent's own conversation for (chat, agent), as stored by us between turns.

    Args:
        native_id: the agent's id for it.
        config_hash: hash of its configuration; a session with another hash is not resumed.
        crashed: the agent's process died in its last turn; it is resumed only if the backend can prove that
            its store is intact.
        unfinished: command lines that its last turn began and did not end, as `events.tool_command` has them; an agent
            that resumes may run them again.
    """

    native_id: str
    config_hash: str
    crashed: bool = False
    unfinished: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TurnRequest:
    """Everything a backend needs to run one turn.

    Args:
        task_id, epoch: identify the attempt; backends derive idempotent message ids from `task_id`.
        agent: the product's name.
        prompt: the user's words and the names of attached files; non-empty, no NUL and no lone surrogates.
        worktree: absolute directory in which the agent works.
        model: the agent's own spelling of a model, or None for its default.
        mode, thinking: ids from the agent's own lists, or None.
        agent_session: what to resume, or None.
        notes: what changed in the agent's files since its last turn; "" for nothing.
        missed: messages that others wrote in the chat since the agent's last turn; "" for none.
        handover: the whole conversation so far, for an agent session that does not know it; "" for a new chat.
        attachments: absolute paths of files that the person sent with the prompt, which names them too; the agent
            may read them without being asked about it. Images among them go to agents that take images.
        mcp_servers: given to the agent in addition to those that the person configured, where it takes them.
        stop: watched by the backend, which then ends the agent's turn in order and returns.
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
    notes: str = ""
    missed: str = ""
    handover: str = ""
    attachments: tuple[Path, ...] = ()
    mcp_servers: tuple[McpServer, ...] = ()
    stop: StopSignal = field(default_factory=StopSignal)

    def unfinished_after(self, step: ResumeStep) -> tuple[str, ...]:
        """The commands that the agent may run again by itself, having reached its session by this step."""
        if self.agent_session is None or step not in (ResumeStep.RESUMED, ResumeStep.LOADED):
            return ()
        return self.agent_session.unfinished

    def prompt_text(self, step: ResumeStep) -> str:
        """The text that the agent gets: notes, then what its session does not know yet, then the prompt.

        Args:
            step: how the agent session was reached.
        """
        unknown = self.missed if step.knows_chat else self.handover
        return "\n\n".join(part for part in (self.notes, unknown, self.prompt) if part)
