"""Runs a program under the process host to its end and returns its output."""

from __future__ import annotations

import asyncio

from boocoder.errors import ProcessError
from boocoder.process.child import Child
from boocoder.process.host import Command, ProcessHost
from boocoder.process.run import ProcessResult
from boocoder.service import TaskSupervisor

_READ_REST_S = 2.0  # the last lines, after the process has ended


async def run_supervised(
    host: ProcessHost, command: Command, *, stdin: bytes = b"", timeout_s: float, max_bytes: int = 64 * 1024 * 1024
) -> ProcessResult:
    """Run a program and wait until it and all its descendants have ended, detached processes included.

    Args:
        host: starts it and ends it.
        command: what to run.
        stdin: what it reads; closed afterwards.
        timeout_s: seconds until it is killed.
        max_bytes: of stdout.

    Raises:
        ProcessError: it could not be started, ran past its deadline (`process_timed_out`), or printed more than
            `max_bytes` (`process_output_too_large`).
    """
    child = await host.spawn(command, stdin=bool(stdin), line_limit_bytes=max_bytes)
    output = _StdoutLines(max_bytes)
    supervisor = TaskSupervisor("supervised-run")
    try:
        reading = supervisor.spawn(output.read(child), "stdout")
        if stdin:
            supervisor.spawn(_feed(child, stdin), "stdin")
        gone = supervisor.spawn(child.wait(), "wait")
        overflowed = supervisor.spawn(output.overflowed.wait(), "overflow")
        await asyncio.wait({gone, overflowed}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        ended = gone.done() and not output.overflowed.is_set()
        if ended:
            await asyncio.wait({reading}, timeout=_READ_REST_S)
    finally:
        code = await child.close(0.0)
        await supervisor.stop()
    if output.overflowed.is_set() or child.dropped_lines:
        text = f"{command.argv[0]} printed more than {max_bytes} bytes; it was killed."
        raise ProcessError("process_output_too_large", text)
    if not ended:
        said = child.stderr_tail()[-500:]
        text = f"{command.argv[0]} was killed after {timeout_s:g} s."
        raise ProcessError("process_timed_out", text, f"It printed: {said}" if said else "")
    return ProcessResult(code, b"".join(output.lines), child.stderr_tail())


async def _feed(child: Child, data: bytes) -> None:
    try:
        await child.write(data)
    except ProcessError:
        return  # it ended without reading all
    child.close_stdin()


class _StdoutLines:
    """Lines of stdout up to a number of bytes."""

    def __init__(self, max_bytes: int) -> None:
        self.lines: list[bytes] = []
        self.overflowed = asyncio.Event()
        self._room = max_bytes

    async def read(self, child: Child) -> None:
        """Collect lines until the end of the stream or the limit."""
        async for line in child.lines():
            self._room -= len(line) + 1
            if self._room < 0:
                self.overflowed.set()
                child.discard_output()
                return
            self.lines.append(line + b"\n")
