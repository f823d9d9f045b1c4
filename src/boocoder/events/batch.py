"""What one write to the stream of a session holds, in order. Made by the transcript, stored by db.events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from boocoder.events.frames import Frame
from boocoder.model.ids import MessageId
from boocoder.model.task import PartKind


@dataclass(frozen=True, slots=True)
class PartItem:
    """A part to insert, or the newest `data_json` of one that exists. Takes no number."""

    message_id: MessageId
    part: int
    kind: PartKind
    key: str
    data_json: bytes | None = None


@dataclass(frozen=True, slots=True)
class EventItem:
    """A durable frame: its type and its JSON without seq and at. Takes a number."""

    type: str
    frame_json: bytes


@dataclass(frozen=True, slots=True)
class TextItem:
    """Streamed text standing at `offset` (code points) of a part. Takes a number."""

    message_id: MessageId
    part: int
    offset: int
    text: str


@dataclass(frozen=True, slots=True)
class ToolTextItem:
    """A tool's input or output that is too long for its frame. Takes no number.

    Args:
        field: 'input' or 'output'.
        offset: position of `text`, in code points.
        replace: whether what is stored of this field is deleted first.
    """

    message_id: MessageId
    part: int
    field: str
    offset: int
    text: str
    replace: bool = False


BatchItem = PartItem | EventItem | TextItem | ToolTextItem


@dataclass(frozen=True, slots=True)
class OverflowText:
    """Text beyond a turn's share of the database, to be appended to a file.

    Args:
        field: 'text', 'input' or 'output'.
        replace: whether the file starts over.
    """

    part: int
    field: str
    text: str
    replace: bool = False


class StreamBatch(NamedTuple):
    """What one write of a turn stores.

    Args:
        items: in order.
        frames: of each numbered item its durable frame, or None for text that was shown live.
        live_frames: how many live frames those texts were.
    """

    items: list[BatchItem]
    frames: list[Frame | None]
    live_frames: int
