"""Notifies listeners of changed agents; a slow listener gets only the newest state of each."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from boocoder.model.agent import AgentInfo


class AgentWatch:
    """One listener. Bounded: it holds at most one answer an agent."""

    def __init__(self, first: Iterable[AgentInfo]) -> None:
        self._news = {info.name: info for info in first}
        self._changed = asyncio.Event()
        self._changed.set()

    def notify(self, info: AgentInfo) -> None:
        """This is news."""
        self._news[info.name] = info
        self._changed.set()

    async def next_changes(self) -> tuple[AgentInfo, ...]:
        """Wait for news: every agent at first, then those that changed since the last call."""
        await self._changed.wait()
        self._changed.clear()
        news, self._news = tuple(self._news.values()), {}
        return news


class Watchers:
    """All listeners."""

    def __init__(self) -> None:
        self._watches: set[AgentWatch] = set()

    @contextmanager
    def open(self, first: Iterable[AgentInfo]) -> Iterator[AgentWatch]:
        """Listen for the time of the block."""
        watch = AgentWatch(first)
        self._watches.add(watch)
        try:
            yield watch
        finally:
            self._watches.discard(watch)

    def notify(self, info: AgentInfo) -> None:
        """Tell everyone."""
        for watch in self._watches:
            watch.notify(info)
