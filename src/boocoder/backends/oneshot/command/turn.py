"""Runs one turn as one command: follows its output until its process ends, and classifies the outcome."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from boocoder.backends.base import TurnPort
from boocoder.backends.oneshot import outcome as oneshot_outcome
from boocoder.backends.oneshot.attempt import ResumeRefused
from boocoder.backends.oneshot.formats.reader import OutputReader
from boocoder.backends.oneshot.outcome import TurnFacts
from boocoder.backends.oneshot.settings import OneShotAgent, OneShotSettings, PromptInput
from boocoder.backends.oneshot.turn_record import TurnRecord
from boocoder.backends.shared.outcomes import stopped
from boocoder.errors import ProcessError
from boocoder.events.agent_event import AgentEvent, Notice, NoticeLevel
from boocoder.model.turn import Completed, Failed, Outcome, StopReason, StopSignal, TurnError
from boocoder.process.child import Child
from boocoder.service import TaskSupervisor

log = logging.getLogger(__name__)

_LINES = 512  # read, recorded and told together
_END_S = 1.0  # between SIGTERM and SIGKILL, for a process that has sent its result


class CommandTurn:
    """One turn.

    Args:
        agent: who works.
        child: its process.
        prompt: written to its input if that is how it gets it.
        reader: of its output.
        record: what the turn leaves on the disk.
        port: where events go.
        stop: asks the turn to end.
        resumed: whether it continues an earlier session.
        settings: limits.

    Attributes:
        ending: whether we end the process, so that its death is no surprise.
    """

    def __init__(
        self,
        *,
        agent: OneShotAgent,
        child: Child,
        prompt: str,
        reader: OutputReader,
        record: TurnRecord,
        port: TurnPort,
        stop: StopSignal,
        resumed: bool,
        settings: OneShotSettings,
    ) -> None:
        self._agent = agent
        self.child = child
        self._prompt = prompt
        self._reader = reader
        self._record = record
        self._port = port
        self._stop = stop
        self._resumed = resumed
        self._settings = settings
        self._asked: StopReason | None = None
        self._told_result = asyncio.Event()
        self._lingered = False
        self._input_stalled: ProcessError | None = None
        self._tasks = TaskSupervisor("oneshot-turn")
        self.ending = False

    async def run(self) -> Outcome:
        """Follow the process until it is gone.

        Raises:
            ResumeRefused: the agent does not have the session to resume and certainly did not take the prompt.
            LeaseLost: the port refused to go on.
            OSError: the record cannot be written.
        """
        self._tasks.spawn(self._watch_stop(), "stop")
        self._tasks.spawn(self._watch_result(), "result")
        if self._agent.prompt is PromptInput.STDIN:
            self._tasks.spawn(self._feed(), "prompt")
        try:
            while lines := await self.child.next_lines(_LINES):
                await self._take(lines)
                await asyncio.sleep(0)  # a command that floods would keep the loop from everybody else
            returncode = await self._wait_gone()
            return await self._finish(returncode)
        finally:
            await self._tasks.stop()
            await self.child.close(0.0)

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self.child.returncode is None

    async def end(self, grace_s: float) -> None:
        """End the process; `run` returns after it."""
        self.ending = True
        await self.child.close(grace_s)

    async def _take(self, lines: list[bytes]) -> None:
        self._record.lines(lines)
        events = self._reader.take_all(lines)
        self._record.learn(self._reader.story)
        await self._emit(self._record.of_turn(events))
        if self._reader.story.ending is not None:
            self._told_result.set()

    async def _wait_gone(self) -> int | None:
        """Wait for the process behind its output; one that stays is ended."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.linger_s):
                return await self.child.wait()
        self._lingered = True
        await self.child.close(_END_S)
        return self.child.returncode

    async def _finish(self, returncode: int | None) -> Outcome:
        await self._emit(self._reader.finish())
        ended_itself = not (self._lingered or self.ending or self._asked is not None)
        if returncode is not None and ended_itself:
            self._record.ended(returncode)
        facts = TurnFacts(
            reader=self._reader,
            returncode=returncode,
            stderr=self.child.stderr_tail(),
            lingered=self._lingered,
            dropped_lines=self.child.dropped_lines,
            expected=self.ending,
        )
        if self._resumed and self._asked is None and oneshot_outcome.resume_refused(facts, self._agent):
            raise ResumeRefused(oneshot_outcome.refusal_words(facts))
        outcome = self._outcome(facts)
        await self._emit(self._reader.story.close_tools(completed=isinstance(outcome, Completed)))
        await self._emit(self._notices(facts, outcome))
        return outcome

    def _outcome(self, facts: TurnFacts) -> Outcome:
        if self._asked is not None:
            return stopped(self._asked)
        if self._input_stalled is not None:
            error = self._input_stalled
            return Failed(TurnError(error.code, error.text, error.cure))
        return oneshot_outcome.classify(facts, self._agent)

    def _notices(self, facts: TurnFacts, outcome: Outcome) -> list[AgentEvent]:
        notices: list[AgentEvent] = list(self._record.finish(self._reader))
        unread = facts.dropped_lines + self._reader.broken
        if unread:
            text = f"{unread} lines of the agent's output could not be read; something may be missing here."
            notices.append(Notice("agent_garbled", text, NoticeLevel.WARNING))
        if isinstance(outcome, Completed) and facts.returncode and not facts.lingered and not facts.expected:
            text = f"The agent reported success, but its process exited with {facts.returncode}."
            notices.append(Notice("agent_ended_badly", text, NoticeLevel.WARNING))
        return notices

    async def _emit(self, events: list[AgentEvent]) -> None:
        for event in events:
            await self._port.emit(event)

    async def _watch_stop(self) -> None:
        """SIGTERM to the group, and after its grace SIGKILL to everything that the command has started."""
        self._asked = await self._stop.wait()
        await self.child.close(self._settings.cancel_grace_s)

    async def _watch_result(self) -> None:
        """End a command that runs on after its result."""
        await self._told_result.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.linger_s):
                await self.child.wait()
                return
        self._lingered = True
        await self.child.close(_END_S)

    async def _feed(self) -> None:
        try:
            await self.child.write(self._prompt.encode("utf-8", "replace"), timeout_s=self._settings.write_timeout_s)
        except ProcessError as error:
            if error.code == "agent_input_stalled":
                self._input_stalled = error
                await self.child.close(_END_S)
        finally:
            self.child.close_stdin()
