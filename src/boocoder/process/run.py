"""Runs a short program to its end and returns its output; no supervisor, threads or shell."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from boocoder.errors import ProcessError
from boocoder.process.exit_watch import ExitWatch, wait_uninterrupted
from boocoder.process.pipes import PipeReader, PipeWriter, StreamTail
from boocoder.process.start_failure import bad_argument, start_failure

STDERR_BYTES = 64 * 1024  # enough for any message a person reads
DRAIN_S = 0.5  # output may still lie in the pipe after the exit; a grandchild may hold it open for ever
KILL_S = 5.0  # a killed process is gone in milliseconds unless it hangs in the kernel


class ProcessResult(NamedTuple):
    """How a program ended.

    Args:
        returncode: exit code, or the negative number of the signal that ended it.
        stdout: all of it.
        stderr: its last 64 KiB as text.
    """

    returncode: int
    stdout: bytes
    stderr: str


async def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdin: bytes = b"",
    timeout_s: float,
    max_bytes: int = 64 * 1024 * 1024,
    sink: Callable[[bytes], None] | None = None,
) -> ProcessResult:
    """Run a program in a new process group and wait for its end.

    The group is killed at the deadline, on too much output, on cancellation, and when the program ended but
    a process in its group keeps its output open. The function returns or raises only after the program is gone.

    Args:
        argv: the program (a path, or a name on the PATH of `env`) and its arguments.
        cwd: the directory to run in.
        env: the whole environment.
        stdin: what it reads; closed afterwards.
        timeout_s: seconds until it is killed.
        max_bytes: of stdout.
        sink: receives stdout in chunks as it arrives, on the loop, instead of the result; it must not raise.

    Raises:
        ProcessError: it could not be started, ran past its deadline (`process_timed_out`), or printed more than
            `max_bytes` (`process_output_too_large`).
    """
    job = _RunningProgram(_start(argv, cwd, env), stdin, max_bytes, sink)
    try:
        async with asyncio.timeout(timeout_s):
            await job.finished.wait()
    except TimeoutError:
        await job.kill()
        raise ProcessError(
            "process_timed_out",
            f"{argv[0]} was killed after {timeout_s:g} s.",
            f"It printed: {job.stderr.text()[-500:]}" if job.stderr.text() else "",
        ) from None
    finally:
        await job.kill()
    if job.overflowed:
        raise ProcessError("process_output_too_large", f"{argv[0]} printed more than {max_bytes} bytes; it was killed.")
    return ProcessResult(job.returncode, b"".join(job.stdout), job.stderr.text())


def _start(argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    if not argv:
        raise bad_argument(argv)
    try:
        return subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            process_group=0,
        )
    except OSError as error:
        raise start_failure(error.errno or 0, argv, cwd) from error
    except ValueError as error:
        raise bad_argument(argv) from error


class _RunningProgram:
    """A running program: `finished` is set when it has ended or has to be killed."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        stdin: bytes,
        max_bytes: int,
        sink: Callable[[bytes], None] | None,
    ) -> None:
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        self._process = process
        self._room = max_bytes
        self._drain: asyncio.TimerHandle | None = None
        self.stdout: list[bytes] = []
        self._sink = sink or self.stdout.append
        self.stderr = StreamTail(STDERR_BYTES)
        self.overflowed = False
        self.returncode = 0
        self.finished = asyncio.Event()
        self._out = PipeReader(process.stdout, self._take, self._check)
        self._err = PipeReader(process.stderr, self.stderr.add, self._check)
        self._in = PipeWriter(process.stdin)
        self._in.put(stdin, last=True)
        self._watch = ExitWatch(process.pid, self._check)

    def _take(self, data: bytes) -> None:
        self._room -= len(data)
        if self._room < 0:
            self.overflowed = True
            self.finished.set()
        else:
            self._sink(data)

    def _check(self) -> None:
        if self._process.returncode is not None or not self._watch.exited.is_set():
            return
        if self._out.ended.is_set() and self._err.ended.is_set():
            self.finished.set()
        elif self._drain is None:
            self._drain = asyncio.get_running_loop().call_later(DRAIN_S, self.finished.set)

    async def kill(self) -> None:
        """Free all resources and kill the group unless all of it has ended. Safe twice."""
        if self._process.returncode is not None:
            return
        whole = self._watch.exited.is_set() and self._out.ended.is_set() and self._err.ended.is_set()
        if not whole:
            _kill_group(self._process.pid)
        try:
            await wait_uninterrupted(self._watch.exited, KILL_S)
        finally:
            self.returncode = self._reap()

    def _reap(self) -> int:
        if self._drain is not None:
            self._drain.cancel()
        code = self._process.poll()
        for part in (self._in, self._out, self._err, self._watch):
            part.close()
        return -signal.SIGKILL if code is None else code


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    except PermissionError:  # macOS: the group holds only zombies
        pass
