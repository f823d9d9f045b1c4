"""Parts of an agent's message: as known from before, as they grow, and as they are stored."""

from __future__ import annotations

from dataclasses import dataclass

from boocoder.events import frames
from boocoder.events.batch import PartItem
from boocoder.events.redaction import RedactedStream
from boocoder.model.ids import MessageId
from boocoder.model.task import PartKind


@dataclass(frozen=True, slots=True)
class KnownPart:
    """A part that is stored already, when a turn is picked up again after a crash.

    Args:
        chars: code points of its streamed text.
        data: the JSON of its newest frame, of a tool call.
    """

    part: int
    kind: PartKind
    key: str
    chars: int = 0
    data: bytes | None = None


@dataclass(slots=True)
class TextPart:
    """A part of text or reasoning, of which `chars` code points are shown or stored."""

    part: int
    kind: PartKind
    chars: int = 0
    repeat: int = 0  # code points still to be dropped, because they are stored already
    held: str = ""  # a high surrogate that waits for its other half
    redacted: RedactedStream | None = None  # where secrets are replaced
    overflowed: bool = False


@dataclass(slots=True)
class TextPiece:
    """Text that waits to be stored; grows until it is taken."""

    part: int
    kind: PartKind
    offset: int
    pieces: list[str]
    shown: bool  # live, so that its number needs no frame


def request_item(frame: frames.PermissionFrame | frames.QuestionFrame) -> PartItem:
    """The part that holds the newest state of a permission or question."""
    kind = PartKind.PERMISSION if isinstance(frame, frames.PermissionFrame) else PartKind.QUESTION
    return PartItem(MessageId(frame.message_id), frame.part, kind, f"request:{frame.request_id}", frames.encode(frame))


def steer_item(frame: frames.SteerFrame) -> PartItem | None:
    """The part that holds the newest state of a message to the turn; None before the agent got it."""
    if frame.message_id is None or frame.part is None:
        return None
    key = f"steer:{frame.steer_id}"
    return PartItem(MessageId(frame.message_id), frame.part, PartKind.STEER, key, frames.encode(frame))
