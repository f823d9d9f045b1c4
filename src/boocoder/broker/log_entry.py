"""One thing that a stream sends: an encoded frame with what is needed to order and to trim it. No I/O."""

from __future__ import annotations

from uuid import UUID

import msgspec

from boocoder.events.frames import DeltaFrame, Frame, ReasoningDeltaFrame, encode

TextFrame = DeltaFrame | ReasoningDeltaFrame
PartKey = tuple[UUID, int]
"""(message id, part)."""


class Entry:
    """A frame in a stream's log.

    Args:
        frame: what is sent.
        seq: its number; for a live delta the number that its text was stored under, None until then.
        live: whether it went out before it was stored.
        barrier: the stream may send a live delta only when numbers up to here are out.
        index: how many live deltas of this stream came before it.
    """

    __slots__ = ("barrier", "data", "frame", "index", "live", "seq")

    def __init__(self, frame: Frame, *, seq: int | None, live: bool, barrier: int = 0, index: int = 0) -> None:
        self.frame = frame
        self.data = encode(frame)
        self.seq = seq
        self.live = live
        self.barrier = barrier
        self.index = index


def part_of(frame: TextFrame) -> PartKey:
    """The part that a text frame belongs to."""
    return (frame.message_id, frame.part)


def end_of(frame: TextFrame) -> int:
    """The offset just after a text frame, in code points."""
    return frame.offset + len(frame.text)


def trimmed(frame: TextFrame, known: int) -> TextFrame | None:
    """The part of a text frame at or after offset `known`; None if nothing is left."""
    if frame.offset >= known:
        return frame
    if end_of(frame) <= known:
        return None
    return msgspec.structs.replace(frame, offset=known, text=frame.text[known - frame.offset :])
