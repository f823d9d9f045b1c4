"""Opens the agent session of a turn: resumes the known one where that is right, else makes a new one."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from boocoder.backends.opencode.client import OpenCodeClient
from boocoder.backends.opencode.ids import clock_lag_s
from boocoder.backends.opencode.store import newest_message_id
from boocoder.events.agent_event import Notice, NoticeLevel
from boocoder.model.turn import ResumeStep, TurnRequest

_PROTOCOL = "opencode-1"
_LAG_MAX_S = 2.0  # a clock that was put back by no more is waited for


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that is ready for a prompt.

    Args:
        native_id: opencode's id of it.
        step: how it was reached.
        notices: what the person should know about it.
    """

    native_id: str
    step: ResumeStep
    notices: tuple[Notice, ...] = ()


def config_hash(worktree: Path) -> str:
    """What a session cannot survive a change of: the protocol and its directory. Models and modes are per prompt."""
    return hashlib.sha256(f"{_PROTOCOL}\0{worktree}".encode()).hexdigest()[:16]


async def open_session(
    client: OpenCodeClient, request: TurnRequest, *, warm: Mapping[str, str], abort_timeout_s: float
) -> Opened:
    """Resume the request's agent session or make one.

    Args:
        client: the server.
        request: the turn.
        warm: sessions that this server's process has worked with, each with its newest message if its last turn
            came to an orderly end, else "". Of the former nothing is asked: that saves a tenth of a warm turn.
        abort_timeout_s: limit for ending a turn that still runs in the session.

    Raises:
        BackendError: the server cannot be asked.
    """
    known = request.agent_session
    if known is None:
        return await _make(client, request)
    if known.config_hash != config_hash(request.worktree):
        return await _make(client, request, why="it belongs to another directory")
    newest = warm.get(known.native_id)
    if not newest:
        if await client.session(known.native_id) is None:
            return await _make(client, request, why="opencode does not have it any more")
        status = await client.status(known.native_id, request.worktree)
        if status.type != "idle":  # a prompt sent now would be mixed with what still runs
            await client.abort(known.native_id, abort_timeout_s)
        newest = await newest_message_id(client, known.native_id)
    lag_s = clock_lag_s(newest, time.time())
    if lag_s > _LAG_MAX_S:
        return await _make(client, request, why="this machine's clock was put back")
    await asyncio.sleep(lag_s)
    step = ResumeStep.WARM if known.native_id in warm else ResumeStep.RESUMED
    notices: tuple[Notice, ...] = ()
    if known.crashed:
        text = "opencode had died in the last turn; its conversation was found whole and goes on."
        notices = (Notice("resumed_after_crash", text),)
    return Opened(known.native_id, step, notices)


async def _make(client: OpenCodeClient, request: TurnRequest, *, why: str = "") -> Opened:
    session = await client.create_session(request.worktree, f"boocoder {request.chat_id}")
    step = ResumeStep.HANDED_OVER if request.handover else ResumeStep.FRESH
    if not why:
        return Opened(session.id, step)
    how = "it was told the conversation so far" if request.handover else "it does not know the conversation so far"
    text = f"The agent's earlier session could not be resumed: {why}. A new one was opened; {how}."
    return Opened(session.id, step, (Notice("session_not_resumed", text, NoticeLevel.WARNING),))
