"""Runs one turn on an open session: sends the prompt, shows what comes, ends it, and says how it ended.

The prompt's request settles the turn by its answer; the stream only shows it meanwhile, and the store, asked at the
end, has the last word on the text. One task handles everything in order; errands only put signals in its mailbox.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from boocoder.backends.base import TurnPort
from boocoder.backends.opencode import verdict
from boocoder.backends.opencode.approvals import Approvals
from boocoder.backends.opencode.client import Prompt, Refused, Unreachable
from boocoder.backends.opencode.errands import Errands
from boocoder.backends.opencode.mailbox import Gap, Mailbox
from boocoder.backends.opencode.server_process import ServerProcess
from boocoder.backends.opencode.settings import OpenCodeSettings
from boocoder.backends.opencode.signals import (
    AbortDone,
    Answered,
    AnswerLost,
    PortFailed,
    ServerDied,
    Signal,
    StopAsked,
    StoreAsked,
    WentIdle,
)
from boocoder.backends.opencode.store import final_of, messages_after
from boocoder.backends.opencode.translate import TurnTranslator
from boocoder.backends.opencode.wire import Message, PermissionAsked, QuestionAsked, ServerEvent
from boocoder.errors import BackendError
from boocoder.events.agent_event import AgentEvent, Notice, NoticeLevel, ToolStatus
from boocoder.model.turn import Completed, Interrupted, Outcome, TurnError, TurnRequest

log = logging.getLogger(__name__)

_STORE_PAUSE_S = 2.0  # at most one look into the store in so many seconds, however many gaps there are
_DEATH_NOTICE_S = 1.0  # a refused connection is often the first sign of a dead server


class Turn:
    """One turn.

    Args:
        request: what to do.
        port: where events go.
        process: the server.
        session_id: the open session.
        prompt: with its idempotent ids.
        settings: limits.

    Attributes:
        unruly: the server did not confirm that the turn ended.
        settled_at: the session's newest message once the turn has completed and nothing runs in the session, else "".
    """

    def __init__(
        self,
        *,
        request: TurnRequest,
        port: TurnPort,
        process: ServerProcess,
        session_id: str,
        prompt: Prompt,
        settings: OpenCodeSettings,
    ) -> None:
        self._request = request
        self._port = port
        self._process = process
        self._client = process.client
        self._session = session_id
        self._prompt = prompt
        self._settings = settings
        self._mail: Mailbox[Signal] = Mailbox()
        self._translator = TurnTranslator(session_id=session_id, prompt_id=prompt.message_id)
        self._approvals = Approvals(
            client=process.client,
            port=port,
            directory=request.worktree,
            translator=self._translator,
            mail=self._mail,
        )
        self._errands = Errands(process=process, session_id=session_id, directory=request.worktree, mail=self._mail)
        self._ending: Outcome | None = None
        self._retrying_since: float | None = None
        self._store_read_at = float("-inf")
        self._had_gap = False
        self.unruly = False
        self.settled_at = ""

    async def run(self) -> Outcome:
        """Send the prompt and stay until the turn is over.

        Raises:
            LeaseLost: the port refused to go on; the caller aborts the session.
        """
        self._process.stream.subscribe(self._session, self._mail)
        try:
            self._errands.watch(self._request.stop)
            self._errands.send(self._prompt)
            outcome = None
            while outcome is None:
                outcome = await self._step()
            return outcome
        finally:
            self._process.stream.unsubscribe(self._session)
            await self._approvals.stop()
            await self._errands.stop()

    async def reconcile(self, timeout_s: float) -> bool:
        """Ask the store now; whether the agent still works on the turn. False after `timeout_s`."""
        working: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._mail.put(StoreAsked(working))
        try:
            async with asyncio.timeout(timeout_s):
                return await working
        except TimeoutError:
            return False

    async def _step(self) -> Outcome | None:
        deadline = self._retry_deadline()
        try:
            async with asyncio.timeout_at(deadline):
                signal = await self._mail.get()
        except TimeoutError:
            retry = self._translator.retry
            if retry is not None:
                self._end(verdict.retried_too_long(retry, self._settings.model_retry_limit_s))
            return None
        return await self._handle(signal)

    def _retry_deadline(self) -> float | None:
        """When, on the loop's clock, retrying has to be over; None while a model call or the turn's end is on."""
        if self._translator.retry is None or self._ending is not None:
            self._retrying_since = None
            return None
        if self._retrying_since is None:
            self._retrying_since = asyncio.get_running_loop().time()
        return self._retrying_since + self._settings.model_retry_limit_s if self._translator.waiting else None

    async def _handle(self, signal: Signal) -> Outcome | None:
        match signal:
            case Answered(message=message):
                return await self._settle(message.info)
            case AnswerLost(error=error):
                return await self._on_answer_lost(error)
            case WentIdle():
                return await self._settle(None)
            case StopAsked(reason=reason):
                self._end(verdict.stopped(reason))
            case AbortDone(obeyed=obeyed):
                self.unruly = not obeyed
                return await self._settle(None)
            case ServerDied(text=text, expected=expected):
                return await self._close(self._dead(text, expected))
            case _:
                await self._on_passing(signal)
        return None

    async def _on_passing(self, signal: ServerEvent | Gap | StoreAsked | PortFailed) -> None:
        match signal:
            case StoreAsked(working=working):
                await self._on_store_asked(working)
            case PortFailed(error=error):
                raise error
            case Gap():
                await self._on_gap()
            case _:
                await self._on_event(signal)

    async def _on_event(self, event: ServerEvent) -> None:
        await self._emit(self._translator.on_event(event))
        if isinstance(event, PermissionAsked | QuestionAsked) and self._ending is None:
            self._approvals.take(event)
        for child in self._translator.children:
            self._process.stream.adopt(child, self._session)
        if self._translator.unknown_finishes >= self._settings.loop_limit:
            self._end(verdict.looping(self._translator.unknown_finishes))

    async def _on_gap(self) -> None:
        self._translator.on_gap()
        self._had_gap = True
        if asyncio.get_running_loop().time() - self._store_read_at < _STORE_PAUSE_S:
            return  # what is missing is asked for at the turn's end at the latest
        text = "The connection to opencode had a gap; what was missed is filled in as each part ends."
        await self._emit([Notice("stream_reconnected", text)])
        await self._look_into_store()

    async def _on_store_asked(self, working: asyncio.Future[bool]) -> None:
        busy, final = await self._look_into_store()
        if not busy and final is not None and not final.open:
            self._mail.put(WentIdle())  # over, although its answer has not reached us
            busy = True
        if not working.done():
            working.set_result(busy)

    async def _look_into_store(self) -> tuple[bool, Message | None]:
        """Emit what was missed; whether the agent still works on the turn, and its newest message."""
        try:
            status = await self._client.status(self._session, self._request.worktree)
            final = await self._read_store()
            await self._approvals.find_pending({self._session, *self._translator.children})
        except BackendError as error:
            log.info("opencode's store could not be read", extra={"reason": error.text})
            return False, None
        await self._emit(self._translator.on_status(status))
        return status.type != "idle" or len(self._approvals) > 0, final

    async def _read_store(self) -> Message | None:
        """Emit what the store has of the turn and was not emitted; the newest message of the agent."""
        self._store_read_at = asyncio.get_running_loop().time()
        if self._had_gap:
            for child in await self._client.children(self._session):
                self._process.stream.adopt(child.id, self._session)
                self._translator.on_child(child.id)
        seen = self._translator.message_count
        stored = await messages_after(self._client, self._session, self._prompt.message_id, expected=seen)
        await self._emit(self._translator.on_messages(stored, self._session))
        for child_id in self._translator.children:
            of_child = await messages_after(self._client, child_id, self._prompt.message_id)
            await self._emit(self._translator.on_messages(of_child, child_id))
        return final_of(stored)

    async def _emit(self, events: list[AgentEvent]) -> None:
        for event in events:
            await self._port.emit(event)

    def _end(self, outcome: Outcome) -> None:
        """Have opencode end the turn; the first reason is the one that counts."""
        if self._ending is None:
            self._ending = outcome
            self._errands.abort(self._settings.abort_timeout_s)

    async def _on_answer_lost(self, error: BackendError) -> Outcome | None:
        if isinstance(error, Refused):
            return await self._close(await self._explain(error))
        if isinstance(error, Unreachable) and not error.delivered:
            await self._catch_up(lambda: self._process.dead, _DEATH_NOTICE_S)
            if self._process.dead:
                return None  # ServerDied is in the mailbox
            return await self._close(verdict.unusable(error.code, error.text, error.cure))
        self._errands.poll()
        return None

    async def _explain(self, error: Refused) -> Outcome:
        """opencode says why it refused a prompt on the stream, a moment before or after its bare 500."""
        if self._ending is not None:
            return self._ending
        if error.http_status == 401:
            cure = "Another program took opencode's place or its password; restart boocoder."
            return verdict.unusable("agent_unauthorised", error.text, cure)
        await self._catch_up(lambda: self._translator.error is not None, self._settings.settle_wait_s)
        said = self._translator.error
        return verdict.refused(said.data.message if said and said.data.message else error.text)

    def _dead(self, text: str, expected: bool) -> Outcome:
        if self._ending is not None:
            return self._ending
        if expected:
            error = TurnError("agent_stopped", "opencode was stopped while the turn ran.", "Resume the turn.")
            return Interrupted(error)
        return verdict.died(text)

    async def _settle(self, answer: Message | None) -> Outcome:
        """The turn is over: let the stream catch up, let the store fill in, and judge."""
        await self._approvals.stop()
        if not self.unruly:
            await self._catch_up(lambda: self._translator.idle, self._settings.settle_wait_s)
        final = answer
        try:
            final = await self._read_store() or answer
        except BackendError as error:
            if self._process.dead:
                return await self._close(self._dead(await self._process.wait_died(), self._process.ending))
            if self._ending is None and answer is None:
                return await self._close(verdict.unusable(error.code, error.text, error.cure))
            text = "opencode's store could not be read at the end; the last words may be missing."
            await self._emit([Notice("store_unreadable", text, NoticeLevel.WARNING)])
        outcome = self._ending or verdict.judge(final, said_something=self._translator.said_something)
        if isinstance(outcome, Completed) and final is not None and final.finish == "length":
            text = "The model stopped at its limit of output tokens; its answer may be unfinished."
            await self._emit([Notice("answer_cut_at_limit", text, NoticeLevel.WARNING)])
        if isinstance(outcome, Completed) and final is not None and self._translator.idle:
            self.settled_at = final.id
        return await self._close(outcome)

    async def _close(self, outcome: Outcome) -> Outcome:
        left = ToolStatus.FAILED if isinstance(outcome, Completed) else ToolStatus.CANCELLED
        await self._emit(self._translator.close_tools(left))
        disagreement = self._translator.disagreement()
        if disagreement is not None:
            await self._emit([disagreement])
        return outcome

    async def _catch_up(self, done: Callable[[], bool], limit_s: float) -> None:
        """Take what the stream still brings until `done` or `limit_s` is over; the turn's end is decided already."""
        deadline = asyncio.get_running_loop().time() + limit_s
        while not done():
            try:
                async with asyncio.timeout_at(deadline):
                    signal = await self._mail.get()
            except TimeoutError:
                log.info("opencode's event stream did not catch up with the turn's end")
                return
            if isinstance(signal, ServerDied):
                self._mail.put(signal)
                return
            await self._take_late(signal)

    async def _take_late(self, signal: Signal) -> None:
        match signal:
            case Answered() | AnswerLost() | WentIdle() | StopAsked() | AbortDone() | ServerDied():
                pass
            case StoreAsked(working=working):
                if not working.done():
                    working.set_result(True)
            case Gap():
                self._translator.on_gap()
                self._had_gap = True
            case PortFailed(error=error):
                raise error
            case _:
                await self._emit(self._translator.on_event(signal))
