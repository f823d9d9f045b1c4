"""Starts the programs of a measurement and always ends them."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

LINE_TIMEOUT_S = 60.0  # the slowest first line is opencode's, 4.4 s on two cold cores
STOP_TIMEOUT_S = 30.0


class Program:
    """A running program. Made by `program`.

    Args:
        process: the child; it leads a process group of its own.
        log: file that gets its standard error.
    """

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def pid(self) -> int:
        """Of the program itself."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self._process.returncode is not None

    async def wait_line(self, containing: str) -> str:
        """Wait for a line of its standard output.

        Raises:
            RuntimeError: it ended before; the text has the end of its log.
            TimeoutError: LINE_TIMEOUT_S have passed.
        """
        assert self._process.stdout is not None
        async with asyncio.timeout(LINE_TIMEOUT_S):
            async for line in self._process.stdout:
                if containing in (text := line.decode(errors="replace").strip()):
                    return text
        raise RuntimeError(self.failure())

    async def wait_match(self, pattern: re.Pattern[bytes]) -> None:
        """Wait until its standard output holds a match, in whatever lines; what is behind it may be lost.

        Raises:
            RuntimeError: it ended before.
        """
        assert self._process.stdout is not None
        said = b""
        while chunk := await self._process.stdout.read(65_536):
            said += chunk
            if pattern.search(said):
                return
        raise RuntimeError(f"{self.failure()}\n{said[-2000:].decode(errors='replace')}")

    async def wait_end(self) -> None:
        """Wait until it ends by itself.

        Raises:
            TimeoutError: STOP_TIMEOUT_S have passed.
        """
        async with asyncio.timeout(STOP_TIMEOUT_S):
            await self._drain()

    def failure(self) -> str:
        """What its log says last."""
        return (
            f"{self._log.name} ended with {self._process.returncode}: {self._log.read_text(errors='replace')[-2000:]}"
        )

    async def stop(self) -> None:
        """TERM, then KILL of the group. Safe twice."""
        if not self.ended:
            self._process.terminate()
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await self._drain()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        await self._process.wait()

    async def _drain(self) -> None:
        assert self._process.stdout is not None
        while await self._process.stdout.read(65_536):
            pass
        await self._process.wait()


@asynccontextmanager
async def program(
    argv: Sequence[str], *, directory: Path, environment: Mapping[str, str], name: str
) -> AsyncIterator[Program]:
    """Run a program for the time of the block.

    Args:
        argv: absolute program and its arguments.
        directory: existing working directory; its log is written into it as `name`.log.
        environment: the whole environment.
        name: for the log.
    """
    log = directory / f"{name}.log"
    with log.open("ab") as sink:
        process = await asyncio.create_subprocess_exec(
            *argv,
            cwd=directory,
            env=dict(environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=sink,
            start_new_session=True,
            limit=1 << 20,
        )
    started = Program(process, log)
    try:
        yield started
    finally:
        await asyncio.shield(started.stop())
