"""Asks about hosts that a sandbox would refuse, where somebody can be asked: during a turn of the session."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from boocoder.service import TaskSupervisor

ANSWER_MAX_S = 300.0  # as long as clients wait for a proxy; a later answer counts for the next connection
HOSTS_MAX = 50  # that one turn may ask about
_PLAIN = re.compile(r"[a-z0-9.:_-]{1,255}")  # what a person can read: no name that only looks like another

AskHost = Callable[[str], Awaitable[bool]]
"""Whether the session may reach a host, given as `name:port`; waits for a person."""


class HostRequests:
    """Who is asked, for each worktree that has a turn."""

    def __init__(self) -> None:
        self._turns: dict[Path, _TurnHosts] = {}

    @asynccontextmanager
    async def during_turn(self, worktree: Path, ask: AskHost) -> AsyncIterator[None]:
        """Have `ask` decide about hosts that processes of a worktree want to reach; it is cancelled at the end."""
        turn = self._turns[worktree] = _TurnHosts(ask)
        try:
            yield
        finally:
            if self._turns.get(worktree) is turn:  # not the one of an attempt that began while this one ends
                del self._turns[worktree]
            await turn.stop()

    async def allow(self, worktree: Path | None, place: str) -> bool:
        """Whether a process may reach a host; waits for the answer, at most ANSWER_MAX_S. Refused outside of turns.

        Args:
            worktree: of the process.
            place: `name:port`.
        """
        turn = self._turns.get(worktree) if worktree is not None else None
        return turn is not None and _PLAIN.fullmatch(place.lower()) is not None and await turn.allow(place.lower())


class _TurnHosts:
    """The answers of one turn; each host is asked about once."""

    def __init__(self, ask: AskHost) -> None:
        self._ask = ask
        self._tasks = TaskSupervisor("hosts")
        self._answers: dict[str, asyncio.Task[bool]] = {}

    async def allow(self, place: str) -> bool:
        if place not in self._answers and len(self._answers) >= HOSTS_MAX:
            return False
        answer = self._answers.get(place)
        if answer is None:
            answer = self._answers[place] = self._tasks.spawn(self._decide(place), place)
        await asyncio.wait({answer}, timeout=ANSWER_MAX_S)
        return answer.done() and not answer.cancelled() and answer.exception() is None and answer.result()

    async def _decide(self, place: str) -> bool:
        return await self._ask(place)

    async def stop(self) -> None:
        await self._tasks.stop()
