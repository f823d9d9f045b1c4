"""Runs one turn on an open session: sends the prompt, reports updates, stops it and classifies the outcome.

One task handles everything in the order in which the agent sent it, the prompt's answer included.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import assert_never

from boocoder.backends.acp.approvals import AcpApprovals
from boocoder.backends.acp.options import OptionKind
from boocoder.backends.acp.outcome import classify, refused
from boocoder.backends.acp.protocol.agent_process import AgentProcess
from boocoder.backends.acp.protocol.connection import ConnectionDead
from boocoder.backends.acp.protocol.message import RpcResponse
from boocoder.backends.acp.session import AcpSession
from boocoder.backends.acp.settings import AcpSettings
from boocoder.backends.acp.steering import AcpSteering
from boocoder.backends.acp.turn_events import (
    ApprovalRequested,
    CancelIgnored,
    PromptAnswered,
    SessionUpdate,
    Signal,
    UnknownSessionUpdate,
)
from boocoder.backends.acp.updates.parser import Update, read_counts
from boocoder.backends.acp.updates.translator import AcpTranslator
from boocoder.backends.acp.updates.usage import UsageLedger
from boocoder.backends.base import SteerMessage, TurnPort
from boocoder.backends.prompt_images import PromptImage
from boocoder.backends.shared.approvals.rerun_watch import RerunWatch
from boocoder.backends.shared.line_journal import LineJournal
from boocoder.backends.shared.mailbox import Mailbox
from boocoder.backends.shared.outcomes import died, processes_left, stopped
from boocoder.backends.shared.turn_events import PortFailed, StopRequested
from boocoder.errors import BackendError
from boocoder.events import json_coerce
from boocoder.events.agent_event import AgentDone, AgentEvent, Notice, NoticeLevel
from boocoder.model.steer import SteerResult
from boocoder.model.turn import Completed, Failed, Outcome, StopReason, StopSignal, TurnError, TurnRequest
from boocoder.process.orphans import ToolDescendants
from boocoder.service import TaskSupervisor

log = logging.getLogger(__name__)


_CANCEL_AGAIN_S = 1.5  # an agent that had not started the prompt may have missed the first


class AcpTurn:
    """One turn.

    Args:
        request: what to do.
        port: where events go.
        process: the agent.
        session: opened and set.
        prompt: the text to send, with what the agent missed before it.
        images: sent behind the text.
        unfinished: commands of the last turn that the agent may run again.
        journal: of the turn.
        settings: limits.

    Attributes:
        spoiled: the process must not be reused.
    """

    def __init__(
        self,
        *,
        request: TurnRequest,
        port: TurnPort,
        process: AgentProcess,
        session: AcpSession,
        prompt: str,
        images: Sequence[PromptImage] = (),
        unfinished: Sequence[str] = (),
        journal: LineJournal,
        settings: AcpSettings,
    ) -> None:
        self._stop: StopSignal = request.stop
        self._port = port
        self._process = process
        self._connection = process.connection
        self._session = session
        self._prompt = [{"type": "text", "text": prompt}, *(_image_block(image) for image in images)]
        self._journal = journal
        self._settings = settings
        self._mail: Mailbox[Signal] = Mailbox()
        self._translator = AcpTranslator(
            ledger=UsageLedger(meaning=process.agent.usage, totals=session.totals),
            mode=_current_mode(session),
            roots=(request.worktree, request.worktree.resolve()),
        )
        self._descendants = ToolDescendants(process.child)
        self._reruns = self._watch_reruns(unfinished, request.prompt)
        self._approvals = AcpApprovals(
            connection=self._connection,
            port=port,
            translator=self._translator,
            worktree=request.worktree,
            mode=lambda: _current_mode(session) or request.mode or "",
            hides=process.child.hides,
            agent_asks=self._reruns.agent_asks,
            mail=self._mail,
        )
        self._steering = AcpSteering(
            process=process,
            native_id=session.native_id,
            translator=self._translator,
            timeout_s=settings.request_timeout_s,
        )
        self._tasks = TaskSupervisor("acp-turn")
        self._ending: StopReason | None = None
        self._broken_before = self._connection.broken_lines + process.child.dropped_lines
        self._strange = False
        self.spoiled = False

    def _watch_reruns(self, commands: Sequence[str], prompt: str) -> RerunWatch:
        return RerunWatch(
            commands=commands,
            prompt=prompt,
            descendants=self._descendants,
            port=self._port,
            failed=lambda error: self._mail.put(PortFailed(error)),
        )

    async def run(self) -> Outcome:
        """Send the prompt and run the turn to its end.

        Raises:
            LeaseLost: the port refused to go on; the caller ends the process.
        """
        self._session.listen(self._mail)
        try:
            if self._session.commands is not None:
                await self._report(self._session.commands)
                self._session.commands = None
            self._tasks.spawn(self._watch_stop(), "stop")
            self._tasks.spawn(self._watch_death(), "death")
            outcome = await self._send()
            while outcome is None:
                outcome = await self._handle(await self._mail.get())
                if not len(self._mail):
                    await self._emit(self._translator.flush())
            return outcome
        finally:
            self._steering.end()
            self._session.leave()
            self._mail.close()
            await self._tasks.stop()
            await self._reruns.stop()
            await self._approvals.cancel()

    async def steer(self, message: SteerMessage) -> SteerResult:
        """Give the agent a message, if it takes one."""
        return await self._steering.deliver(message)

    async def reconcile(self, timeout_s: float) -> bool:
        """Whether the agent still works on the turn: it must answer a request, if it offers a suitable one."""
        if self._connection.dead:
            return False
        if not self._process.capabilities.list or self._translator.open_tools or len(self._approvals):
            return True
        try:
            await self._connection.call("session/list", {}, timeout_s=timeout_s)
        except BackendError as error:
            return error.code == "agent_refused"
        return True

    async def _send(self) -> Outcome | None:
        params = {"sessionId": self._session.native_id, "prompt": self._prompt}
        try:
            await self._connection.send("session/prompt", params, lambda answer: self._mail.put(PromptAnswered(answer)))
        except ConnectionDead as error:
            return await self._close(self._dead(error))
        self._steering.begin()
        return None

    async def _handle(self, signal: Signal) -> Outcome | None:
        match signal:
            case SessionUpdate(update=update, line=line):
                self._journal.write(line)
                await self._report(update)
            case ApprovalRequested(call=call, line=line):
                self._journal.write(line)
                await self._emit(await self._approvals.take(call))
            case UnknownSessionUpdate(native_id=native_id):
                await self._on_strange(native_id)
            case PromptAnswered(answer=answer):
                return await self._on_answer(answer)
            case StopRequested(reason=reason):
                self._ending = reason
            case CancelIgnored():
                return await self._on_cancel_ignored()
            case PortFailed(error=error):
                raise error
            case _:
                assert_never(signal)
        return None

    async def _report(self, update: Update) -> None:
        await self._emit(self._translator.on_update(update))

    async def _on_strange(self, native_id: str) -> None:
        if not self._strange:
            self._strange = True
            text = f"The agent sent updates of an unknown session ({native_id[:60]!r}); they are left out."
            await self._emit([Notice("update_of_unknown_session", text, NoticeLevel.WARNING)])

    async def _on_answer(self, answer: RpcResponse | ConnectionDead) -> Outcome:
        self._steering.end()
        if isinstance(answer, ConnectionDead):
            return await self._close(self._dead(answer))
        if answer.error is None:
            self._journal.ended(answer.result)
            if self._ending is None:
                await self._emit([AgentDone()])
        await self._take_late()
        counts = json_coerce.mapping(answer.result)
        meta = json_coerce.mapping(json_coerce.mapping(counts.get("_meta")).get("quota")).get("token_count")
        await self._emit(self._translator.on_answer(read_counts(counts.get("usage")) or read_counts(meta)))
        if self._ending is not None:
            # An error instead of "cancelled" means that the session may be stuck; what a tool left behind goes with it.
            self.spoiled = answer.error is not None or await self._descendants.remain(self._translator.used_tools)
            return await self._close(stopped(self._ending))
        if answer.error is not None:
            return await self._close(refused(answer.error, self._process.agent))
        product = self._translator.product(prompt=str(self._prompt[0]["text"]))
        outcome, notice = classify(answer.result, self._process.agent, product)
        return await self._close(outcome, notice)

    async def _take_late(self) -> None:
        """Some agents send an update after their answer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.settle_s):
                while True:
                    signal = await self._mail.get()
                    if isinstance(signal, SessionUpdate):
                        self._journal.write(signal.line)
                        await asyncio.shield(self._report(signal.update))
                    elif isinstance(signal, PortFailed):
                        raise signal.error

    async def _on_cancel_ignored(self) -> Outcome:
        self.spoiled = True
        text = f"The agent did not stop within {self._settings.cancel_grace_s:g} s and was killed."
        assert self._ending is not None
        return await self._close(stopped(self._ending), Notice("agent_killed", text, NoticeLevel.WARNING))

    def _dead(self, death: ConnectionDead) -> Outcome:
        self.spoiled = True
        if self._ending is not None:
            return stopped(self._ending)
        return died(death.text, expected=self._process.ending)

    async def _close(self, outcome: Outcome, notice: Notice | None = None) -> Outcome:
        await self._emit(self._translator.close_tools(completed=isinstance(outcome, Completed)))
        broken = self._connection.broken_lines + self._process.child.dropped_lines - self._broken_before
        if broken:
            text = f"{broken} messages of the agent could not be read; something may be missing here."
            await self._emit([Notice("agent_garbled", text, NoticeLevel.WARNING)])
            if isinstance(outcome, Failed) and outcome.error.code == "agent_gave_nothing":
                error = outcome.error
                outcome = Failed(TurnError("agent_garbled", f"{error.text} {text}", error.cure))
        left = await asyncio.to_thread(self._descendants.settle, self._translator.used_tools)
        alive = processes_left(left) if not self.spoiled else None
        await self._emit([one for one in (notice, alive) if one is not None])
        return outcome

    async def _emit(self, events: list[AgentEvent]) -> None:
        for event in events:
            await self._port.emit(event)
            await self._reruns.see(event)

    async def _watch_stop(self) -> None:
        """The cancel ladder: open requests, the agent's own cancel, and, if that is ignored, the end of its process."""
        reason = await self._stop.wait()
        self._mail.put(StopRequested(reason))
        try:
            async with asyncio.timeout(self._settings.cancel_grace_s):
                await self._approvals.cancel()
                while True:
                    await self._connection.notify("session/cancel", {"sessionId": self._session.native_id})
                    await asyncio.sleep(_CANCEL_AGAIN_S)
        except TimeoutError:
            self._mail.put(CancelIgnored())
        except ConnectionDead:
            if not self._connection.dead:  # it takes no input; a death ends the turn by itself
                self._mail.put(CancelIgnored())

    async def _watch_death(self) -> None:
        """Report the death even while the prompt's request is not open."""
        death = await self._connection.wait_dead()
        self._mail.put(PromptAnswered(death))


def _image_block(image: PromptImage) -> dict[str, str]:
    return {"type": "image", "data": image.base64, "mimeType": image.media_type}


def _current_mode(session: AcpSession) -> str:
    mode = session.options.get(OptionKind.MODE)
    return (mode.current or "") if mode is not None else ""
