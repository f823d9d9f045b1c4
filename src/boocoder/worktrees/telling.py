"""What the person is told about a session's worktree, outside of turns: rows of its stream, then the broker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from boocoder.db import events
from boocoder.db.pool import Connection, Database
from boocoder.events import frames
from boocoder.events.agent_event import NoticeLevel
from boocoder.model.ids import SessionId


class Publisher(Protocol):
    """What the broker does for us."""

    def commit(
        self, session_id: SessionId, first_seq: int, last_seq: int, frames: Sequence[frames.Frame], /
    ) -> None: ...


class Told:
    """Frames that one transaction stores; published after its commit."""

    def __init__(self, session_id: SessionId, publisher: Publisher) -> None:
        self._session_id = session_id
        self._publisher = publisher
        self._frames: list[frames.Frame] = []
        self._first = 0

    async def store(self, conn: Connection, drafts: Sequence[frames.Frame]) -> None:
        """Store frames; once a transaction."""
        if drafts:
            self._first = await events.append_frames(conn, self._session_id, drafts)
            self._frames = list(drafts)

    def publish(self) -> None:
        """After the commit."""
        if self._frames:
            last = self._first + len(self._frames) - 1
            self._publisher.commit(self._session_id, self._first, last, self._frames)


def notice(session_id: SessionId, code: str, text: str, level: NoticeLevel = NoticeLevel.INFO) -> frames.Notice:
    """A notice that belongs to no message."""
    return frames.Notice(session_id=session_id, code=code, text=text, level=level)


async def tell(database: Database, publisher: Publisher, frame: frames.Notice) -> None:
    """Store and publish one notice."""
    session_id = SessionId(frame.session_id)
    told = Told(session_id, publisher)
    async with database.transaction() as conn:
        await told.store(conn, [frame])
    told.publish()
