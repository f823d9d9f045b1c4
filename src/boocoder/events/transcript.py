"""Folds what an agent says into numbered parts: what to show at once and what to store next. Pure, no I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from boocoder.events import agent_event as said
from boocoder.events import frames
from boocoder.events.batch import BatchItem, EventItem, PartItem, TextItem, ToolTextItem
from boocoder.events.clean_text import clean, split_high_surrogate
from boocoder.events.tool_part import ToolPart
from boocoder.model.ids import ChatId, MessageId, SessionId, TaskId
from boocoder.model.task import PartKind

PLAN_KEY = "plan"  # a turn has one plan part
BEGINNING_CHARS = 2_000  # kept for a summary


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
class _TextPart:
    """A part of text or reasoning, of which `chars` code points are shown or stored."""

    part: int
    kind: PartKind
    chars: int = 0
    repeat: int = 0  # code points still to be dropped, because they are stored already
    held: str = ""  # a high surrogate that waits for its other half


@dataclass(slots=True)
class _TextPiece:
    """Text that waits to be stored; grows until it is taken."""

    part: int
    kind: PartKind
    offset: int
    pieces: list[str]
    shown: bool  # live, so that its number needs no frame


_Waiting = PartItem | ToolTextItem | _TextPiece | frames.Frame


@dataclass(frozen=True, slots=True)
class TurnIds:
    """Where a turn's frames belong."""

    session_id: SessionId
    chat_id: ChatId
    task_id: TaskId
    message_id: MessageId


def request_item(frame: frames.Permission | frames.Question) -> PartItem:
    """The part that holds the newest state of a permission or question."""
    kind = PartKind.PERMISSION if isinstance(frame, frames.Permission) else PartKind.QUESTION
    return PartItem(MessageId(frame.message_id), frame.part, kind, f"request:{frame.request_id}", frames.encode(frame))


class Transcript:
    """One turn's assistant message as it grows.

    `apply` takes an event and returns the frame to show at once, if any: text is shown at once unless a durable
    frame that came before it still waits to be stored. `take` hands over everything that is not stored yet, in
    order, with the durable frames that it will become; later states of a tool call or plan replace earlier ones
    that were not taken yet.

    Args:
        ids: where the frames belong.
        agent: the product's name.
        known: parts that an earlier attempt stored: their text is skipped when it is said again.
    """

    def __init__(self, ids: TurnIds, *, agent: str, known: Iterable[KnownPart] = ()) -> None:
        self._ids = ids
        self._agent = agent
        self._items: list[_Waiting] = []
        self._latest: dict[str, int] = {}  # place in _items of a state that a later one replaces
        self._texts: dict[str, _TextPart] = {}
        self._tools: dict[str, ToolPart] = {}
        self._next_part = 0
        self._plan: int | None = None
        self._notices = 0
        self._first_words: list[str] = []
        self._first_chars = 0
        self._durable_waits = False
        self._live_frames = 0
        self.pending_chars = 0
        self.usage: said.Usage | None = None
        for part in known:
            self._remember(part)

    def _remember(self, part: KnownPart) -> None:
        self._next_part = max(self._next_part, part.part + 1)
        if part.kind in (PartKind.TEXT, PartKind.REASONING):
            self._texts[part.key] = _TextPart(part.part, part.kind, chars=part.chars, repeat=part.chars)
        elif part.kind is PartKind.TOOL_CALL:
            self._tools[part.key] = ToolPart.restored(part.part, part.key, part.data)
        elif part.kind is PartKind.PLAN:
            self._plan = part.part
        elif part.kind is PartKind.NOTICE:
            self._notices += 1

    @property
    def running_tools(self) -> int:
        """How many tool calls have begun and not ended."""
        return sum(1 for tool in self._tools.values() if tool.running)

    @property
    def beginning(self) -> str:
        """The first text of the answer, for a summary."""
        return "".join(self._first_words)

    @property
    def empty(self) -> bool:
        """Whether nothing waits to be stored."""
        return not self._items

    def apply(self, event: said.AgentEvent) -> frames.Delta | frames.ReasoningDelta | None:
        """Take one event in; returns the live frame to publish, if the event makes one."""
        match event:
            case said.TextDelta():
                return self._text(event.part, event.text, PartKind.TEXT)
            case said.ReasoningDelta():
                return self._text(event.part, event.text, PartKind.REASONING)
            case said.ToolCall():
                self._tool(event)
            case said.Plan():
                self._set_plan(event)
            case said.AgentCommands():
                self._put("commands", self._commands(event))
            case said.Usage():
                self.usage = event
                self._put("usage", self._usage(event))
            case said.Notice():
                self.notice(event)
            case said.AgentSessionOpened() | said.PromptSending() | said.Progress():
                pass
        return None

    def take(self) -> tuple[list[BatchItem], list[frames.Frame | None], int]:
        """Everything that is not stored yet, in order.

        Returns:
            the items to store; for each numbered item its durable frame, or None for text that was shown live;
            and how many live frames those texts were.
        """
        items: list[BatchItem] = []
        durable: list[frames.Frame | None] = []
        for item in self._items:
            if isinstance(item, PartItem | ToolTextItem):
                items.append(item)
            elif isinstance(item, _TextPiece):
                text = "".join(item.pieces)
                items.append(TextItem(self._ids.message_id, item.part, item.offset, text))
                durable.append(self._delta(item.kind, item.part, item.offset, text) if not item.shown else None)
            else:
                items.append(EventItem(frames.type_of(item), frames.encode(item)))
                durable.append(item)
        live = self._live_frames
        self._items, self._latest, self._live_frames, self.pending_chars = [], {}, 0, 0
        self._durable_waits = False
        return items, durable, live

    def close_tools(self) -> None:
        """The turn is over: a tool call that never ended is shown as cancelled."""
        for key, tool in list(self._tools.items()):
            if tool.running and tool.last is not None:
                self._tool(tool.ended_early(key))

    def notice(self, event: said.Notice) -> None:
        """Add a notice as a part of the message."""
        part = self._new_part()
        frame = frames.Notice(
            session_id=self._ids.session_id,
            message_id=self._ids.message_id,
            part=part,
            code=event.code,
            text=clean(event.text),
            level=event.level,
        )
        self._items.append(self._part(part, PartKind.NOTICE, f"notice:{part}", frames.encode(frame)))
        self._items.append(frame)
        self._durable_waits = True

    def new_request(self, tool_key: str) -> tuple[int, int | None]:
        """Numbers for a permission or question: of its part, and of the part of the tool call that asks, if any."""
        tool = self._tools.get(tool_key)
        return self._new_part(), tool.part if tool else None

    def request(self, frame: frames.Permission | frames.Question) -> None:
        """Add the newest state of a permission or question."""
        key = f"request:{frame.request_id}"
        self._put(f"part:{key}", request_item(frame))
        self._put(key, frame)

    def _text(self, key: str, text: str, kind: PartKind) -> frames.Delta | frames.ReasoningDelta | None:
        part = self._texts.get(key)
        if part is None:
            part = self._texts[key] = _TextPart(self._new_part(), kind)
            self._items.append(self._part(part.part, kind, key, None))
        text, part.held = split_high_surrogate(part.held + text)
        text = clean(text)
        if part.repeat:
            dropped = min(part.repeat, len(text))
            part.repeat -= dropped
            text = text[dropped:]
        if not text:
            return None
        offset = part.chars
        part.chars += len(text)
        self.pending_chars += len(text)
        self._store_text(part, offset, text)
        if kind is PartKind.TEXT and self._first_chars < BEGINNING_CHARS:
            self._first_words.append(text)
            self._first_chars += len(text)
        if self._durable_waits:
            return None
        self._live_frames += 1
        return self._delta(kind, part.part, offset, text)

    def _delta(self, kind: PartKind, part: int, offset: int, text: str) -> frames.Delta | frames.ReasoningDelta:
        make = frames.Delta if kind is PartKind.TEXT else frames.ReasoningDelta
        return make(
            session_id=self._ids.session_id, message_id=self._ids.message_id, part=part, offset=offset, text=text
        )

    def _store_text(self, part: _TextPart, offset: int, text: str) -> None:
        """Append to the piece that waits where it is of the same part, so that a batch has few rows."""
        last = self._items[-1] if self._items else None
        if isinstance(last, _TextPiece) and last.part == part.part and last.shown != self._durable_waits:
            last.pieces.append(text)
        else:
            self._items.append(_TextPiece(part.part, part.kind, offset, [text], shown=not self._durable_waits))

    def _tool(self, event: said.ToolCall) -> None:
        tool = self._tools.get(event.part)
        if tool is None:
            tool = self._tools[event.part] = ToolPart(self._new_part())
        parent = self._tools.get(event.parent) if event.parent else None
        if not tool.accepts(event):
            return
        frame = tool.frame(self._ids.session_id, self._ids.message_id, event, parent.part if parent else None)
        stored = self._part(tool.part, PartKind.TOOL_CALL, event.part, frames.encode(frame))
        self._put(f"part:{event.part}", stored)
        for item in tool.long_texts(self._ids.message_id, event):
            self.pending_chars += len(item.text)
            self._items.append(item)
        self._put(f"tool:{event.part}", frame)

    def _set_plan(self, event: said.Plan) -> None:
        if self._plan is None:
            self._plan = self._new_part()
        frame = frames.Plan(
            session_id=self._ids.session_id,
            message_id=self._ids.message_id,
            part=self._plan,
            entries=tuple(frames.PlanEntryData(clean(entry.text), entry.status) for entry in event.entries),
        )
        self._put("part:plan", self._part(self._plan, PartKind.PLAN, PLAN_KEY, frames.encode(frame)))
        self._put("plan", frame)

    def _commands(self, event: said.AgentCommands) -> frames.AgentCommands:
        return frames.AgentCommands(
            session_id=self._ids.session_id,
            chat_id=self._ids.chat_id,
            agent=self._agent,
            commands=tuple(frames.AgentCommandData(clean(c.name), clean(c.description)) for c in event.commands),
        )

    def _usage(self, event: said.Usage) -> frames.Usage:
        return frames.Usage(
            session_id=self._ids.session_id,
            task_id=self._ids.task_id,
            input_tokens=event.input_tokens,
            output_tokens=event.output_tokens,
            reasoning_tokens=event.reasoning_tokens,
            cache_read_tokens=event.cache_read_tokens,
            cache_write_tokens=event.cache_write_tokens,
            cost_usd=event.cost_usd,
            context_tokens=event.context_tokens,
        )

    def _put(self, name: str, item: PartItem | frames.Frame) -> None:
        """Add an item, or let it take the place of an older state that was not stored yet."""
        self._durable_waits = self._durable_waits or not isinstance(item, PartItem)
        place = self._latest.get(name)
        if place is None:
            self._latest[name] = len(self._items)
            self._items.append(item)
        else:
            self._items[place] = item

    def _part(self, part: int, kind: PartKind, key: str, data: bytes | None) -> PartItem:
        return PartItem(self._ids.message_id, part, kind, key, data)

    def _new_part(self) -> int:
        part = self._next_part
        self._next_part += 1
        return part
