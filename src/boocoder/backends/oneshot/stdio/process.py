"""One kept-open agent process: its lines and its readiness."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import suppress
from pathlib import Path

from boocoder.backends.oneshot.stdio import control
from boocoder.errors import BackendError, ProcessError, sentences
from boocoder.events.agent_event import SlashCommand
from boocoder.process.child import Child
from boocoder.process.exit_watch import gone
from boocoder.service import TaskSupervisor

_LINES = 256  # held for a turn before the agent waits


class StdioProcess:
    """A process that takes prompt after prompt.

    Args:
        child: its process, with an input.
        worktree: where it works.
        command: its command line; another one is another conversation.

    Attributes:
        ending: whether we end it, so that its death is no surprise.
        commands: its slash commands, reported once.
    """

    def __init__(self, *, child: Child, worktree: Path, command: tuple[str, ...]) -> None:
        self._child = child
        self.worktree = worktree
        self.command = command
        self.ending = False
        self.commands: tuple[SlashCommand, ...] = ()
        self._listener: asyncio.Queue[bytes | None] | None = None
        self._answers: dict[str, asyncio.Future[control.ControlResponse]] = {}
        self._numbers = itertools.count(1)
        self._tasks = TaskSupervisor("oneshot-conversation")
        self._dead = asyncio.Event()
        self.early: list[bytes] = []
        """Beginnings of lines that belong to no turn, for the text of an error."""

    @property
    def child(self) -> Child:
        """The process itself."""
        return self._child

    @property
    def usable(self) -> bool:
        """Whether it can take a turn."""
        if self.ending or self._dead.is_set() or self._child.returncode is not None:
            return False
        return not gone(self._child.supervisor_pid)  # checked again: its death may not have been reported yet

    async def start(self, timeout_s: float) -> None:
        """Wait until it is ready for a prompt.

        Raises:
            BackendError: `agent_died` or `agent_no_answer`; no prompt was sent.
        """
        self._tasks.spawn(self._pump(), "lines")
        answer = await self.ask("initialize", timeout_s)
        self.commands = control.commands_of(answer.fields)

    async def ask(self, subtype: str, timeout_s: float) -> control.ControlResponse:
        """Send a request and return its answer; a refusal is an answer, too.

        Raises:
            BackendError: it died, or did not answer in time.
        """
        id = f"boocoder-{next(self._numbers)}"
        answer: asyncio.Future[control.ControlResponse] = asyncio.get_running_loop().create_future()
        self._answers[id] = answer
        if self._dead.is_set():
            answer.set_exception(self._death())
        try:
            async with asyncio.timeout(timeout_s):
                with suppress(ProcessError):  # the answer reports a dead one with its last words
                    await self._child.write(control.request(id, subtype), timeout_s=timeout_s)
                return await answer
        except TimeoutError:
            text = f"The agent did not answer {subtype} within {timeout_s:g} s."
            raise BackendError("agent_no_answer", text, "Run it by hand to see why.") from None
        finally:
            self._answers.pop(id, None)

    def _death(self) -> BackendError:
        return BackendError("agent_died", sentences("The agent ended before it answered.", self.last_words))

    async def send(self, line: bytes, timeout_s: float) -> None:
        """Write a line to the agent.

        Raises:
            ProcessError: it takes no input.
        """
        await self._child.write(line, timeout_s=timeout_s)

    def listen(self) -> None:
        """From now on all lines are those of a turn."""
        assert self._listener is None
        self._listener = asyncio.Queue(_LINES)

    async def next_line(self) -> bytes | None:
        """The next line of the turn that listens; None when no more will come."""
        assert self._listener is not None
        if self._dead.is_set() and self._listener.empty():
            return None
        return await self._listener.get()

    def leave(self) -> None:
        """The turn is over; what comes now belongs to no turn."""
        queue, self._listener = self._listener, None
        while queue is not None and not queue.empty():
            queue.get_nowait()  # wakes the pump if it waits for room

    @property
    def last_words(self) -> str:
        """Its output outside any turn."""
        early = b"\n".join(self.early[-5:]).decode("utf-8", "replace")
        return "\n".join(filter(None, (self._child.stderr_tail().strip()[-1000:], early[-500:])))

    async def close(self, grace_s: float) -> None:
        """End it in an orderly way. Safe twice."""
        self.ending = True
        try:
            await self._child.close(grace_s)
        finally:
            await self._tasks.stop()
            self._dead.set()
            self._tell_death()

    async def _pump(self) -> None:
        try:
            async for line in self._child.lines():
                control_line = control.read_control(line)
                if isinstance(control_line, control.ControlResponse):
                    answer = self._answers.get(control_line.id)
                    if answer is not None and not answer.done():
                        answer.set_result(control_line)
                elif self._listener is not None:
                    await self._listener.put(line)
                elif len(self.early) < _LINES:
                    self.early.append(line[:500])
        finally:
            self._dead.set()
            self._tell_death()

    def _tell_death(self) -> None:
        """Wake all waiters; later callers see the closed state in `next_line`."""
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(self._death())
        if self._listener is not None:
            with suppress(asyncio.QueueFull):
                self._listener.put_nowait(None)
