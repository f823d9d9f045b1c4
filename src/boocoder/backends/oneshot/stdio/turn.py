"""Runs one turn in a kept-open agent: sends the prompt, reports its output, stops it and classifies the outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from boocoder.backends.base import TurnPort
from boocoder.backends.oneshot import outcome as oneshot_outcome
from boocoder.backends.oneshot.formats.reader import OutputReader
from boocoder.backends.oneshot.outcome import TurnFacts
from boocoder.backends.oneshot.settings import OneShotAgent, OneShotSettings
from boocoder.backends.oneshot.stdio import control
from boocoder.backends.oneshot.stdio.approvals import StdioApprovals
from boocoder.backends.oneshot.stdio.process import StdioProcess
from boocoder.backends.oneshot.turn_record import TurnRecord
from boocoder.backends.prompt_images import PromptImage
from boocoder.backends.shared.approvals.rerun_watch import RerunWatch
from boocoder.backends.shared.outcomes import processes_left, stopped
from boocoder.errors import BackendError, ProcessError
from boocoder.events.agent_event import AgentCommands, AgentEvent, Notice, NoticeLevel
from boocoder.model.turn import Completed, Outcome, StopReason, StopSignal
from boocoder.process.orphans import ToolDescendants
from boocoder.service import TaskSupervisor

_END_S = 0.5  # of a process that closed its output


class StdioTurn:
    """One turn.

    Args:
        agent: who works.
        conversation: with it.
        prompt: the text to send, with what the agent missed before it.
        images: that the person attached.
        mode: of the turn, "" where the agent chooses.
        unfinished: commands of the last turn that the agent may run again.
        words: the person's own of the prompt.
        reader: of its output.
        record: what the turn leaves on the disk.
        port: where events go.
        stop: asks the turn to end.
        settings: limits.

    Attributes:
        spoiled: the process must not be reused.
    """

    def __init__(
        self,
        *,
        agent: OneShotAgent,
        conversation: StdioProcess,
        prompt: str,
        images: Sequence[PromptImage],
        mode: str,
        unfinished: Sequence[str],
        words: str,
        reader: OutputReader,
        record: TurnRecord,
        port: TurnPort,
        stop: StopSignal,
        settings: OneShotSettings,
    ) -> None:
        self._agent = agent
        self._conversation = conversation
        self._prompt = prompt
        self._images = images
        self._record = record
        self._port = port
        self._stop = stop
        self._settings = settings
        self._reader = reader
        self._descendants = ToolDescendants(conversation.child)
        self._reruns = RerunWatch(
            commands=unfinished, prompt=words, descendants=self._descendants, port=port, failed=self._fail
        )
        self._approvals = StdioApprovals(
            send=self._send,
            port=port,
            worktree=conversation.worktree,
            mode=mode,
            hides=conversation.child.hides,
            agent_asks=self._reruns.agent_asks,
            failed=self._fail,
        )
        self._dropped_before = conversation.child.dropped_lines
        self._tasks = TaskSupervisor("oneshot-stream")
        self._asked: StopReason | None = None
        self._over = asyncio.Event()
        self._port_error: BaseException | None = None
        self._ignored = False
        self._lingered = False
        self.spoiled = False

    async def run(self) -> Outcome:
        """Send the prompt and run the turn to its end.

        Raises:
            LeaseLost: the port refused to go on; the caller ends the process.
            OSError: the record cannot be written.
        """
        self._conversation.listen()
        try:
            if self._conversation.commands:
                await self._port.emit(AgentCommands(self._conversation.commands))
                self._conversation.commands = ()
            self._tasks.spawn(self._watch_stop(), "stop")
            reading = self._tasks.spawn(self._read_quietly(), "lines")
            over = self._tasks.spawn(self._over.wait(), "over")
            with suppress(ProcessError):  # a process that takes no prompt is dead; the next line says so
                await self._send(control.user_message(self._prompt, self._images))
            await asyncio.wait({reading, over}, return_when=asyncio.FIRST_COMPLETED)
            reading.cancel()
            await asyncio.wait({reading})
            if self._port_error is not None:
                raise self._port_error
            return await self._finish()
        finally:
            self._conversation.leave()
            await self._tasks.stop()
            await self._reruns.stop()
            await self._approvals.cancel()

    @property
    def running(self) -> bool:
        """Whether the agent is there."""
        return self._conversation.usable

    async def _read_quietly(self) -> None:
        """Keep the port's errors for `run`; they are no fault of the task."""
        try:
            await self._read()
        except Exception as error:  # noqa: BLE001 -- raised again by `run`
            self._port_error = error

    async def _read(self) -> None:
        while self._reader.story.ending is None:
            line = await self._conversation.next_line()
            if line is None:
                self.spoiled = True
                return
            await self._take(line)
        await self._take_late()

    async def _take_late(self) -> None:
        """Some agents send a line after their result."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._settings.settle_s
        with suppress(TimeoutError):
            while True:
                async with asyncio.timeout_at(until):
                    line = await self._conversation.next_line()
                if line is None:
                    return
                await self._take(line)

    async def _take(self, line: bytes) -> None:
        self._record.lines((line,))
        match control.read_control(line):
            case control.ControlRequest() as asked:
                await self._approvals.take(asked)
            case control.RequestWithdrawn(id=id):
                self._approvals.withdraw(id)
            case None:
                events = self._reader.take(line)
                self._record.learn(self._reader.story)
                await self._emit(self._record.of_turn(events))

    async def _finish(self) -> Outcome:
        child = self._conversation.child
        returncode = await self._returncode() if self.spoiled else None
        facts = TurnFacts(
            reader=self._reader,
            returncode=returncode,
            stderr=child.stderr_tail() if self.spoiled else "",
            dropped_lines=child.dropped_lines - self._dropped_before,
            lingered=self._lingered,
            expected=self._conversation.ending,
        )
        outcome = await self._outcome(facts)
        await self._emit(self._reader.story.close_tools(completed=isinstance(outcome, Completed)))
        await self._emit(self._notices(facts))
        left = await asyncio.to_thread(self._descendants.settle, self._reader.story.used_tools)
        if not self.spoiled and (notice := processes_left(left)):
            await self._emit([notice])
        return outcome

    async def _outcome(self, facts: TurnFacts) -> Outcome:
        if self._asked is not None:
            # What a tool left behind goes with the process.
            left = not self.spoiled and await self._descendants.remain(self._reader.story.used_tools)
            self.spoiled = self.spoiled or self._ignored or left
            return stopped(self._asked)
        return oneshot_outcome.classify(facts, self._agent)

    async def _returncode(self) -> int | None:
        """How the process ended; one that closed its output and stays is ended."""
        child = self._conversation.child
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.linger_s):
                return await child.wait()
        self._lingered = True
        await child.close(_END_S)
        return child.returncode

    def _notices(self, facts: TurnFacts) -> list[AgentEvent]:
        notices: list[AgentEvent] = list(self._record.finish(self._reader))
        if unread := facts.dropped_lines + self._reader.broken:
            text = f"{unread} lines of the agent's output could not be read; something may be missing here."
            notices.append(Notice("agent_garbled", text, NoticeLevel.WARNING))
        if self._ignored:
            text = f"The agent did not stop within {self._settings.cancel_grace_s:g} s and was killed."
            notices.append(Notice("agent_killed", text, NoticeLevel.WARNING))
        return notices

    async def _emit(self, events: list[AgentEvent]) -> None:
        for event in events:
            await self._port.emit(event)
            await self._reruns.see(event)

    async def _send(self, line: bytes) -> None:
        await self._conversation.send(line, self._settings.write_timeout_s)

    def _fail(self, error: BaseException) -> None:
        self._port_error = error
        self._over.set()

    async def _watch_stop(self) -> None:
        """The cancel ladder: open requests, the agent's own interrupt, and, if that is ignored, its process."""
        self._asked = await self._stop.wait()
        try:
            async with asyncio.timeout(self._settings.cancel_grace_s):
                await self._approvals.drain(self._settings.cancel_grace_s)
                with suppress(BackendError):
                    await self._conversation.ask("interrupt", self._settings.cancel_grace_s)
                await self._over.wait()
        except TimeoutError:
            self._ignored = True
            self._over.set()
