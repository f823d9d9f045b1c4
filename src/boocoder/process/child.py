"""A running agent under its supervisor program: output lines, input and exit. Created by ProcessHost only."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from boocoder.errors import ProcessError
from boocoder.process.control import SupervisorReports
from boocoder.process.exit_watch import ExitWatch, wait_uninterrupted
from boocoder.process.lines import LineIterator, LineQueue
from boocoder.process.pipes import PipeReader, PipeWriter, StreamTail
from boocoder.process.proc_table import ProcessId, sweep, tree_bytes
from boocoder.process.sandbox.file_view import FileView
from boocoder.process.sandbox.network.egress import Egress

STDERR_BYTES = 64 * 1024  # enough for any message a person reads
DRAIN_S = 0.5  # output may still lie in the pipe after the exit; somebody we cannot see may hold it open for ever
WRITE_TIMEOUT_S = 30.0  # an agent that takes no input for so long is stuck
STDIN_SHARE = 0.25  # of the grace: agents that end when their input ends do so at once
KILL_S = 7.0  # the supervisor's own limit for killing, and a little
SWEEP_S = 5.0


class Child:
    """A running agent and all processes that it starts.

    Close it when done, even if it has already exited: closing frees its pipes.

    Args:
        process: its supervisor program.
        output: file descriptor to read its stdout from: a pipe, or our end of its terminal.
        control: the socket to it.
        mark: environment entry that this child and all its descendants carry.
        line_limit_bytes: longer lines of stdout are dropped.
        of_agent: whether it is an agent, or a command of a project.
        worktree: the only one that it works in, one turn at a time; None for a server.
        view: the files that its sandbox shows it; None without a sandbox.
        egress: serves its ports; None with a network.

    Attributes:
        own_descendants: processes below it that are part of the agent; empty before its first turn.
        tool_descendants: those that the tools of its turns had left when the last turn began or ended.
        in_turn: whether a turn runs; what appears below the agent meanwhile is its tools'.
    """

    def __init__(
        self,
        *,
        process: subprocess.Popen[bytes],
        output: IO[bytes] | None,
        control: SupervisorReports,
        mark: str,
        line_limit_bytes: int,
        of_agent: bool = False,
        worktree: Path | None = None,
        view: FileView | None = None,
        egress: Egress | None = None,
    ) -> None:
        self.of_agent = of_agent
        self.worktree = worktree
        self._view = view
        self._egress = egress
        self.own_descendants: set[ProcessId] = set()
        self.tool_descendants: set[ProcessId] = set()
        self.in_turn = False
        assert output is not None and process.stderr is not None
        self._process = process
        self._control = control
        self._mark = mark
        self._closing = False
        self._gone = asyncio.Event()
        self._watch = ExitWatch(process.pid)
        self._lines = LineQueue(line_limit_bytes, self._make_room)
        self._tail = StreamTail(STDERR_BYTES)
        self._received = 0
        self._stdout = PipeReader(output, self._take, self._lines.end)
        self._stderr = PipeReader(process.stderr, self._tail.add)
        self._stdin = PipeWriter(process.stdin) if process.stdin is not None else None
        self._write_turn = asyncio.Lock()
        self._returncode = 0

    @property
    def pid(self) -> int:
        """The agent's pid."""
        return self._control.agent_pid

    @property
    def view(self) -> FileView | None:
        """The files that its sandbox shows it; None without a sandbox."""
        return self._view

    def hides(self, path: Path) -> bool:
        """Whether its sandbox keeps a path from it."""
        return self._view is not None and self._view.hides(path)

    @property
    def supervisor_pid(self) -> int:
        """The supervisor's pid: the parent of the agent and of all its detached descendants."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Exit code, or the negative number of the signal; None while the agent or anything below it lives."""
        return self._returncode if self._gone.is_set() else None

    @property
    def dropped_lines(self) -> int:
        """Lines of stdout that were longer than the limit."""
        return self._lines.dropped

    def _take(self, data: bytes) -> None:
        self._received += len(data)
        self._lines.feed(data)
        if self._lines.full:
            self._stdout.pause()

    def _make_room(self) -> None:
        self._stdout.resume()

    async def wait(self) -> int:
        """Wait until the agent and all its descendants have ended; returns the agent's exit code or negative signal."""
        await self._gone.wait()
        return self._returncode

    def lines(self) -> AsyncIterator[bytes]:
        """Lines of stdout without their newline.

        The iteration can be stopped and resumed. It ends with the stream, at the latest half a second after the end of
        the process. A slow reader makes the agent wait; call `discard_output` to stop reading.
        """
        return LineIterator(self._lines)

    async def next_lines(self, at_most: int) -> list[bytes]:
        """The next lines of stdout, as many as are there; none at its end. Otherwise as `lines`.

        Args:
            at_most: how many, >= 1.
        """
        return await self._lines.get_batch(at_most)

    def discard_output(self) -> None:
        """Discard stdout from now on, so that an agent without a reader does not block."""
        self._lines.discard()

    def stderr_tail(self) -> str:
        """The last 64 KiB of stderr."""
        return self._tail.text()

    async def write(self, data: bytes, *, timeout_s: float = WRITE_TIMEOUT_S) -> None:
        """Write to the agent's stdin and wait until the pipe has accepted all of it.

        A cancelled write is still completed, before the next one.

        Args:
            data: the bytes.
            timeout_s: seconds; after them the input is closed, because it may contain half a message.

        Raises:
            ProcessError: `agent_input_closed`, or `agent_input_stalled` at the deadline.
        """
        stdin = self._stdin
        if stdin is None or stdin.closed:
            raise self._input_closed()
        try:
            async with asyncio.timeout(timeout_s), self._write_turn:
                await stdin.idle.wait()
                if not stdin.closed:
                    stdin.put(data)
                    await stdin.idle.wait()
        except TimeoutError:
            stdin.close()
            raise ProcessError(
                "agent_input_stalled", f"The agent (pid {self.pid}) took no input for {timeout_s:g} s.", "Run it again."
            ) from None
        if stdin.closed:
            raise self._input_closed()

    def _input_closed(self) -> ProcessError:
        said = self.stderr_tail()[-500:].strip()
        return ProcessError(
            "agent_input_closed",
            f"The agent (pid {self.pid}) takes no input any more." + (f" It said: {said}" if said else ""),
        )

    def close_stdin(self) -> None:
        """End the agent's input. Safe twice."""
        if self._stdin is not None:
            self._stdin.close()

    def rss_bytes(self) -> int:
        """Memory of the agent, its supervisor and all descendants, in bytes."""
        return 0 if self._gone.is_set() else tree_bytes(self._process.pid)

    async def close(self, grace_s: float = 2.0) -> int:
        """End the agent and all its descendants: close its input, then SIGTERM to its group, then SIGKILL to all.

        Safe twice and after the exit. If it is cancelled, it kills at once and then re-raises the cancellation.

        Args:
            grace_s: seconds for the agent to exit by itself.

        Returns:
            As `wait`.
        """
        self._closing = True
        try:
            await self._ask_to_end(grace_s)
        finally:
            await self._force()
        return self._returncode

    async def _ask_to_end(self, grace_s: float) -> None:
        share_s = grace_s * STDIN_SHARE if self._stdin is not None else 0.0
        self.close_stdin()
        if await self._gone_within(share_s):
            return
        self._control.order("term")
        await self._gone_within(grace_s - share_s)

    async def _gone_within(self, limit_s: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self._gone.wait()
        return self._gone.is_set()

    async def _force(self) -> None:
        if not self._gone.is_set():
            self._control.order("kill")
            self._process.send_signal(signal.SIGCONT)  # the agent may have stopped it
            try:
                await wait_uninterrupted(self._gone, KILL_S)
            finally:
                if not self._gone.is_set():
                    # Its death kills the agent, and `attend` the rest.
                    self._process.send_signal(signal.SIGKILL)
                    await wait_uninterrupted(self._gone, KILL_S)
        self._stdout.close()
        self._stderr.close()

    async def reach_port(self, port: int) -> int:
        """The port of this machine's loopback interface by which one that the program listens on is reached.

        It is another one where the program has a network of its own; its `SandboxUse.serves` must be set.
        """
        return port if self._egress is None else await self._egress.open_port(port)

    async def attend(self) -> None:
        """Wait for the process to end, kill what is left of it, and end its streams. The host runs this."""
        if self._egress is not None:
            self._egress.start()
        try:
            await self._attend()
        finally:
            if self._egress is not None:
                await self._egress.stop()

    async def _attend(self) -> None:
        try:
            await self._watch.exited.wait()
            code = self._process.wait()
            self._control.close()
            self._returncode = self._control.returncode(code)
            if self._control.wait_status is None:
                await sweep(self._mark, limit_s=SWEEP_S)
        finally:
            self._watch.close()
            self.close_stdin()
            self._gone.set()
        for stream in (self._stderr, self._stdout):
            await self._drain(stream)

    async def _drain(self, stream: PipeReader) -> None:
        """Wait for the end of a stream as long as data arrives or its reader is slow."""
        while not stream.ended.is_set():
            before = self._received
            with suppress(TimeoutError):
                async with asyncio.timeout(DRAIN_S):
                    await stream.ended.wait()
            if self._closing or (self._received == before and not self._lines.full):
                stream.close()

    @property
    def settled(self) -> bool:
        """Whether no process of it and no unread output is left."""
        return self._gone.is_set() and self._stdout.ended.is_set() and self._stderr.ended.is_set()
