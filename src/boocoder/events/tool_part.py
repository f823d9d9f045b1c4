"""One tool call of a turn: forward-only status, bounded frames, long texts kept whole. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import msgspec

from boocoder.events import agent_event, frames
from boocoder.events.batch import OverflowText, ToolTextItem
from boocoder.events.clean_text import clean
from boocoder.events.redaction import GrowingText, Redactor
from boocoder.model.ids import MessageId
from boocoder.model.limits import INLINE_TEXT_MAX_CHARS, TITLE_MAX_CHARS, TOOL_TEXT_MAX_CHARS

_ORDER = {
    agent_event.ToolStatus.PENDING: 0,
    agent_event.ToolStatus.RUNNING: 1,
    agent_event.ToolStatus.COMPLETED: 2,
    agent_event.ToolStatus.FAILED: 2,
    agent_event.ToolStatus.CANCELLED: 2,
    agent_event.ToolStatus.UNREPORTED: 2,
}

_FINAL = {status for status in agent_event.ToolStatus if status.final}


class _StoredToolCall(msgspec.Struct, frozen=True):
    """The required fields of a call's newest stored state."""

    name: str
    kind: agent_event.ToolKind
    title: str
    status: agent_event.ToolStatus
    input: str = ""
    output: str = ""
    exit_code: int | None = None
    locations: tuple[agent_event.Location, ...] = ()


class ToolPart:
    """Keeps the newest state of a call.

    Args:
        part: its number in the message.
    """

    def __init__(self, part: int) -> None:
        self.part = part
        self.last: agent_event.ToolCall | None = None
        # Of each text what is stored, to tell growth from another text, and how many characters were taken.
        self._stored: dict[str, tuple[str, int]] = {}
        self._input: GrowingText | None = None
        self._output: GrowingText | None = None

    @classmethod
    def restored(cls, part: int, key: str, data: bytes | None) -> ToolPart:
        """The part as an earlier attempt stored it, so that it can be closed if the agent knows no more of it."""
        tool = cls(part)
        frame = msgspec.json.decode(data, type=_StoredToolCall) if data else None
        if frame is not None and frame.status not in _FINAL:
            tool.last = agent_event.ToolCall(
                part=key,
                name=frame.name,
                kind=frame.kind,
                title=frame.title,
                status=frame.status,
                input=frame.input,
                output=frame.output,
                exit_code=frame.exit_code,
                locations=frame.locations,
            )
        return tool

    @property
    def running(self) -> bool:
        """Whether it has begun and not ended."""
        return self.last is not None and not self.last.status.final

    def accepts(self, event: agent_event.ToolCall) -> bool:
        """Whether the event is news: a status never goes back, an ended call never changes."""
        if self.last is None:
            return True
        if self.last.status.final:
            return False
        return _ORDER[event.status] >= _ORDER[self.last.status] and event != self.last

    def ended_early(self, key: str) -> agent_event.ToolCall:
        """The state to show for a call that its turn left open."""
        assert self.last is not None
        return replace(self.last, part=key, status=agent_event.ToolStatus.CANCELLED)

    def redacted(self, event: agent_event.ToolCall, redactor: Redactor) -> agent_event.ToolCall:
        """The event without secrets."""
        if self._input is None or self._output is None:
            self._input, self._output = GrowingText(redactor), GrowingText(redactor)
        final = event.status.final
        return replace(
            event,
            title=redactor.text(event.title),
            input=self._input.update(event.input, final=final),
            output=self._output.update(event.output, final=final),
            locations=tuple(msgspec.structs.replace(one, path=redactor.text(one.path)) for one in event.locations),
            diffs=tuple(_redacted_diff(diff, redactor) for diff in event.diffs),
        )

    def frame(
        self, session_id: UUID, message_id: MessageId, event: agent_event.ToolCall, parent: int | None
    ) -> frames.ToolCallFrame:
        """Remember the event as the newest state and make its frame, long texts cut to what a frame holds."""
        self.last = event
        return frames.ToolCallFrame(
            session_id=session_id,
            message_id=message_id,
            part=self.part,
            name=clean(event.name),
            kind=event.kind,
            title=clean(event.title)[:TITLE_MAX_CHARS],
            status=event.status,
            input=clean(event.input[:INLINE_TEXT_MAX_CHARS]),
            input_chars=len(event.input),
            output=clean(event.output[-INLINE_TEXT_MAX_CHARS:]),
            output_chars=len(event.output),
            exit_code=event.exit_code,
            locations=tuple(msgspec.structs.replace(one, path=clean(one.path)) for one in event.locations),
            diffs=tuple(_diff_data(diff) for diff in event.diffs),
            parent=parent,
        )

    def long_texts(self, message_id: MessageId, event: agent_event.ToolCall) -> Iterator[ToolTextItem | OverflowText]:
        """What is stored in addition to the frame: up to TOOL_TEXT_MAX_CHARS of each text, the rest in a file."""
        for field, text in (("input", event.input), ("output", event.output)):
            if len(text) > INLINE_TEXT_MAX_CHARS:
                yield from self._long_text(message_id, field, text)

    def _long_text(self, message_id: MessageId, field: str, text: str) -> Iterator[ToolTextItem | OverflowText]:
        stored, taken = self._stored.get(field, ("", 0))
        if len(text) == taken and text.startswith(stored):
            return
        grown = bool(stored) and len(text) > taken and text.startswith(stored)
        offset = taken if grown else 0
        kept = clean(text[offset:TOOL_TEXT_MAX_CHARS])
        if kept:
            yield ToolTextItem(message_id, self.part, field, offset, kept, replace=not grown)
        beyond = max(offset, TOOL_TEXT_MAX_CHARS)
        if len(text) > beyond:
            yield OverflowText(self.part, field, clean(text[beyond:]), replace=beyond == TOOL_TEXT_MAX_CHARS)
        self._stored[field] = (text[:TOOL_TEXT_MAX_CHARS], len(text))


def _redacted_diff(diff: agent_event.FileDiff, redactor: Redactor) -> agent_event.FileDiff:
    old = None if diff.old_text is None else redactor.text(diff.old_text)
    return msgspec.structs.replace(diff, old_text=old, new_text=redactor.text(diff.new_text))


def _diff_data(diff: agent_event.FileDiff) -> agent_event.FileDiff:
    old = None if diff.old_text is None else clean(diff.old_text)
    new = clean(diff.new_text)
    if len(new) > INLINE_TEXT_MAX_CHARS or len(old or "") > INLINE_TEXT_MAX_CHARS:
        return agent_event.FileDiff(path=clean(diff.path), cut=True)
    return agent_event.FileDiff(path=clean(diff.path), old_text=old, new_text=new)
