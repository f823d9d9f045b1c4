"""One tool call of a turn: forward-only status, bounded frames, long texts kept whole. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import msgspec

from boocoder.events import agent_event as said
from boocoder.events import frames
from boocoder.events.batch import ToolTextItem
from boocoder.events.clean_text import clean
from boocoder.model.ids import MessageId
from boocoder.model.limits import INLINE_TEXT_MAX_CHARS, TITLE_MAX_CHARS

_ORDER = {
    said.ToolStatus.PENDING: 0,
    said.ToolStatus.RUNNING: 1,
    said.ToolStatus.COMPLETED: 2,
    said.ToolStatus.FAILED: 2,
    said.ToolStatus.CANCELLED: 2,
}

_FINAL = {status for status in said.ToolStatus if status.final}


class _StoredToolCall(msgspec.Struct, frozen=True):
    """What is needed of the newest state of a call as the database keeps it."""

    name: str
    kind: said.ToolKind
    title: str
    status: said.ToolStatus
    input: str = ""
    output: str = ""
    exit_code: int | None = None
    locations: tuple[frames.LocationData, ...] = ()


class ToolPart:
    """Keeps the newest state of a call.

    Args:
        part: its number in the message.
    """

    def __init__(self, part: int) -> None:
        self.part = part
        self.last: said.ToolCall | None = None
        self._stored: dict[str, str] = {"input": "", "output": ""}

    @classmethod
    def restored(cls, part: int, key: str, data: bytes | None) -> ToolPart:
        """The part as an earlier attempt stored it, so that it can be closed if the agent knows no more of it."""
        tool = cls(part)
        frame = msgspec.json.decode(data, type=_StoredToolCall) if data else None
        if frame is not None and frame.status not in _FINAL:
            tool.last = said.ToolCall(
                part=key,
                name=frame.name,
                kind=frame.kind,
                title=frame.title,
                status=frame.status,
                input=frame.input,
                output=frame.output,
                exit_code=frame.exit_code,
                locations=tuple(said.Location(place.path, place.line) for place in frame.locations),
            )
        return tool

    @property
    def running(self) -> bool:
        """Whether it has begun and not ended."""
        return self.last is not None and not self.last.status.final

    def accepts(self, event: said.ToolCall) -> bool:
        """Whether the event is news: a status never goes back, an ended call never changes."""
        if self.last is None:
            return True
        if self.last.status.final:
            return False
        return _ORDER[event.status] >= _ORDER[self.last.status] and event != self.last

    def ended_early(self, key: str) -> said.ToolCall:
        """The state to show for a call that its turn left open."""
        assert self.last is not None
        return replace(self.last, part=key, status=said.ToolStatus.CANCELLED)

    def frame(
        self, session_id: UUID, message_id: MessageId, event: said.ToolCall, parent: int | None
    ) -> frames.ToolCall:
        """Remember the event as the newest state and make its frame, long texts cut to what a frame holds."""
        self.last = event
        given, output = clean(event.input), clean(event.output)
        return frames.ToolCall(
            session_id=session_id,
            message_id=message_id,
            part=self.part,
            name=clean(event.name),
            kind=event.kind,
            title=clean(event.title)[:TITLE_MAX_CHARS],
            status=event.status,
            input=given[:INLINE_TEXT_MAX_CHARS],
            input_chars=len(given),
            output=output[-INLINE_TEXT_MAX_CHARS:],
            output_chars=len(output),
            exit_code=event.exit_code,
            locations=tuple(frames.LocationData(clean(place.path), place.line) for place in event.locations),
            diffs=tuple(_diff_data(diff) for diff in event.diffs),
            parent=parent,
        )

    def long_texts(self, message_id: MessageId, event: said.ToolCall) -> Iterator[ToolTextItem]:
        """What must be stored besides the frame, so that nothing of a long input or output is lost."""
        for field, text in (("input", clean(event.input)), ("output", clean(event.output))):
            if len(text) <= INLINE_TEXT_MAX_CHARS:
                continue
            stored = self._stored[field]
            if text == stored:
                continue
            grown = bool(stored) and text.startswith(stored)
            offset = len(stored) if grown else 0
            self._stored[field] = text
            yield ToolTextItem(message_id, self.part, field, offset, text[offset:], replace=not grown)


def _diff_data(diff: said.FileDiff) -> frames.FileDiffData:
    old = None if diff.old_text is None else clean(diff.old_text)
    new = clean(diff.new_text)
    if len(new) > INLINE_TEXT_MAX_CHARS or len(old or "") > INLINE_TEXT_MAX_CHARS:
        return frames.FileDiffData(path=clean(diff.path), cut=True)
    return frames.FileDiffData(path=clean(diff.path), old_text=old, new_text=new)
