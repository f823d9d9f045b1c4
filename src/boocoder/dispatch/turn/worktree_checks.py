"""Checks a session's worktree beside the turn's other preparations: its repository, and what it makes the agent run."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from pathlib import Path

from boocoder.db.tasks.claim import ClaimedTask
from boocoder.dispatch.turn.services import TurnServices
from boocoder.dispatch.workspaces import known_worktree
from boocoder.git.worktree.session_worktrees import Worktree
from boocoder.model.turn import Failed

log = logging.getLogger(__name__)

CHECK_MAX_AGE_S = 1.0  # a turn that had to wait longer checks again: the files may have changed since


@dataclass(frozen=True, slots=True)
class WorktreeCheck:
    """A worktree that was in order.

    Args:
        worktree: where its files are.
        refusal: how the turn ends if nobody trusts what the worktree makes the agent run; None where it may go on.
        began: when the check began, on the monotonic clock, in seconds.
    """

    worktree: Worktree
    refusal: Failed | None
    began: float

    @property
    def fresh(self) -> bool:
        """Whether the turn may go by it still."""
        return time.monotonic() - self.began <= CHECK_MAX_AGE_S


async def check_worktree(task: ClaimedTask, agent: str, services: TurnServices) -> WorktreeCheck | None:
    """Check the worktree that the session has already; it changes nothing and never fails.

    Returns:
        None where the worktree has to be made, set up or repaired first, or could not be checked: the turn does it,
        and checks again what the agent would run.
    """
    began = time.monotonic()
    worktree = known_worktree(task)
    if worktree is None:
        return None
    try:
        in_order, refusal = await asyncio.gather(
            services.workspaces.in_order(task, worktree), trust_refusal(task, agent, worktree.path, services)
        )
    except Exception as error:  # noqa: BLE001 - made again where the turn can tell a person why it failed
        log.info("worktree not checked ahead", extra={"task_id": task.id, "error": str(error)})
        return None
    return WorktreeCheck(worktree, refusal, began) if in_order else None


async def trust_refusal(task: ClaimedTask, agent: str, worktree: Path, services: TurnServices) -> Failed | None:
    """The outcome of a turn that would run untrusted files; None if it may run."""
    if services.trust is None:
        return None
    return await services.trust.refusal(task.project_id, task.session_id, agent, worktree)
