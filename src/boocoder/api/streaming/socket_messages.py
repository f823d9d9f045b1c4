"""Control messages of the WebSocket: requests of clients, and answers that are not frames."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec

from boocoder.model.agent import AgentInfo

Seq = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Subscribe(msgspec.Struct, tag_field="op", tag="subscribe", forbid_unknown_fields=True):
    """Send the frames of a session with seq > `after`; replaces an earlier subscription to it."""

    session_id: UUID
    after: Seq = 0


class Unsubscribe(msgspec.Struct, tag_field="op", tag="unsubscribe", forbid_unknown_fields=True):
    """Send no more frames of a session."""

    session_id: UUID


class WatchAgents(msgspec.Struct, tag_field="op", tag="watch_agents", forbid_unknown_fields=True):
    """Send what is known of every agent, and then each one that changes."""


class UnwatchAgents(msgspec.Struct, tag_field="op", tag="unwatch_agents", forbid_unknown_fields=True):
    """Send no more news of agents."""


class WatchSessions(msgspec.Struct, tag_field="op", tag="watch_sessions", forbid_unknown_fields=True):
    """Name sessions whose row in the list changed, whenever some did."""


class UnwatchSessions(msgspec.Struct, tag_field="op", tag="unwatch_sessions", forbid_unknown_fields=True):
    """Name no more sessions."""


class Ping(msgspec.Struct, tag_field="op", tag="ping", forbid_unknown_fields=True):
    """Answer with a pong."""


class Subscribed(msgspec.Struct, tag_field="type", tag="subscribed"):
    """The frames of the session with seq > `after` follow."""

    session_id: UUID
    after: int


class Unsubscribed(msgspec.Struct, tag_field="type", tag="unsubscribed"):
    """No more frames of the session follow; `text` says why if it was not asked for."""

    session_id: UUID
    text: str = ""


class Pong(msgspec.Struct, tag_field="type", tag="pong"):
    """The answer to a ping."""


class AgentsNews(msgspec.Struct, tag_field="type", tag="agents"):
    """Agents as GET /api/agents has them: all of them first, then those that changed."""

    agents: tuple[AgentInfo, ...]


class AgentsUnwatched(msgspec.Struct, tag_field="type", tag="agents_unwatched"):
    """No more news of agents follows."""


class SessionsNews(msgspec.Struct, tag_field="type", tag="sessions"):
    """These sessions look different now; an empty list is the answer to the request itself."""

    ids: tuple[UUID, ...]


class SessionsUnwatched(msgspec.Struct, tag_field="type", tag="sessions_unwatched"):
    """No more news of sessions follows."""


class SocketError(msgspec.Struct, tag_field="type", tag="error"):
    """A message was refused; the connection stays."""

    code: str
    text: str
    cure: str = ""
    session_id: UUID | None = None


Request = Subscribe | Unsubscribe | WatchAgents | UnwatchAgents | WatchSessions | UnwatchSessions | Ping
Answer = (
    Subscribed | Unsubscribed | AgentsNews | AgentsUnwatched | SessionsNews | SessionsUnwatched | Pong | SocketError
)

_decoder: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)


def decode_request(text: str) -> Request:
    """One message of a client.

    Raises:
        msgspec.DecodeError: it is not JSON, of an unknown kind, or has wrong or unknown fields.
        RecursionError: it is nested too deeply.
    """
    return _decoder.decode(text)
