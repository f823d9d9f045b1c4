"""Drives a program that speaks another protocol from some major version on: opencode 1 by its server, 2 by ACP."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from boocoder.backends.base import Backend, SteerMessage, TurnPort
from boocoder.errors import BoocoderError
from boocoder.model.agent import AgentInfo
from boocoder.model.steer import SteerResult
from boocoder.model.turn import AgentSessionRef, Outcome, TurnRequest

log = logging.getLogger(__name__)

_Stamp = tuple[int, int, int]


class VersionedBackend:
    """Hands every call to the backend of the installed version; the program is asked again after it was replaced.

    Args:
        name: of the agent.
        program: its path; None if it is not installed, which `older` reports.
        ask_version: runs the program and returns its version; raises BoocoderError.
        older: drives versions below `newer_from`, and programs that give no version.
        newer: drives the others.
        newer_from: the first major version of `newer`.
    """

    def __init__(
        self,
        *,
        name: str,
        program: Path | None,
        ask_version: Callable[[], Awaitable[str]],
        older: Backend,
        newer: Backend,
        newer_from: int,
    ) -> None:
        self.name = name
        self.stop_grace_s = max(older.stop_grace_s, newer.stop_grace_s)
        self._program = program
        self._ask_version = ask_version
        self._older = older
        self._newer = newer
        self._newer_from = newer_from
        self._asking = asyncio.Lock()
        self._known: tuple[_Stamp | None, Backend] | None = None

    async def start(self) -> None:
        """Make both backends ready; neither starts a program yet."""
        await self._older.start()
        await self._newer.start()

    async def stop(self) -> None:
        """End the processes of both. Safe twice and before start."""
        await asyncio.gather(self._older.stop(), self._newer.stop())

    async def probe(self) -> AgentInfo:
        """Ask the program's backend; bounded in time, never raises."""
        return await (await self.installed()).probe()

    async def warm(self, worktree: Path) -> None:
        """Make a first turn in this directory quick. Best effort, never raises."""
        await (await self.installed()).warm(worktree)

    async def forget(self, worktree: Path) -> None:
        """Free both backends' resources for this directory. Best effort, never raises."""
        await self._older.forget(worktree)
        await self._newer.forget(worktree)

    async def run_turn(self, request: TurnRequest, port: TurnPort) -> Outcome:
        """Run one turn to its end."""
        return await (await self.installed()).run_turn(request, port)

    async def steer(self, request: TurnRequest, message: SteerMessage) -> SteerResult:
        """Give a message to the backend that runs this turn."""
        result = await self._older.steer(request, message)
        return result if result is not SteerResult.REFUSED else await self._newer.steer(request, message)

    async def reconcile(self, request: TurnRequest, port: TurnPort) -> bool:
        """Ask the backend that may run this turn; the program may have been replaced during it."""
        return await self._older.reconcile(request, port) or await self._newer.reconcile(request, port)

    async def recover(self, request: TurnRequest, native: AgentSessionRef, port: TurnPort) -> Outcome:
        """Recover a turn after a crash of boocoder."""
        return await (await self.installed()).recover(request, native, port)

    async def installed(self) -> Backend:
        """The backend of the installed version."""
        async with self._asking:
            stamp = await asyncio.to_thread(_stamp, self._program)
            if self._known is None or self._known[0] != stamp:
                self._known = (stamp, await self._choose())
            return self._known[1]

    async def _choose(self) -> Backend:
        if self._program is None:
            return self._older
        try:
            version = await self._ask_version()
        except BoocoderError as error:
            log.warning("an agent's version is unknown", extra={"agent": self.name, "reason": error.text})
            return self._older
        major = version.partition(".")[0]
        return self._newer if major.isascii() and major.isdigit() and int(major) >= self._newer_from else self._older


def _stamp(program: Path | None) -> _Stamp | None:
    """Changes when the program is replaced."""
    try:
        found = program.stat() if program is not None else None
    except OSError:
        return None
    return (found.st_ino, found.st_size, found.st_mtime_ns) if found is not None else None
