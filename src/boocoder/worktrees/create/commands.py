"""Runs a project's setup and teardown commands in a worktree."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from boocoder.errors import ProcessError
from boocoder.git.shadow.real_directory import is_real_directory
from boocoder.model.ids import SessionId
from boocoder.model.turn import StopSignal
from boocoder.process.child import Child
from boocoder.process.environment import agent_environment
from boocoder.process.host import Command, ProcessHost
from boocoder.process.sandbox.profile import SandboxUse
from boocoder.service import TaskSupervisor

SHOW_EVERY_S = 0.2  # what is printed goes to watchers this often at most
HEAD_MAX_CHARS = 64 * 1024  # shown as it comes
TAIL_MAX_CHARS = 16 * 1024  # of what follows, the end is shown when the command is over; it holds the error
LINE_MAX_BYTES = 1024 * 1024  # a longer line is no message
READ_REST_S = 2.0  # the last lines after the end of the command
GRACE_S = 2.0  # for a command that is ended before its time
_BOTH_STREAMS = 'exec /bin/sh -c "$1" 2>&1'

Show = Callable[[str], Awaitable[None]]


class CommandStatus(StrEnum):
    """How a command ended."""

    DONE = "done"  # by itself, with any exit code
    TIMED_OUT = "timed_out"
    STOPPED = "stopped"  # the turn was asked to end


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What came of a command.

    Args:
        exit_code: negative for a signal; None where it was ended before its time.
        output: both streams, with the middle left out where it is long.
    """

    status: CommandStatus
    exit_code: int | None
    output: str

    @property
    def ok(self) -> bool:
        """Whether it ended by itself without an error."""
        return self.status is CommandStatus.DONE and self.exit_code == 0


@dataclass(frozen=True, slots=True)
class CommandContext:
    """Where a command runs, and what it may know."""

    worktree: Path
    project: Path
    session_id: SessionId

    def environment(self) -> dict[str, str]:
        """The trimmed environment that agents get too, and where the command is."""
        return agent_environment(
            {
                "BOOCODER_SESSION_ID": str(self.session_id),
                "BOOCODER_PROJECT_PATH": str(self.project),
                "BOOCODER_WORKTREE": str(self.worktree),
            }
        )


async def run_command(
    text: str,
    *,
    place: CommandContext,
    processes: ProcessHost,
    timeout_s: float,
    stop: StopSignal | None = None,
    show: Show | None = None,
) -> CommandResult:
    """Run a shell command to its end; when this returns or raises, nothing of it is left running.

    Args:
        text: for /bin/sh.
        timeout_s: seconds until it is ended.
        stop: ends it before.
        show: gets all output so far, again and again while it grows.

    Raises:
        ProcessError: it could not be started.
    """
    if not is_real_directory(place.worktree):
        raise ProcessError("worktree_missing", f"There is no directory {place.worktree}.")
    argv = ("/bin/sh", "-c", _BOTH_STREAMS, "sh", text)
    use = SandboxUse("", place.worktree, project=place.project)
    command = Command(argv, place.worktree, place.environment(), use)
    child = await processes.spawn(command, line_limit_bytes=LINE_MAX_BYTES)
    supervisor = TaskSupervisor(f"command:{place.session_id}")
    output = _CommandOutput()
    try:
        read = supervisor.spawn(output.read(child), "read")
        shower = supervisor.spawn(_show(output, show), "show") if show is not None else None
        status = await _wait_end(child, supervisor, timeout_s, stop, shower)
        if status is CommandStatus.DONE:
            await asyncio.wait({read}, timeout=READ_REST_S)
    finally:
        code = await child.close(GRACE_S)
        await supervisor.stop()
    return CommandResult(status, code if status is CommandStatus.DONE else None, output.whole())


async def _wait_end(
    child: Child,
    supervisor: TaskSupervisor,
    timeout_s: float,
    stop: StopSignal | None,
    shower: asyncio.Task[None] | None,
) -> CommandStatus:
    gone = supervisor.spawn(child.wait(), "gone")
    waited: set[asyncio.Task[object]] = {gone}
    stopped = supervisor.spawn(stop.wait(), "stop") if stop is not None else None
    waited |= {task for task in (stopped, shower) if task is not None}
    await asyncio.wait(waited, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    if shower is not None and shower.done():
        shower.result()  # it ends by an error only: the turn is over
    if gone.done():
        return CommandStatus.DONE
    return CommandStatus.STOPPED if stopped is not None and stopped.done() else CommandStatus.TIMED_OUT


async def _show(output: _CommandOutput, show: Show) -> None:
    while True:
        await output.grown.wait()
        output.grown.clear()
        await show(output.head)
        await asyncio.sleep(SHOW_EVERY_S)


class _CommandOutput:
    """What a command printed: the beginning as it comes, and the end."""

    def __init__(self) -> None:
        self.grown = asyncio.Event()
        self.head = ""
        self._tail = ""
        self._left_out = 0

    async def read(self, child: Child) -> None:
        """Take lines until the end of the stream."""
        async for line in child.lines():
            self._add(line.rstrip(b"\r").rpartition(b"\r")[2].decode("utf-8", "replace") + "\n")

    def _add(self, text: str) -> None:
        if not self._tail and len(self.head) + len(text) <= HEAD_MAX_CHARS:
            self.head += text
            self.grown.set()
            return
        self._tail += text
        if len(self._tail) > 2 * TAIL_MAX_CHARS:
            self._left_out += len(self._tail) - TAIL_MAX_CHARS
            self._tail = self._tail[-TAIL_MAX_CHARS:]

    def whole(self) -> str:
        """All that is shown in the end; it begins with `head`."""
        if not self._tail:
            return self.head
        cut = max(0, len(self._tail) - TAIL_MAX_CHARS)
        left_out = self._left_out + cut
        between = f"[... {left_out} characters are left out ...]\n" if left_out else ""
        return self.head + between + self._tail[cut:]
