"""Background tasks of one turn: each waits for one thing and puts one signal into the turn's mailbox."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from boocoder.backends.opencode.http.client import OpenCodeClient, Prompt, Unreachable
from boocoder.backends.opencode.server.process import ServerProcess
from boocoder.backends.opencode.turn_events import (
    AbortDone,
    AnswerLost,
    PromptReplied,
    ServerDied,
    SessionIdle,
    Signal,
)
from boocoder.backends.shared.mailbox import Mailbox
from boocoder.backends.shared.turn_events import StopRequested
from boocoder.errors import BackendError
from boocoder.model.turn import StopSignal
from boocoder.net.backoff import backoff, jittered
from boocoder.service import TaskSupervisor

log = logging.getLogger(__name__)

_SEND_TRIES = 3  # only while the connection itself is refused, so that the prompt cannot have arrived
_SEND_PAUSE_S = 0.3
_SEND_PAUSE_MAX_S = 1.2
_POLL_S = 0.5  # between questions whether a turn whose answer was lost still runs
_POLL_FAILURES_MAX = 6
_AFTER_ABORT_S = 1.0  # the answer comes within 0.2 s of a confirmed abort


class TurnTasks:
    """Background work of one turn.

    Args:
        process: the server.
        session_id, directory: the turn's session and worktree.
        mail: where signals go.
    """

    def __init__(self, *, process: ServerProcess, session_id: str, directory: Path, mail: Mailbox[Signal]) -> None:
        self._process = process
        self._client: OpenCodeClient = process.client
        self._session = session_id
        self._directory = directory
        self._mail = mail
        self._tasks = TaskSupervisor("opencode-turn")

    def send(self, prompt: Prompt) -> None:
        """Send the prompt; Answered or AnswerLost follows."""
        self._tasks.spawn(self._send(prompt), "prompt")

    def watch(self, stop: StopSignal) -> None:
        """Watch for a request to stop and for the server's death; StopRequested or ServerDied may follow."""
        self._tasks.spawn(self._watch_stop(stop), "stop")
        self._tasks.spawn(self._watch_death(), "death")

    def abort(self, timeout_s: float) -> None:
        """Have opencode end the turn; AbortDone follows, or Answered before it."""
        self._tasks.spawn(self._abort(timeout_s), "abort")

    def poll(self) -> None:
        """Ask until the session is idle; SessionIdle follows, or AnswerLost if the server does not answer."""
        self._tasks.spawn(self._poll(), "poll")

    async def stop(self) -> None:
        """End all of it. Safe twice."""
        await self._tasks.stop()

    async def _send(self, prompt: Prompt) -> None:
        for attempt in range(1, _SEND_TRIES + 1):
            try:
                self._mail.put(PromptReplied(await self._client.prompt(self._session, prompt)))
                return
            except BackendError as error:
                delivered = not isinstance(error, Unreachable) or error.delivered
                if delivered or attempt == _SEND_TRIES:
                    self._mail.put(AnswerLost(error))
                    return
            await asyncio.sleep(backoff(attempt, first_s=_SEND_PAUSE_S, cap_s=_SEND_PAUSE_MAX_S))

    async def _watch_stop(self, stop: StopSignal) -> None:
        self._mail.put(StopRequested(await stop.wait()))

    async def _watch_death(self) -> None:
        text = await self._process.wait_died()
        self._mail.put(ServerDied(text, expected=self._process.ending))

    async def _abort(self, timeout_s: float) -> None:
        obeyed = True
        try:
            await self._client.abort(self._session, timeout_s)
            await asyncio.sleep(_AFTER_ABORT_S)
        except BackendError as error:
            obeyed = False
            log.warning("opencode did not confirm an abort", extra={"reason": error.text})
        self._mail.put(AbortDone(obeyed))

    async def _poll(self) -> None:
        failures = 0
        while True:
            await asyncio.sleep(jittered(_POLL_S))
            try:
                status = await self._client.status(self._session, self._directory)
            except BackendError as error:
                failures += 1
                if failures >= _POLL_FAILURES_MAX:
                    self._mail.put(AnswerLost(Unreachable(error.text, delivered=False)))
                    return
            else:
                failures = 0
                if status.type == "idle":
                    self._mail.put(SessionIdle())
                    return
