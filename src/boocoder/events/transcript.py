"""Folds what an agent says into numbered parts: what to show at once and what to store next. Pure, no I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from boocoder.events import agent_event, frames
from boocoder.events.batch import BatchItem, EventItem, OverflowText, PartItem, StreamBatch, TextItem, ToolTextItem
from boocoder.events.clean_text import clean, split_high_surrogate
from boocoder.events.message_part import KnownPart, TextPart, TextPiece, request_item, steer_item
from boocoder.events.redaction import Redactor
from boocoder.events.tool_part import ToolPart
from boocoder.model.ids import ChatId, MessageId, SessionId, TaskId
from boocoder.model.limits import TURN_TEXT_MAX_CHARS
from boocoder.model.task import PartKind

PLAN_KEY = "plan"  # a turn has one plan part
BEGINNING_CHARS = 2_000  # kept for a summary


_Waiting = PartItem | ToolTextItem | TextPiece | frames.Frame


@dataclass(frozen=True, slots=True)
class TurnIds:
    """Where a turn's frames belong."""

    session_id: SessionId
    chat_id: ChatId
    task_id: TaskId
    message_id: MessageId


class Transcript:
    """One turn's assistant message as it grows.

    `apply` takes an event and returns the frame to show at once, if any: text is shown at once unless a durable
    frame that came before it still waits to be stored. `take` hands over everything that is not stored yet, in
    order, with the durable frames that it will become; later states of a tool call or plan replace earlier ones
    that were not taken yet.

    Args:
        ids: where the frames belong.
        agent: the product's name.
        known: parts that an earlier attempt stored: their text is skipped when it is repeated.
        text_max_chars: of the turn's text that goes into the database; what comes after is taken as overflow.
        redactor: replaces secrets in everything that an agent says; None where the project wants that off.
    """

    def __init__(
        self,
        ids: TurnIds,
        *,
        agent: str,
        known: Iterable[KnownPart] = (),
        text_max_chars: int = TURN_TEXT_MAX_CHARS,
        redactor: Redactor | None = None,
    ) -> None:
        self._redactor = redactor
        self._ids = ids
        self._agent = agent
        self._items: list[_Waiting] = []
        self._latest: dict[str, int] = {}  # place in _items of a state that a later one replaces
        self._texts: dict[str, TextPart] = {}
        self._holding: dict[str, TextPart] = {}  # texts that may hold something back
        self._tools: dict[str, ToolPart] = {}
        self._ended_tools: dict[str, int] = {}  # numbers only: a turn can have 100,000 calls
        self._next_part = 0
        self._plan: int | None = None
        self._notices = 0
        self._first_words: list[str] = []
        self._first_chars = 0
        self._first_part = 0
        self._durable_waits = False
        self._live_frames = 0
        self._text_room = text_max_chars
        self._text_max_chars = text_max_chars
        self._overflow: list[OverflowText] = []
        self._overflowed = False
        self._running_tools: set[str] = set()
        self.pending_chars = 0
        self.usage: agent_event.Usage | None = None
        for part in known:
            self._remember(part)

    def _remember(self, part: KnownPart) -> None:
        self._next_part = max(self._next_part, part.part + 1)
        if part.kind in (PartKind.TEXT, PartKind.REASONING):
            self._texts[part.key] = TextPart(part.part, part.kind, chars=part.chars, repeat=part.chars)
            self._text_room = max(0, self._text_room - part.chars)
        elif part.kind is PartKind.TOOL_CALL:
            tool = self._tools[part.key] = ToolPart.restored(part.part, part.key, part.data)
            if tool.running:
                self._running_tools.add(part.key)
        elif part.kind is PartKind.PLAN:
            self._plan = part.part
        elif part.kind is PartKind.NOTICE:
            self._notices += 1

    @property
    def running_tools(self) -> int:
        """How many tool calls have begun and not ended."""
        return len(self._running_tools)

    @property
    def beginning(self) -> str:
        """The first text of the answer, for a summary."""
        return "".join(self._first_words).strip()

    @property
    def pending_items(self) -> int:
        """How many rows and frames wait to be stored."""
        return len(self._items)

    @property
    def empty(self) -> bool:
        """Whether nothing waits to be stored."""
        return not self._items and not self._overflow

    def apply(self, event: agent_event.AgentEvent) -> frames.DeltaFrame | frames.ReasoningDeltaFrame | None:
        """Take one event in; returns the live frame to publish, if the event makes one."""
        match event:
            case agent_event.TextDelta():
                return self._text(event.part, event.text, PartKind.TEXT)
            case agent_event.ReasoningDelta():
                return self._text(event.part, event.text, PartKind.REASONING)
            case agent_event.ToolCall():
                self._tool(event)
            case agent_event.Plan():
                self._set_plan(event)
            case agent_event.AgentCommands():
                self._put("commands", self._commands(event))
            case agent_event.Usage():
                self.usage = event
                self._put("usage", self._usage(event))
            case agent_event.Notice():
                self.notice(event)
            case (
                agent_event.AgentSessionOpened()
                | agent_event.PromptSending()
                | agent_event.AgentDone()
                | agent_event.Progress()
            ):
                pass
        return None

    def take(self) -> StreamBatch:
        """Everything that is not stored yet, in order."""
        items: list[BatchItem] = []
        durable: list[frames.Frame | None] = []
        for item in self._items:
            if isinstance(item, PartItem | ToolTextItem):
                items.append(item)
            elif isinstance(item, TextPiece):
                text = "".join(item.pieces)
                items.append(TextItem(self._ids.message_id, item.part, item.offset, text))
                durable.append(self._delta(item.kind, item.part, item.offset, text) if not item.shown else None)
            else:
                items.append(EventItem(frames.type_of(item), frames.encode(item)))
                durable.append(item)
        live = self._live_frames
        self._items, self._latest, self._live_frames, self.pending_chars = [], {}, 0, 0
        self._durable_waits = False
        return StreamBatch(items, durable, live)

    def take_overflow(self) -> list[OverflowText]:
        """Text beyond `text_max_chars` that is in no file yet; take it before the batch, whose notice names it."""
        overflow, self._overflow = self._overflow, []
        return overflow

    def close_tools(self) -> None:
        """The turn is over: a tool call that never ended is shown as cancelled, and no text is held back any more."""
        self._release_held()
        for key in sorted(self._running_tools, key=lambda key: self._tools[key].part):
            self._tool(self._tools[key].ended_early(key))

    def redacted(self, text: str) -> str:
        """A text of the agent as it may be stored and shown: without what the database cannot hold, and secrets."""
        text = clean(text)
        return text if self._redactor is None else self._redactor.text(text)

    def notice(self, event: agent_event.Notice) -> None:
        """Add a notice as a part of the message."""
        self._release_held()
        part = self._new_part()
        frame = frames.NoticeFrame(
            session_id=self._ids.session_id,
            message_id=self._ids.message_id,
            part=part,
            code=event.code,
            text=self.redacted(event.text),
            level=event.level,
        )
        self._items.append(self._part(part, PartKind.NOTICE, f"notice:{part}", frames.encode(frame)))
        self._items.append(frame)
        self._durable_waits = True

    def new_request(self, tool_key: str) -> tuple[int, int | None]:
        """Numbers for a permission or question: of its part, and of the part of the tool call that asks, if any."""
        return self._new_part(), self._part_of_tool(tool_key)

    def request(self, frame: frames.PermissionFrame | frames.QuestionFrame) -> None:
        """Add the newest state of a permission or question."""
        self._release_held()
        key = f"request:{frame.request_id}"
        self._put(f"part:{key}", request_item(frame))
        self._put(key, frame)

    def new_steer(self) -> int:
        """The number of the part of a message that the agent gets now."""
        return self._new_part()

    def steer(self, frame: frames.SteerFrame) -> None:
        """Add the newest state of a message that the agent got."""
        self._release_held()
        item = steer_item(frame)
        if item is not None:
            self._put(f"part:{item.key}", item)
        self._put(f"steer:{frame.steer_id}", frame)

    def _text(self, key: str, text: str, kind: PartKind) -> frames.DeltaFrame | frames.ReasoningDeltaFrame | None:
        part = self._texts.get(key)
        if part is None:
            part = self._texts[key] = TextPart(self._new_part(), kind)
            self._items.append(self._part(part.part, kind, key, None))
        if self._redactor is not None and part.redacted is None:
            part.redacted = self._redactor.stream()
        text, part.held = split_high_surrogate(part.held + text)
        text = clean(text)
        if part.redacted is not None:
            text = part.redacted.feed(text)
            if part.redacted.held:
                self._holding[key] = part
        return self._add_text(part, text)

    def _release_held(self) -> None:
        """Add what is held back of texts as the possible beginning of a secret: something else comes now."""
        holding, self._holding = self._holding, {}
        for part in holding.values():
            if part.redacted is not None and part.redacted.held:
                self._durable_waits = True  # what is released is published with what is stored
                self._add_text(part, part.redacted.finish())

    def _add_text(self, part: TextPart, text: str) -> frames.DeltaFrame | frames.ReasoningDeltaFrame | None:
        kind = part.kind
        if part.repeat:
            dropped = min(part.repeat, len(text))
            part.repeat -= dropped
            text = text[dropped:]
        text = self._within_room(part, text)
        if not text:
            return None
        offset = part.chars
        part.chars += len(text)
        self.pending_chars += len(text)
        self._store_text(part, offset, text)
        if kind is PartKind.TEXT and self._first_chars < BEGINNING_CHARS:
            between = " " if self._first_words and self._first_part != part.part else ""
            self._first_part = part.part
            self._first_words.append(between + text)
            self._first_chars += len(text)
        if self._durable_waits:
            return None
        self._live_frames += 1
        return self._delta(kind, part.part, offset, text)

    def _within_room(self, part: TextPart, text: str) -> str:
        """What of the text goes into the database; the rest becomes overflow, with one notice a turn."""
        kept, rest = text[: self._text_room], text[self._text_room :]
        if rest:
            if not self._overflowed:
                self._overflowed = True
                limit = f"{self._text_max_chars:,}"
                text = (
                    f"This turn's text is longer than {limit} characters. The rest is kept in files and read in pages."
                )
                self.notice(agent_event.Notice("text_in_files", text, agent_event.NoticeLevel.WARNING))
            # A file of an earlier attempt is replaced: a recovery says the whole text again.
            self._overflow.append(OverflowText(part.part, "text", rest, replace=not part.overflowed))
            part.overflowed = True
            self.pending_chars += len(rest)
        self._text_room -= len(kept)
        return kept

    def _delta(
        self, kind: PartKind, part: int, offset: int, text: str
    ) -> frames.DeltaFrame | frames.ReasoningDeltaFrame:
        make = frames.DeltaFrame if kind is PartKind.TEXT else frames.ReasoningDeltaFrame
        return make(
            session_id=self._ids.session_id, message_id=self._ids.message_id, part=part, offset=offset, text=text
        )

    def _store_text(self, part: TextPart, offset: int, text: str) -> None:
        """Append to the piece that waits where it is of the same part, so that a batch has few rows."""
        last = self._items[-1] if self._items else None
        if isinstance(last, TextPiece) and last.part == part.part and last.shown != self._durable_waits:
            last.pieces.append(text)
        else:
            self._items.append(TextPiece(part.part, part.kind, offset, [text], shown=not self._durable_waits))

    def _tool(self, event: agent_event.ToolCall) -> None:
        if event.part in self._ended_tools:
            return
        tool = self._tools.get(event.part)
        if tool is None:
            tool = self._tools[event.part] = ToolPart(self._new_part())
        parent = self._part_of_tool(event.parent)
        self._release_held()
        if self._redactor is not None:
            event = tool.redacted(event, self._redactor)
        if not tool.accepts(event):
            return
        (self._running_tools.discard if event.status.final else self._running_tools.add)(event.part)
        frame = tool.frame(self._ids.session_id, self._ids.message_id, event, parent)
        stored = self._part(tool.part, PartKind.TOOL_CALL, event.part, frames.encode(frame))
        self._put(f"part:{event.part}", stored)
        for item in tool.long_texts(self._ids.message_id, event):
            self.pending_chars += len(item.text)
            if isinstance(item, OverflowText):
                self._overflow.append(item)
            else:
                self._items.append(item)
        self._put(f"tool:{event.part}", frame)
        if event.status.final:
            self._ended_tools[event.part] = self._tools.pop(event.part).part

    def _part_of_tool(self, key: str) -> int | None:
        tool = self._tools.get(key)
        return tool.part if tool else self._ended_tools.get(key)

    def _set_plan(self, event: agent_event.Plan) -> None:
        self._release_held()
        if self._plan is None:
            self._plan = self._new_part()
        frame = frames.PlanFrame(
            session_id=self._ids.session_id,
            message_id=self._ids.message_id,
            part=self._plan,
            entries=tuple(agent_event.PlanEntry(self.redacted(entry.text), entry.status) for entry in event.entries),
        )
        self._put("part:plan", self._part(self._plan, PartKind.PLAN, PLAN_KEY, frames.encode(frame)))
        self._put("plan", frame)

    def _commands(self, event: agent_event.AgentCommands) -> frames.AgentCommandsFrame:
        return frames.AgentCommandsFrame(
            session_id=self._ids.session_id,
            chat_id=self._ids.chat_id,
            agent=self._agent,
            commands=tuple(
                agent_event.SlashCommand(clean(c.name), self.redacted(c.description)) for c in event.commands
            ),
        )

    def _usage(self, event: agent_event.Usage) -> frames.UsageFrame:
        return frames.UsageFrame(
            session_id=self._ids.session_id,
            task_id=self._ids.task_id,
            input_tokens=event.input_tokens,
            output_tokens=event.output_tokens,
            reasoning_tokens=event.reasoning_tokens,
            cache_read_tokens=event.cache_read_tokens,
            cache_write_tokens=event.cache_write_tokens,
            cost_usd=event.cost_usd,
            context_tokens=event.context_tokens,
            tokens_per_s=event.tokens_per_s,
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
