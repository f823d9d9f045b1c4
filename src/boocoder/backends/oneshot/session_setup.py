"""Chooses the session that a turn continues, or begins a new one with the reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import uuid4

from boocoder.backends.oneshot.command.command_line import config_hash
from boocoder.backends.oneshot.session_store import KnownSession, OneShotSessionStore
from boocoder.backends.oneshot.settings import OneShotAgent
from boocoder.backends.shared.session_setup import LEFT_UNFINISHED, new_session_step, not_resumed
from boocoder.events.agent_event import Notice, NoticeLevel
from boocoder.model.turn import ResumeStep, TurnRequest


@dataclass(frozen=True, slots=True)
class OneShotReadySession:
    """The session of a turn.

    Args:
        native_id: our id of it.
        known: what the agent has of it; None for a new one.
        step: how the agent comes to know the conversation.
        notices: what the person should know about it.
    """

    native_id: str
    known: KnownSession | None
    step: ResumeStep
    notices: tuple[Notice, ...] = field(default=())

    @property
    def cost_before(self) -> float:
        """What the session had cost before this turn, in US dollars."""
        return self.known.used.cost_usd if self.known is not None else 0.0


def choose_session(agent: OneShotAgent, request: TurnRequest, store: OneShotSessionStore) -> OneShotReadySession:
    """The session by the best step that works."""
    ref = request.agent_session
    if ref is None:
        return new_session(request)
    if ref.config_hash != config_hash(agent, request.worktree):
        return new_session(request, why="it was opened with another command or directory")
    if not agent.resume_args and not agent.kept_open:
        return new_session(request, why="this agent cannot resume sessions", quiet=True)
    if ref.crashed:
        return new_session(request, why="the agent had died in it, and whether its record is whole cannot be known")
    if ref.unfinished and agent.fresh_after_kill and not agent.kept_open:
        return new_session(request, why=LEFT_UNFINISHED)
    known = store.get(ref.native_id)
    if known is None:
        return new_session(request, why="the agent never reported it, or it is too old")
    return OneShotReadySession(ref.native_id, known, ResumeStep.RESUMED)


def new_session(request: TurnRequest, *, why: str = "", quiet: bool = False) -> OneShotReadySession:
    """A new session for this turn.

    Args:
        why: why the earlier one is not continued.
        quiet: the agent never resumes sessions, so the notice is no warning.
    """
    notices = not_resumed(request, why, NoticeLevel.INFO if quiet else NoticeLevel.WARNING)
    return OneShotReadySession(str(uuid4()), None, new_session_step(request), notices)
