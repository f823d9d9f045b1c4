"""Runs one turn on an open session: sends the prompt, reports events, stops it and classifies the outcome.

The answer to the prompt's request ends the turn; until then the stream shows it, and the store, read at the end,
is authoritative for the text. One task handles everything in order; background tasks only put signals in its mailbox.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from boocoder.backends.base import SteerMessage, TurnPort
from boocoder.backends.opencode import outcome as opencode_outcome
from boocoder.backends.opencode.approvals import OpenCodeApprovals
from boocoder.backends.opencode.events.translator import OpenCodeTranslator
from boocoder.backends.opencode.http.client import Prompt, ServerRefused, Unreachable
from boocoder.backends.opencode.http.store import final_of, messages_after
from boocoder.backends.opencode.http.wire import (
    MessageInfo,
    MessageUpdated,
    PermissionAsked,
    PermissionReplied,
    QuestionAsked,
    QuestionReplied,
    ServerEvent,
    StoredMessage,
)
from boocoder.backends.opencode.server.process import ServerProcess
from boocoder.backends.opencode.settings import OpenCodeSettings
from boocoder.backends.opencode.steering import OpenCodeSteering
from boocoder.backends.opencode.turn_events import (
    AbortDone,
    AnswerLost,
    EventGap,
    PromptReplied,
    ReconcileRequested,
    ServerDied,
    SessionIdle,
    Signal,
    SteerReplied,
)
from boocoder.backends.opencode.turn_tasks import TurnTasks
from boocoder.backends.shared import outcomes
from boocoder.backends.shared.mailbox import Mailbox
from boocoder.backends.shared.turn_events import PortFailed, StopRequested
from boocoder.errors import BackendError
from boocoder.events.agent_event import AgentDone, AgentEvent, Notice, NoticeLevel, ToolStatus
from boocoder.model.steer import SteerResult
from boocoder.model.turn import Completed, Interrupted, Outcome, TurnError, TurnRequest

log = logging.getLogger(__name__)

_EVENTS_MAX = 8192  # waiting stream events; a burst of a 2,000-word answer is 2,031

_STORE_PAUSE_S = 2.0  # at most one look into the store in so many seconds, however many gaps there are
_DEATH_NOTICE_S = 1.0  # a refused connection is often the first sign of a dead server


class OpenCodeTurn:
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
        self._mail: Mailbox[Signal] = Mailbox(max_items=_EVENTS_MAX, gap=EventGap())
        self._translator = OpenCodeTranslator(session_id=session_id, prompt_id=prompt.message_id)
        self._approvals = OpenCodeApprovals(
            client=process.client,
            port=port,
            directory=request.worktree,
            attachments=request.attachments,
            translator=self._translator,
            hides=process.child.hides,
            mail=self._mail,
        )
        self._turn_tasks = TurnTasks(
            process=process, session_id=session_id, directory=request.worktree, mail=self._mail
        )
        self._steering = OpenCodeSteering(
            client=process.client, session_id=session_id, task_id=request.task_id, prompt=prompt, mail=self._mail
        )
        self._reply: StoredMessage | None = None
        self._answer: MessageInfo | None = None
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
            self._turn_tasks.watch(self._request.stop)
            self._turn_tasks.send(self._prompt)
            outcome = None
            while outcome is None:
                outcome = await self._step()
            return outcome
        finally:
            self._process.stream.unsubscribe(self._session)
            await self._steering.stop()
            await self._approvals.stop()
            await self._turn_tasks.stop()

    async def steer(self, message: SteerMessage) -> SteerResult:
        """Give the session a second prompt."""
        return await self._steering.deliver(message)

    async def reconcile(self, timeout_s: float) -> bool:
        """Ask the store now; whether the agent still works on the turn. False after `timeout_s`."""
        working: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._mail.put(ReconcileRequested(working))
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
                self._end(opencode_outcome.retried_too_long(retry, self._settings.model_retry_limit_s))
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
            case PromptReplied(message=message):
                self._reply = message
                return await self._on_answer(message.info)
            case SteerReplied(message=message):
                self._steering.open -= 1
                if self._answer is not None:
                    return await self._on_answer(message.info if message is not None else self._answer)
            case AnswerLost(error=error):
                return await self._on_answer_lost(error)
            case SessionIdle():
                return await self._finish(None)
            case StopRequested(reason=reason):
                self._end(outcomes.stopped(reason))
            case AbortDone(obeyed=obeyed):
                self.unruly = not obeyed
                return await self._finish(None)
            case ServerDied(text=text, expected=expected):
                return await self._close(self._dead(text, expected))
            case _:
                await self._on_passing(signal)
        return None

    async def _on_answer(self, answer: MessageInfo) -> Outcome | None:
        """The prompt was answered; the turn is over unless a message to it is not."""
        self._answer = max(self._answer or answer, answer, key=lambda info: info.id)
        return None if self._steering.open else await self._finish(self._answer)

    async def _on_passing(self, signal: ServerEvent | EventGap | ReconcileRequested | PortFailed) -> None:
        match signal:
            case ReconcileRequested(working=working):
                await self._on_store_asked(working)
            case PortFailed(error=error):
                raise error
            case EventGap():
                await self._on_gap()
            case _:
                await self._on_event(signal)

    async def _on_event(self, event: ServerEvent) -> None:
        await self._emit(self._translator.on_event(event))
        if isinstance(event, MessageUpdated):
            self._steering.on_message(event.info.id)
        if isinstance(event, PermissionAsked | QuestionAsked) and self._ending is None:
            self._approvals.take(event)
        if isinstance(event, PermissionReplied | QuestionReplied) and self._approvals.answered_by_another(event):
            self._end(opencode_outcome.decided_by_another())
        for child in self._translator.children:
            self._process.stream.adopt(child, self._session)
        if self._translator.unknown_finishes >= self._settings.loop_limit:
            self._end(opencode_outcome.looping(self._translator.unknown_finishes))

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
            self._mail.put(SessionIdle())  # over, although its answer has not reached us
            busy = True
        if not working.done():
            working.set_result(busy)

    async def _look_into_store(self) -> tuple[bool, MessageInfo | None]:
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

    async def _read_store(self) -> MessageInfo | None:
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
            self._turn_tasks.abort(self._settings.abort_timeout_s)

    async def _on_answer_lost(self, error: BackendError) -> Outcome | None:
        if isinstance(error, ServerRefused):
            return await self._close(await self._explain(error))
        if isinstance(error, Unreachable) and not error.delivered:
            await self._catch_up(lambda: self._process.dead, _DEATH_NOTICE_S)
            if self._process.dead:
                return None  # ServerDied is in the mailbox
            return await self._close(opencode_outcome.unusable(error.code, error.text, error.cure))
        self._turn_tasks.poll()
        return None

    async def _explain(self, error: ServerRefused) -> Outcome:
        """opencode says why it refused a prompt on the stream, a moment before or after its bare 500."""
        if self._ending is not None:
            return self._ending
        if error.http_status == 401:
            cure = "Another program took opencode's place or its password; restart boocoder."
            return opencode_outcome.unusable("agent_unauthorised", error.text, cure)
        await self._catch_up(lambda: self._translator.error is not None, self._settings.settle_wait_s)
        said = self._translator.error
        return opencode_outcome.refused(said.data.message if said and said.data.message else error.text)

    def _dead(self, text: str, expected: bool) -> Outcome:
        if self._ending is not None:
            return self._ending
        if expected:
            error = TurnError("agent_stopped", "opencode was stopped while the turn ran.", "Resume the turn.")
            return Interrupted(error)
        return opencode_outcome.died(text)

    async def _finish(self, answer: MessageInfo | None) -> Outcome:
        """The turn is over: let the stream catch up, let the store fill in, and judge."""
        if answer is not None and answer.error is None and self._ending is None:
            await self._emit([AgentDone()])
        await self._steering.stop()
        await self._approvals.stop()
        if not self.unruly:
            await self._catch_up(lambda: self._translator.idle, self._settings.settle_wait_s)
        final = answer
        try:
            if not await self._streamed_whole(answer):
                final = await self._read_store() or answer
        except BackendError as error:
            if self._process.dead:
                return await self._close(self._dead(await self._process.wait_died(), self._process.ending))
            if self._ending is None and answer is None:
                return await self._close(opencode_outcome.unusable(error.code, error.text, error.cure))
            text = "opencode's store could not be read at the end; the last words may be missing."
            await self._emit([Notice("store_unreadable", text, NoticeLevel.WARNING)])
        outcome = self._ending or opencode_outcome.classify(final, said_something=self._translator.said_something)
        if isinstance(outcome, Completed) and self._approvals.passed_over:
            outcome = opencode_outcome.decided_by_another()
        if isinstance(outcome, Completed) and final is not None and final.finish == "length":
            text = "The model stopped at its limit of output tokens; its answer may be unfinished."
            await self._emit([Notice("answer_cut_at_limit", text, NoticeLevel.WARNING)])
        if isinstance(outcome, Completed) and final is not None and self._translator.idle:
            self.settled_at = final.id
        return await self._close(outcome)

    async def _streamed_whole(self, answer: MessageInfo | None) -> bool:
        """Whether the stream has brought all of a plain turn, whose last message its answer has as the store has it."""
        if (
            self._reply is None
            or answer is not self._reply.info
            or answer.error is not None
            or self._ending is not None
        ):
            return False
        if self._had_gap or self._steering.used:
            return False
        await self._emit(self._translator.on_messages([self._reply], self._session))
        return self._translator.whole

    async def _close(self, outcome: Outcome) -> Outcome:
        left = ToolStatus.UNREPORTED if isinstance(outcome, Completed) else ToolStatus.CANCELLED
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
            case (
                PromptReplied()
                | SteerReplied()
                | AnswerLost()
                | SessionIdle()
                | StopRequested()
                | AbortDone()
                | ServerDied()
            ):
                pass
            case ReconcileRequested(working=working):
                if not working.done():
                    working.set_result(True)
            case EventGap():
                self._translator.on_gap()
                self._had_gap = True
            case PortFailed(error=error):
                raise error
            case _:
                await self._emit(self._translator.on_event(signal))
