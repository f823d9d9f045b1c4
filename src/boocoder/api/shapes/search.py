"""What a search answers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from boocoder.api.shapes.outputs import Output
from boocoder.api.snippet import snippet
from boocoder.db.search import Hit
from boocoder.db.sessions import SessionState
from boocoder.model.task import MessageRole


class PieceOut(Output):
    """Some text of a snippet; `hit`: it is a word that was looked for."""

    text: str
    hit: bool


class HitOut(Output):
    """A message in which the words were found."""

    message_id: UUID
    session_id: UUID
    chat_id: UUID
    project_id: UUID
    session_title: str
    session_state: SessionState
    role: MessageRole
    agent: str | None
    created_at: datetime
    snippet: list[PieceOut]


def hit_out(hit: Hit, query: str) -> HitOut:
    """The answer for one hit of a query."""
    pieces = [PieceOut(text=piece.text, hit=piece.hit) for piece in snippet(hit.text, query)]
    return HitOut(
        message_id=hit.message_id,
        session_id=hit.session_id,
        chat_id=hit.chat_id,
        project_id=hit.project_id,
        session_title=hit.session_title,
        session_state=hit.session_state,
        role=hit.role,
        agent=hit.agent,
        created_at=hit.created_at,
        snippet=pieces,
    )
