"""Opens a turn's session: resumes the known one where possible, else creates a new one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from boocoder.backends.opencode.http.client import OpenCodeClient
from boocoder.backends.opencode.http.store import newest_message_id
from boocoder.backends.opencode.ids import clock_lag_s
from boocoder.backends.shared.session_setup import hash_config, new_session_step, not_resumed, resumed_after_crash
from boocoder.events.agent_event import Notice
from boocoder.model.turn import ResumeStep, TurnRequest

_PROTOCOL = "opencode-1"
_LAG_MAX_S = 2.0  # a clock that was put back by no more is waited for


@dataclass(frozen=True, slots=True)
class OpenCodeReadySession:
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
    return hash_config(_PROTOCOL, str(worktree))


async def open_session(
    client: OpenCodeClient, request: TurnRequest, *, warm: Mapping[str, str], abort_timeout_s: float
) -> OpenCodeReadySession:
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
            return await _make(client, request, why="opencode no longer has it")
        status = await client.status(known.native_id, request.worktree)
        if status.type != "idle":  # a prompt sent now would be mixed with what still runs
            await client.abort(known.native_id, abort_timeout_s)
        newest = await newest_message_id(client, known.native_id)
    lag_s = clock_lag_s(newest, time.time())
    if lag_s > _LAG_MAX_S:
        return await _make(client, request, why="this machine's clock was put back")
    await asyncio.sleep(lag_s)
    step = ResumeStep.WARM if known.native_id in warm else ResumeStep.RESUMED
    return OpenCodeReadySession(known.native_id, step, (resumed_after_crash("opencode"),) if known.crashed else ())


async def _make(client: OpenCodeClient, request: TurnRequest, *, why: str = "") -> OpenCodeReadySession:
    session = await client.create_session(request.worktree, f"boocoder {request.chat_id}")
    return OpenCodeReadySession(session.id, new_session_step(request), not_resumed(request, why))
