"""Frames: what clients receive about a session. docs/frames.md lists each; a test compares the two.

A frame with `seq` is durable: it is numbered per session without gap and can be replayed. `delta` and
`reasoning_delta` also carry (message_id, part, offset): live ones have no seq and come at once, replayed
ones have one. A client keeps the text of a part and applies `text = text[:offset] + frame.text` only where
offset <= len(text) and drops what it has; offsets count Unicode code points. That rule makes doubles harmless.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import msgspec

from boocoder.events.agent_event import (
    FileDiff,
    Location,
    NoticeLevel,
    PermissionOption,
    PlanEntry,
    Question,
    SlashCommand,
    ToolKind,
    ToolStatus,
)


class FrameBase(msgspec.Struct, kw_only=True, omit_defaults=True, tag_field="type"):
    """Fields of every frame.

    Args:
        session_id: whose stream it belongs to.
        seq: number in the session's stream, 1, 2, 3 ...; None for a live delta, which is stored a moment later.
        at: Unix time in seconds when it was made; 0.0 for live deltas.
    """

    session_id: UUID
    seq: int | None = None
    at: float = 0.0


class TurnStartedFrame(FrameBase, tag="turn_started"):
    """A task became a turn."""

    task_id: UUID
    chat_id: UUID
    agent: str
    model: str | None = None
    mode: str | None = None
    epoch: int = 1


class AttachmentData(msgspec.Struct, frozen=True):
    """A file that was sent with a prompt."""

    id: UUID
    name: str
    media_type: str
    size_bytes: int


class MessageStartedFrame(FrameBase, tag="message_started"):
    """A message begins. A user's message comes whole, in `text`, with the files that were sent with it."""

    message_id: UUID
    chat_id: UUID
    task_id: UUID
    role: Literal["user", "assistant"]
    text: str = ""
    attachments: tuple[AttachmentData, ...] = ()


class DeltaFrame(FrameBase, tag="delta"):
    """More text of part `part` of a message, standing at `offset` (code points)."""

    message_id: UUID
    part: int
    offset: int
    text: str


class ReasoningDeltaFrame(FrameBase, tag="reasoning_delta"):
    """More reasoning of part `part` of a message, standing at `offset` (code points)."""

    message_id: UUID
    part: int
    offset: int
    text: str


class ToolCallFrame(FrameBase, tag="tool_call"):
    """The whole present state of a tool call; the latest one of a part wins.

    `input` and `output` hold at most INLINE_TEXT_MAX_CHARS characters (the output's end, as a terminal
    would); `input_chars` and `output_chars` say how many there are, to be read in pages from
    GET /api/messages/{message_id}/parts/{part}/text?field=output.
    """

    message_id: UUID
    part: int
    name: str
    kind: ToolKind
    title: str
    status: ToolStatus
    input: str = ""
    input_chars: int = 0
    output: str = ""
    output_chars: int = 0
    exit_code: int | None = None
    locations: tuple[Location, ...] = ()
    diffs: tuple[FileDiff, ...] = ()
    parent: int | None = None


class PlanFrame(FrameBase, tag="plan"):
    """The agent's whole plan; the latest one wins."""

    message_id: UUID
    part: int
    entries: tuple[PlanEntry, ...]


class AgentCommandsFrame(FrameBase, tag="agent_commands"):
    """The slash commands that the chat's agent offers now."""

    chat_id: UUID
    agent: str
    commands: tuple[SlashCommand, ...]


class UsageFrame(FrameBase, tag="usage"):
    """Tokens and cost of the turn so far."""

    task_id: UUID
    input_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost_usd: float = 0.0
    context_tokens: int = 0
    tokens_per_s: float = 0.0


class ProgressFrame(FrameBase, tag="progress"):
    """What a running turn waits for just now; live only, and over as soon as anything else comes of the turn."""

    task_id: UUID
    text: str


class NoticeFrame(FrameBase, tag="notice"):
    """Something that the person should see and the agent did not say."""

    code: str
    text: str
    level: NoticeLevel = NoticeLevel.INFO
    message_id: UUID | None = None
    part: int | None = None


class PermissionFrame(FrameBase, tag="permission"):
    """The agent asks before it acts, or what came of it; the latest one of a part wins.

    `asked` waits for an answer to POST /api/permissions/{request_id}/answer.
    """

    message_id: UUID
    part: int
    task_id: UUID
    request_id: UUID
    state: Literal["asked", "allowed", "refused", "cancelled"]
    tool: str
    title: str
    argument: str
    options: tuple[PermissionOption, ...] = ()
    tool_part: int | None = None
    decided_by: str = ""
    rule_id: UUID | None = None
    message: str = ""


class QuestionFrame(FrameBase, tag="question"):
    """A question of the agent, or its answer; the latest one of a part wins."""

    message_id: UUID
    part: int
    task_id: UUID
    request_id: UUID
    state: Literal["asked", "answered", "refused", "cancelled"]
    questions: tuple[Question, ...]
    answers: tuple[tuple[str, ...], ...] = ()
    tool_part: int | None = None
    decided_by: str = ""


class SteerFrame(FrameBase, tag="steer"):
    """A person's message to a turn that runs; the latest one of a `steer_id` wins.

    `message_id` and `part` are where in the conversation the agent got it; both are null before that.
    """

    steer_id: UUID
    task_id: UUID
    state: Literal["reserved", "delivered", "confirmed", "returned", "withdrawn", "unconfirmed"]
    text: str
    sent_by: Literal["page", "cli", "api"]
    message_id: UUID | None = None
    part: int | None = None
    queued_task_id: UUID | None = None


class ChangeUpdatedFrame(FrameBase, tag="change_updated"):
    """The session's change moved: a new pending one, or the old one superseded, withdrawn, applied, rejected."""

    change_id: UUID
    state: Literal["pending", "superseded", "withdrawn", "applied", "rejected"]
    agent: str
    files: int = 0
    additions: int = 0
    deletions: int = 0


class ReviewChangedFrame(FrameBase, tag="review_changed"):
    """State of a change's review: units by verdict, and comments not sent yet."""

    change_id: UUID
    accepted: int = 0
    rejected: int = 0
    open: int = 0
    unsent_comments: int = 0


class MessageCompleteFrame(FrameBase, tag="message_complete"):
    """No more parts of this message will come. `status` is not `complete` where its turn did not complete."""

    message_id: UUID
    chat_id: UUID
    status: Literal["complete", "failed", "cancelled", "interrupted", "timed_out"]


class TurnEndedFrame(FrameBase, tag="turn_ended"):
    """The one terminal frame of a turn: how it ended, why, and what to do."""

    task_id: UUID
    chat_id: UUID
    outcome: Literal["completed", "failed", "cancelled", "interrupted", "timed_out"]
    code: str = ""
    text: str = ""
    cure: str = ""
    epoch: int = 1


class QueueChangedFrame(FrameBase, tag="queue_changed"):
    """A task of the session entered or left the queue, or waits with another prompt or at another place."""

    task_id: UUID
    state: Literal["pending", "running", "completed", "failed", "cancelled", "interrupted", "timed_out"]
    pending: int


class CaughtUpFrame(FrameBase, tag="caught_up"):
    """All that had happened when the subscription began has been sent; what follows happens now."""


class ResyncFrame(FrameBase, tag="resync"):
    """Frames were dropped for this client because it was too slow: subscribe again after the last `seq` it has."""

    reason: str


Frame = (
    TurnStartedFrame
    | MessageStartedFrame
    | DeltaFrame
    | ReasoningDeltaFrame
    | ToolCallFrame
    | PlanFrame
    | AgentCommandsFrame
    | UsageFrame
    | ProgressFrame
    | NoticeFrame
    | PermissionFrame
    | QuestionFrame
    | SteerFrame
    | ChangeUpdatedFrame
    | ReviewChangedFrame
    | MessageCompleteFrame
    | TurnEndedFrame
    | QueueChangedFrame
    | CaughtUpFrame
    | ResyncFrame
)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Frame] = msgspec.json.Decoder(Frame)


def encode(frame: Frame) -> bytes:
    """The frame as one line of JSON."""
    return _encoder.encode(frame)


def decode(data: bytes | str) -> Frame:
    """The frame of one line of JSON.

    Raises:
        msgspec.ValidationError: unknown type, or fields of the wrong type.
    """
    return _decoder.decode(data)


def session_notice(session_id: UUID, code: str, text: str, level: NoticeLevel = NoticeLevel.INFO) -> NoticeFrame:
    """A notice outside of any message."""
    return NoticeFrame(session_id=session_id, code=code, text=text, level=level)


def number(drafts: Sequence[Frame], first: int, at: float) -> None:
    """Give frames that are stored now their numbers, in order.

    Args:
        first: the number of the first one.
        at: Unix time in seconds.
    """
    for seq, frame in enumerate(drafts, start=first):
        frame.seq, frame.at = seq, at


def type_of(frame: Frame) -> str:
    """The frame's name on the wire, as in its `type` field."""
    return str(type(frame).__struct_config__.tag)
