"""opencode's wire types: tolerant msgspec structs, and the events decoded into them.

Unknown fields and unknown event types are ignored; a field that may be missing has a default. `decode_event`
looks at the type first and decodes only what a turn uses.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Raw, Struct

from boocoder.events import json_coerce

Number = int | float | None


class ErrorData(Struct, rename="camel"):
    """Details of an error; `status_code` is the model server's HTTP status."""

    message: str = ""
    status_code: int | None = None
    is_retryable: bool = False


class ErrorInfo(Struct):
    """An error as opencode names it, for example APIError or MessageAbortedError."""

    name: str = ""
    data: ErrorData = msgspec.field(default_factory=ErrorData)


class TimeSpan(Struct):
    """Times in milliseconds; what has not happened is None."""

    created: Number = None
    completed: Number = None
    start: Number = None
    end: Number = None


class CacheTokens(Struct):
    """Tokens read from and written to the model server's cache."""

    read: Number = 0
    write: Number = 0


class Tokens(Struct):
    """Tokens of one model call."""

    input: Number = 0
    output: Number = 0
    reasoning: Number = 0
    cache: CacheTokens = msgspec.field(default_factory=CacheTokens)


class MessageInfo(Struct):
    """The head of a message. An assistant's message is one model call; `time.completed` closes it."""

    id: str
    role: str
    session_id: str = msgspec.field(name="sessionID", default="")
    parent_id: str = msgspec.field(name="parentID", default="")
    mode: str = ""
    finish: str | None = None
    error: ErrorInfo | None = None
    time: TimeSpan = msgspec.field(default_factory=TimeSpan)

    @property
    def open(self) -> bool:
        """Whether an assistant is still at it."""
        return self.role == "assistant" and self.time.completed is None


class ToolPartState(Struct):
    """State of a tool call: pending, running, completed or error."""

    status: str = ""
    input: Raw = msgspec.field(default_factory=lambda: Raw(b"{}"))
    output: str = ""
    error: str = ""
    title: str = ""
    metadata: Raw = msgspec.field(default_factory=lambda: Raw(b"{}"))


class OpenCodePart(Struct):
    """One part of a message; which fields are set depends on `type`."""

    id: str
    message_id: str = msgspec.field(name="messageID", default="")
    session_id: str = msgspec.field(name="sessionID", default="")
    type: str = ""
    text: str = ""
    time: TimeSpan | None = None
    tool: str = ""
    call_id: str = msgspec.field(name="callID", default="")
    state: ToolPartState | None = None
    reason: str = ""
    tokens: Tokens | None = None
    cost: Number = 0
    synthetic: bool = False

    @property
    def closed(self) -> bool:
        """Whether a text has come to its end."""
        return self.time is not None and self.time.end is not None


class StoredMessage(Struct):
    """A message with its parts, as GET /session/{id}/message and the turn's answer bring it."""

    info: MessageInfo
    parts: list[OpenCodePart] = msgspec.field(default_factory=list)


class OpenCodeSession(Struct):
    """A session of opencode."""

    id: str
    directory: str = ""
    parent_id: str = msgspec.field(name="parentID", default="")


class SessionStatus(Struct):
    """busy, retry (with attempt, message and the time of the next try in milliseconds) or idle."""

    type: str = "idle"
    attempt: int = 0
    message: str = ""
    next: Number = None


class Todo(Struct):
    """One entry of the agent's plan."""

    content: str = ""
    status: str = "pending"


class QuestionOption(Struct):
    """A choice."""

    label: str = ""


class QuestionInfo(Struct):
    """One question."""

    question: str = ""
    header: str = ""
    options: list[QuestionOption] = msgspec.field(default_factory=list)
    multiple: bool = False
    custom: bool = True


class CallRef(Struct):
    """The tool call that asks."""

    message_id: str = msgspec.field(name="messageID", default="")
    call_id: str = msgspec.field(name="callID", default="")


class EventBase(Struct):
    """All events that we read belong to a session."""

    session_id: str = msgspec.field(name="sessionID", default="")


class MessageUpdated(EventBase, kw_only=True):
    """A message began or changed."""

    info: MessageInfo


class PartUpdated(EventBase, kw_only=True):
    """A part began or changed; it comes whole."""

    part: OpenCodePart


class PartDelta(EventBase, kw_only=True):
    """More of a part's field."""

    message_id: str = msgspec.field(name="messageID")
    part_id: str = msgspec.field(name="partID")
    field: str = "text"
    delta: str = ""


class StatusChanged(EventBase, kw_only=True):
    """A session is busy, retrying or idle."""

    status: SessionStatus


class SessionFailed(EventBase, kw_only=True):
    """A turn failed; without a session id it is about the whole server."""

    error: ErrorInfo = msgspec.field(default_factory=ErrorInfo)


class SessionUpserted(EventBase, kw_only=True):
    """A session was made or changed; a sub-agent's session names its parent."""

    info: OpenCodeSession


class SessionCompacted(EventBase, kw_only=True):
    """The conversation was summed up to make room."""


class TodosChanged(EventBase, kw_only=True):
    """The agent's plan."""

    todos: list[Todo]


class PermissionAsked(EventBase, kw_only=True):
    """A tool waits for leave."""

    id: str
    permission: str = ""
    patterns: list[str] = msgspec.field(default_factory=list)
    metadata: Raw = msgspec.field(default_factory=lambda: Raw(b"{}"))
    tool: CallRef | None = None


class PermissionReplied(EventBase, kw_only=True):
    """Somebody has answered a permission request: "once", "always" or "reject"."""

    request_id: str = msgspec.field(name="requestID", default="")
    reply: str = ""


class QuestionReplied(EventBase, kw_only=True):
    """Somebody has answered a question."""

    request_id: str = msgspec.field(name="requestID", default="")


class QuestionAsked(EventBase, kw_only=True):
    """The agent waits for an answer."""

    id: str
    questions: list[QuestionInfo]
    tool: CallRef | None = None


ServerEvent = (
    MessageUpdated
    | PartUpdated
    | PartDelta
    | StatusChanged
    | SessionFailed
    | SessionUpserted
    | SessionCompacted
    | TodosChanged
    | PermissionAsked
    | PermissionReplied
    | QuestionAsked
    | QuestionReplied
)

_DELTA = "message.part.delta"
_DECODERS: dict[str, msgspec.json.Decoder[ServerEvent]] = {
    _DELTA: msgspec.json.Decoder(PartDelta),
    "message.part.updated": msgspec.json.Decoder(PartUpdated),
    "message.updated": msgspec.json.Decoder(MessageUpdated),
    "session.status": msgspec.json.Decoder(StatusChanged),
    "session.error": msgspec.json.Decoder(SessionFailed),
    "session.created": msgspec.json.Decoder(SessionUpserted),
    "session.updated": msgspec.json.Decoder(SessionUpserted),
    "session.compacted": msgspec.json.Decoder(SessionCompacted),
    "todo.updated": msgspec.json.Decoder(TodosChanged),
    "permission.asked": msgspec.json.Decoder(PermissionAsked),
    "permission.replied": msgspec.json.Decoder(PermissionReplied),
    "question.asked": msgspec.json.Decoder(QuestionAsked),
    "question.replied": msgspec.json.Decoder(QuestionReplied),
}


class _Payload(Struct):
    type: str = ""
    id: str = ""
    properties: Raw = msgspec.field(default_factory=lambda: Raw(b"{}"))


class _Envelope(Struct):
    payload: _Payload


class _EventOwner(Struct):
    session_id: Annotated[str, msgspec.Meta(max_length=200)] = msgspec.field(name="sessionID", default="")


_envelope = msgspec.json.Decoder(_Envelope)
_owner = msgspec.json.Decoder(_EventOwner)


class EventHead(Struct, frozen=True):
    """An event of the stream before it is decoded: its id, type, owner and undecoded properties."""

    id: str
    type: str
    session_id: str
    properties: Raw


def peek_event(data: bytes) -> EventHead | None:
    """Read the envelope of one event of /global/event.

    Args:
        data: one event's JSON.

    Returns:
        None for a type that is not read, such as `sync`, which repeats others.

    Raises:
        msgspec.DecodeError: it is not an event at all.
    """
    try:
        payload = _envelope.decode(data).payload
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        payload = _tolerant_payload(data, error)
    if payload.type not in _DECODERS:
        return None
    owner = json_coerce.decode_as(payload.properties, _owner.decode)
    return EventHead(payload.id, payload.type, owner.session_id, payload.properties)


def _tolerant_payload(data: bytes, error: Exception) -> _Payload:
    """An envelope with half of a surrogate pair or bytes that are not UTF-8, which msgspec refuses anywhere."""
    try:
        payload = json_coerce.mapping(json_coerce.mapping(json_coerce.decode(data)).get("payload"))
        properties = json_coerce.encode(payload.get("properties", {}))
    except (ValueError, RecursionError):
        raise msgspec.DecodeError(str(error)) from error
    return _Payload(json_coerce.text(payload.get("type")), json_coerce.text(payload.get("id")), Raw(properties))


def decode_event(peeked: EventHead) -> ServerEvent:
    """Decode an event that `peek_event` found.

    Raises:
        msgspec.DecodeError: a field that we read has another type than it used to.
    """
    if peeked.type == _DELTA:
        return _decode_delta(peeked.properties)
    return json_coerce.decode_as(peeked.properties, _DECODERS[peeked.type].decode)


def _decode_delta(properties: Raw) -> ServerEvent:
    """A delta may end within an emoji: its half is kept, because the next delta has the other."""
    try:
        return _DECODERS[_DELTA].decode(properties)
    except (msgspec.ValidationError, RecursionError):
        raise
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        try:
            return msgspec.convert(json_coerce.decode(bytes(properties)), PartDelta)
        except (ValueError, RecursionError):
            raise msgspec.DecodeError(str(error)) from error
