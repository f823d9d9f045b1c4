"""Builds a turn's events from an agent's lines; part keys depend on the lines alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import groupby

from boocoder.backends.oneshot.formats import tool_view
from boocoder.events import json_coerce
from boocoder.events.agent_event import (
    AgentEvent,
    Notice,
    NoticeLevel,
    Plan,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    ToolKind,
    ToolStatus,
    Usage,
)
from boocoder.events.tool_kind import kind_of

ENDING_CHARS = 4_000  # of the newest text, kept to distinguish an error from an answer
_RANK = {ToolStatus.PENDING: 0, ToolStatus.RUNNING: 1}


@dataclass(frozen=True, slots=True)
class ReportedEnd:
    """The agent reported the end of its turn.

    Args:
        good: whether it calls that a success.
        words: its message about a failure.
        code: our name of the failure where the agent is that clear, else "".
    """

    good: bool
    words: str = ""
    code: str = ""


class EventBuilder:
    """Folds one turn.

    Attributes:
        native_id: the agent's id of its session, "" until it sends one.
        ending: how the agent ended its turn, None while it did not.
        said_something: whether any text, thought, tool call or plan came.
        last_text: the end of the newest text of the answer proper.
        usage: tokens and cost so far.
    """

    def __init__(self) -> None:
        self.native_id = ""
        self.ending: ReportedEnd | None = None
        self.said_something = False
        self.last_text = ""
        self.usage = Usage()
        self._part = ""
        self._kind: tuple[bool, str] = (False, "")
        self._count = 0
        self._tools: dict[str, ToolCall] = {}
        self._inputs: dict[str, object] = {}
        self._noticed: set[str] = set()

    def interrupt(self) -> None:
        """The next piece of text begins a new part."""
        self._part = ""

    def say(self, text: str, *, thought: bool = False, parent: str = "") -> list[AgentEvent]:
        """More text. A sub-agent's text is shown as reasoning, in separate parts."""
        if not text:
            return []
        self.said_something = True
        kind = (thought or bool(parent), parent)
        if not self._part or kind != self._kind:
            self._count += 1
            self._part = f"{'reasoning' if kind[0] else 'text'}-{self._count}"
            self._kind = kind
            if not kind[0]:
                self.last_text = ""
        if kind[0]:
            return [ReasoningDelta(self._part, text)]
        self.last_text = (self.last_text + text)[-ENDING_CHARS:]
        return [TextDelta(self._part, text)]

    def tool(
        self,
        id: str,
        *,
        name: str = "",
        given: object = None,
        status: ToolStatus | None = None,
        output: str | None = None,
        exit_code: int | None = None,
        parent: str = "",
        title: str = "",
        kind: ToolKind | None = None,
    ) -> list[AgentEvent]:
        """News of a tool call; what is not given stays as it was, and an ended call does not change."""
        if not id:
            return []
        self.said_something = True
        self.interrupt()
        before = self._tools.get(id)
        if before is not None and before.status.final:
            return []
        now = before or _new_call(id, name or "tool", kind, parent)
        if given not in (None, {}):
            self._inputs[id] = given
            now = _with_input(now, given)
        if before is None or given is not None:
            now = replace(now, title=title or tool_view.title_of(now.name, now.kind, self._inputs.get(id)))
        if output is not None:
            now = replace(now, output=output)
        if exit_code is not None:
            now = replace(now, exit_code=exit_code)
        if status is not None and _RANK.get(status, 2) >= _RANK[now.status]:
            now = replace(now, status=status)
        self._tools[id] = replace(now, input="", output="", diffs=()) if now.status.final else now
        if now.status.final:
            self._inputs.pop(id, None)
        events: list[AgentEvent] = [] if now == before else [now]
        return events + self._plan(now.name, given)

    def kind_of_tool(self, id: str) -> ToolKind:
        """What a known call does; OTHER for an unknown one."""
        return self._tools[id].kind if id in self._tools else ToolKind.OTHER

    def plan(self, plan: Plan) -> list[AgentEvent]:
        """The agent's plan."""
        self.said_something = True
        self.interrupt()
        return [plan]

    def _plan(self, name: str, given: object) -> list[AgentEvent]:
        entries = tool_view.plan_of(name, given) if given is not None else ()
        return [Plan(entries)] if entries else []

    def count(self, usage: Usage) -> list[AgentEvent]:
        """Tokens and cost of the turn so far."""
        if usage == self.usage:
            return []
        self.usage = usage
        return [usage]

    def once(self, code: str, text: str, level: NoticeLevel = NoticeLevel.INFO) -> list[AgentEvent]:
        """A notice shown once per turn."""
        if code in self._noticed:
            return []
        self._noticed.add(code)
        return [Notice(code, text, level)]

    def end(self, good: bool, words: str = "", code: str = "") -> None:
        """The agent reported the end of its turn; only the first report counts."""
        if self.ending is None:
            self.ending = ReportedEnd(good, words, code)

    @property
    def open_tools(self) -> int:
        """How many calls have begun and not ended."""
        return sum(not call.status.final for call in self._tools.values())

    @property
    def only_text(self) -> str:
        """All that the turn produced so far, "" if that was more than one text."""
        return self.last_text if self._count == 1 and not self._tools else ""

    @property
    def used_tools(self) -> bool:
        """Whether there was any call."""
        return bool(self._tools)

    def close_tools(self, *, completed: bool) -> list[AgentEvent]:
        """The turn is over: end every call that is still open.

        Args:
            completed: the agent ended its turn itself; how such a call ended is then unreported.
        """
        events: list[AgentEvent] = []
        for id, call in self._tools.items():
            if not call.status.final:
                left = ToolStatus.UNREPORTED if completed else ToolStatus.CANCELLED
                self._tools[id] = replace(call, status=left)
                events.append(self._tools[id])
        return events


def _new_call(id: str, name: str, kind: ToolKind | None, parent: str) -> ToolCall:
    return ToolCall(id, name, kind or kind_of(name), name, ToolStatus.PENDING, parent=parent)


def _with_input(call: ToolCall, given: object) -> ToolCall:
    return replace(
        call,
        input=tool_view.as_text(given),
        locations=tool_view.locations_of(given),
        diffs=tool_view.diffs_of(call.kind, given),
    )


def usage_of(counts: Mapping[str, object], *, cost: float = 0.0, context: int = 0) -> Usage:
    """Usage out of the names that agents give their counts."""
    output_details = json_coerce.mapping(counts.get("output_tokens_details"))
    return Usage(
        input_tokens=_first(counts, "input_tokens", "input"),
        output_tokens=_first(counts, "output_tokens", "output"),
        reasoning_tokens=_first(counts, "reasoning_output_tokens", "reasoning_tokens", "reasoning")
        or json_coerce.count(output_details.get("thinking_tokens")),
        cache_read_tokens=_first(counts, "cache_read_input_tokens", "cached_input_tokens", "cached"),
        cache_write_tokens=_first(counts, "cache_creation_input_tokens", "cache_write_input_tokens"),
        cost_usd=cost,
        context_tokens=context,
    )


def _first(counts: Mapping[str, object], *names: str) -> int:
    return next((json_coerce.count(counts[name]) for name in names if counts.get(name) is not None), 0)


def joined(events: Iterable[AgentEvent]) -> list[AgentEvent]:
    """The events with neighbouring pieces of one text made one."""
    found: list[AgentEvent] = []
    for part, group in groupby(events, _text_part):
        pieces = list(group)
        if part is None or len(pieces) == 1:
            found += pieces
        else:
            kind, key = part
            found.append(kind(key, "".join(piece.text for piece in pieces if isinstance(piece, kind))))
    return found


def _text_part(event: AgentEvent) -> tuple[type[TextDelta | ReasoningDelta], str] | None:
    return (type(event), event.part) if isinstance(event, TextDelta | ReasoningDelta) else None
