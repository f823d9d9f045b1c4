"""What the broker needs from the store of streams, and what writers need from the broker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from boocoder.events.frames import Frame
from boocoder.model.ids import SessionId


class Publisher(Protocol):
    """Delivers frames that are stored."""

    def publish_stored(self, session_id: SessionId, seqs: range, frames: Sequence[Frame], *, flushed: int = 0) -> None:
        """See `Broker.publish_stored`."""


class StoredStream(Protocol):
    """The stored stream of every session."""

    async def read_events(self, session_id: SessionId, after: int, limit: int) -> Sequence[Frame]:
        """Frames with seq > `after`, oldest first, at most `limit`; stored text comes as deltas with a seq.

        A transaction's numbers become visible together, and a visible number means that all below are.

        Raises:
            Unavailable: the store cannot be read now.
        """

    async def last_seq(self, session_id: SessionId) -> int:
        """The newest number of the session's stream; 0 while it has none.

        Raises:
            Unavailable: the store cannot be read now.
        """

    async def last_seqs(self, session_ids: Sequence[SessionId]) -> Mapping[SessionId, int]:
        """The newest number of each of these sessions that is there, by one query.

        Raises:
            Unavailable: the store cannot be read now.
        """
