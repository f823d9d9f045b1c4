"""Runs the backend to an outcome, whether the agent, a person, the watchdog or a stopping host ends the turn."""

from __future__ import annotations

import asyncio
import logging

from boocoder.backends.base import Backend, TurnPort
from boocoder.backends.shared.outcomes import stopped
from boocoder.dispatch.liveness import Liveness
from boocoder.errors import BoocoderError, LeaseLost
from boocoder.model.turn import (
    Cancelled,
    Failed,
    Interrupted,
    Outcome,
    StopReason,
    TimedOut,
    TurnError,
    TurnRequest,
)
from boocoder.service import TaskSupervisor

log = logging.getLogger(__name__)

ASK_STORE_S = 15.0  # an agent's store that takes longer to answer has no news
FORCE_MARGIN_S = 1.0  # past the backend's own grace, so that its orderly end wins
CANCEL_WAIT_S = 5.0  # for a cancelled backend to return; then it is abandoned, its process dies with its host


async def drive(backend: Backend, request: TurnRequest, port: TurnPort, liveness: Liveness) -> Outcome:
    """Run the turn to its one outcome.

    Raises:
        LeaseLost: another host owns the turn; nothing more may be written.
    """
    supervisor = TaskSupervisor(f"turn:{request.task_id}")
    run = supervisor.spawn(backend.run_turn(request, port), "run")
    watch = supervisor.spawn(_watch(backend, request, port, liveness), "watch")
    stop = supervisor.spawn(request.stop.wait(), "stop")
    try:
        await asyncio.wait({run, watch, stop}, return_when=asyncio.FIRST_COMPLETED)
        if not run.done():
            if watch.done():
                request.stop.set(StopReason.SILENT)
            await asyncio.wait({run}, timeout=backend.stop_grace_s + FORCE_MARGIN_S)
        still_running = watch.done() and not watch.cancelled() and watch.exception() is None and watch.result()
        return await _outcome(run, request, _silence(liveness.limit_s, still_running=still_running))
    finally:
        await supervisor.stop()


async def _watch(backend: Backend, request: TurnRequest, port: TurnPort, liveness: Liveness) -> bool:
    async def ask_store() -> bool:
        try:
            async with asyncio.timeout(ASK_STORE_S):
                return await backend.reconcile(request, port)
        except (TimeoutError, BoocoderError):
            return False

    return await liveness.wait_silent(ask_store)


async def _outcome(run: asyncio.Task[Outcome], request: TurnRequest, silence: TurnError) -> Outcome:
    forced = not run.done()
    if forced:
        log.warning("backend ignored the stop", extra={"task_id": request.task_id, "reason": request.stop.reason})
        run.cancel()
        await asyncio.wait({run}, timeout=CANCEL_WAIT_S)
    reason = request.stop.reason
    if reason is StopReason.LEASE_LOST:
        raise LeaseLost("lease_lost", f"Task {request.task_id} is run by another host.")
    if forced or run.cancelled():
        return stopped(reason or StopReason.SHUTDOWN, silence=silence)
    error = run.exception()
    if isinstance(error, LeaseLost):
        raise error
    if error is not None:
        return failed_by(error)
    outcome = run.result()
    if reason is StopReason.SILENT and isinstance(outcome, TimedOut | Cancelled | Interrupted):
        return TimedOut(silence)
    return outcome


def _silence(limit_s: float, *, still_running: bool) -> TurnError:
    held = "reported the turn as running" if still_running else "had no work on it"
    text = f"The agent sent nothing for {limit_s:.0f} s; its own store {held}."
    return TurnError("agent_silent", text, "Send the prompt again; if the model needs longer, raise silence_timeout_s.")


def failed_by(error: BaseException) -> Failed:
    """An unexpected error of a backend, as an outcome with a name."""
    if isinstance(error, BoocoderError):
        return Failed(TurnError(error.code, error.text, error.cure))
    text = f"{type(error).__name__}: {error}"
    return Failed(TurnError("backend_error", text, "This is a fault of boocoder: please report it with the log."))
