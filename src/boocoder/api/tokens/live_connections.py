"""Connections of a credential that is revoked or runs out are cut off."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import UUID


class LiveConnections:
    """Knows how to cut the open connections of each credential."""

    def __init__(self) -> None:
        self._cuts: dict[UUID, set[Callable[[], None]]] = {}

    @contextlib.contextmanager
    def connected(self, owner: UUID, cut: Callable[[], None], ends_at: datetime | None = None) -> Iterator[None]:
        """Have `cut` called when the credential is revoked within the block, or when its time is over."""
        cuts = self._cuts.setdefault(owner, set())
        cuts.add(cut)
        left_s = None if ends_at is None else (ends_at - datetime.now(UTC)).total_seconds()
        timer = None if left_s is None else asyncio.get_running_loop().call_later(left_s, cut)
        try:
            yield
        finally:
            if timer is not None:
                timer.cancel()
            cuts.discard(cut)
            if not cuts:
                self._cuts.pop(owner, None)

    def cut(self, owner: UUID) -> None:
        """Cut off all connections of a credential."""
        for cut in tuple(self._cuts.get(owner, ())):
            cut()
