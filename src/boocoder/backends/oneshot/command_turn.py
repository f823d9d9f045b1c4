"""Runs one turn as one command: follows its output to the end of its process, and says how it ended."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from boocoder.backends.base import TurnPort
from boocoder.backends.endings import stopped
from boocoder.backends.oneshot import verdict
from boocoder.backends.oneshot.formats.reader import Reader
from boocoder.backends.oneshot.record import TurnRecord
from boocoder.backends.oneshot.settings import OneShotAgent, OneShotSettings, PromptWay
from boocoder.backends.oneshot.tries import NotResumed
from boocoder.backends.oneshot.verdict import Facts
from boocoder.errors import ProcessError
from boocoder.events.agent_event import AgentEvent, Notice, NoticeLevel
from boocoder.model.turn import Completed, Failed, Outcome, StopReason, StopSignal, TurnError
from boocoder.process.child import Child
from boocoder.service import Supervisor

log = logging.getLogger(__name__)

_END_S = 1.0  # of a process that has said all it had to say, between SIGTERM and SIGKILL


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
        resumed: whether it goes on with an earlier session.
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
        reader: Reader,
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
        self._tasks = Supervisor("oneshot-turn")
        self.ending = False

    async def run(self) -> Outcome:
        """Stay until the process is gone.

        Raises:
            NotResumed: the agent does not have the session to resume and certainly did not take the prompt.
            LeaseLost: the port refused to go on.
            OSError: the record cannot be written.
        """
        self._tasks.spawn(self._watch_stop(), "stop")
        self._tasks.spawn(self._watch_result(), "result")
        if self._agent.prompt is PromptWay.STDIN:
            self._tasks.spawn(self._feed(), "prompt")
        try:
            async for line in self.child.lines():
                await self._take(line)
            returncode = await self._wait_gone()
            return await self._settle(returncode)
        finally:
            await self._tasks.stop()
            await self.child.close(0.0)

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self.child.returncode is None

    async def end(self, grace_s: float) -> None:
        """End the process; `run` returns behind it."""
        self.ending = True
        await self.child.close(grace_s)

    async def _take(self, line: bytes) -> None:
        self._record.line(line)
        events = self._reader.take(line)
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

    async def _settle(self, returncode: int | None) -> Outcome:
        await self._emit(self._reader.finish())
        ended_itself = not (self._lingered or self.ending or self._asked is not None)
        if returncode is not None and ended_itself:
            self._record.ended(returncode)
        facts = Facts(
            reader=self._reader,
            returncode=returncode,
            stderr=self.child.stderr_tail(),
            lingered=self._lingered,
            dropped_lines=self.child.dropped_lines,
            expected=self.ending,
        )
        if self._resumed and self._asked is None and verdict.resume_refused(facts, self._agent):
            raise NotResumed(verdict.refusal_words(facts))
        outcome = self._outcome(facts)
        await self._emit(self._reader.story.close_tools(completed=isinstance(outcome, Completed)))
        await self._emit(self._notices(facts, outcome))
        return outcome

    def _outcome(self, facts: Facts) -> Outcome:
        if self._asked is not None:
            return stopped(self._asked)
        if self._input_stalled is not None:
            error = self._input_stalled
            return Failed(TurnError(error.code, error.text, error.cure))
        return verdict.judge(facts, self._agent)

    def _notices(self, facts: Facts, outcome: Outcome) -> list[AgentEvent]:
        notices: list[AgentEvent] = list(self._record.settle(self._reader))
        unread = facts.dropped_lines + self._reader.broken
        if unread:
            text = f"{unread} lines of the agent's output could not be read; something may be missing here."
            notices.append(Notice("agent_garbled", text, NoticeLevel.WARNING))
        if isinstance(outcome, Completed) and facts.returncode and not facts.lingered and not facts.expected:
            text = f"The agent told a good end of its turn, but its process ended with {facts.returncode}."
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
        """A command that has told its result has nothing left to do."""
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
