"""Builds the request that a backend gets out of a claimed task."""

from __future__ import annotations

from pathlib import Path

from boocoder.db.conversation.agent_sessions import AgentSessionState
from boocoder.db.tasks.claim import ClaimedTask
from boocoder.dispatch.turn.prepare import PromptContext
from boocoder.dispatch.turn.prompt import MISSED_HEAD, attached_text, digest, missed_by
from boocoder.model.turn import AgentSessionRef, StopSignal, TurnRequest


def session_ref(task: ClaimedTask, agent: str, *, unfinished: tuple[str, ...] = ()) -> AgentSessionRef | None:
    """The agent session to resume, if the task's agent has one in this chat.

    Args:
        unfinished: the commands that its last turn left unfinished.
    """
    if task.native_id is None or agent != task.agent:
        return None
    return AgentSessionRef(
        native_id=task.native_id,
        config_hash=task.config_hash or "",
        crashed=task.agent_session_state is AgentSessionState.CRASHED,
        unfinished=unfinished,
    )


def request_of(
    task: ClaimedTask, agent: str, worktree: Path, stop: StopSignal, *, context: PromptContext | None = None
) -> TurnRequest:
    """The task as its backend gets it.

    Args:
        agent: that runs it; another one than the task's begins with the whole conversation.
        context: what the prompt needs in addition to the person's text; None if no prompt is sent.
    """
    attached = task.attached()
    earlier = context.earlier if context is not None else ()
    ref = session_ref(task, agent, unfinished=context.unfinished if context is not None else ())
    return TurnRequest(
        task_id=task.id,
        epoch=task.epoch,
        session_id=task.session_id,
        chat_id=task.chat_id,
        agent=agent,
        prompt=task.prompt + attached_text(attached),
        attachments=tuple(Path(one.path) for one in attached),
        worktree=worktree,
        model=task.model,
        mode=task.mode,
        thinking=task.thinking,
        agent_session=ref,
        notes=context.notes if context is not None else "",
        missed=digest(missed_by(earlier, task.seen_message_ord if ref is not None else None), head=MISSED_HEAD),
        handover=digest(earlier),
        stop=stop,
    )
