"""Decides which session of the agent a turn goes on with, or that it begins a new one; says why. It starts nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import uuid4

from boocoder.backends.oneshot.command import config_hash
from boocoder.backends.oneshot.sessions import KnownSession, SessionStore
from boocoder.backends.oneshot.settings import OneShotAgent
from boocoder.events.agent_event import Notice, NoticeLevel
from boocoder.model.turn import ResumeStep, TurnRequest


@dataclass(frozen=True, slots=True)
class Opening:
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


def choose_session(agent: OneShotAgent, request: TurnRequest, store: SessionStore) -> Opening:
    """The best step that can be taken."""
    ref = request.agent_session
    if ref is None:
        return new_session(request)
    if ref.config_hash != config_hash(agent, request.worktree):
        return new_session(request, why="it was opened with another command or directory")
    if not agent.resume_args and not agent.kept_open:
        return new_session(request, why="this agent cannot resume sessions", quiet=True)
    if ref.crashed:
        return new_session(request, why="the agent had died in it, and whether its record is whole cannot be known")
    known = store.get(ref.native_id)
    if known is None:
        return new_session(request, why="the agent never told of it, or it is too old")
    return Opening(ref.native_id, known, ResumeStep.RESUMED)


def new_session(request: TurnRequest, *, why: str = "", quiet: bool = False) -> Opening:
    """A session of its own for this turn.

    Args:
        why: the earlier one is not gone on with.
        quiet: that is how it always is with this agent, no news for anybody.
    """
    step = ResumeStep.HANDED_OVER if request.handover else ResumeStep.FRESH
    how = "it was told the conversation so far" if request.handover else "it does not know the conversation so far"
    text = f"The agent's earlier session could not be resumed: {why.rstrip('.')}. A new one was opened; {how}."
    notice = Notice("session_not_resumed", text, NoticeLevel.INFO if quiet else NoticeLevel.WARNING)
    return Opening(str(uuid4()), None, step, (notice,) if why else ())


def prompt_of(request: TurnRequest, opening: Opening) -> str:
    """The prompt, with what the agent missed before it."""
    knows = opening.step in (ResumeStep.WARM, ResumeStep.RESUMED)
    return request.prompt if knows or not request.handover else f"{request.handover}\n\n{request.prompt}"
