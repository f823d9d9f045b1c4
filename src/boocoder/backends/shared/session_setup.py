"""What every backend does with a turn's agent session: hash its configuration, name the step, announce it."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence

from boocoder.backends.base import TurnPort
from boocoder.errors import sentences
from boocoder.events.agent_event import AgentSessionOpened, Notice, NoticeLevel, Progress
from boocoder.model.turn import ResumeStep, TurnRequest

LEFT_UNFINISHED = "its last turn left a command unfinished, which the agent could run again"


def hash_config(*parts: str) -> str:
    """A hash of everything whose change makes an agent session unusable: protocol, agent, command, directory."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def new_session_step(request: TurnRequest) -> ResumeStep:
    """The step of a turn that begins a new agent session."""
    return ResumeStep.HANDED_OVER if request.handover else ResumeStep.FRESH


def not_resumed(request: TurnRequest, why: str, level: NoticeLevel = NoticeLevel.WARNING) -> tuple[Notice, ...]:
    """The notice that a turn continues in a new agent session; none without a reason.

    Args:
        why: a clause, such as "it belongs to another directory"; "" if there was no earlier session.
        level: INFO for an agent that never resumes.
    """
    if not why:
        return ()
    how = "with the conversation so far" if request.handover else "without the conversation so far"
    text = sentences(f"The agent's earlier session could not be resumed: {why}", f"A new one was opened {how}.")
    return (Notice("session_not_resumed", text, level),)


def resumed_after_crash(agent: str) -> Notice:
    """The notice that a session survived its agent's death in the last turn."""
    return Notice("resumed_after_crash", f"{agent} died in the last turn; its conversation was found and continues.")


async def announce_session(
    port: TurnPort, *, native_id: str, config_hash: str, step: ResumeStep, notices: Sequence[Notice]
) -> None:
    """Report the session that a turn runs in, then what the person should know about it."""
    await port.emit(AgentSessionOpened(native_id, config_hash, step))
    for notice in notices:
        await port.emit(notice)


def waiting_report(port: TurnPort) -> Callable[[str], Awaitable[None]]:
    """Shows what a turn waits for before its prompt is sent."""

    async def report(text: str) -> None:
        await port.emit(Progress(text))

    return report
