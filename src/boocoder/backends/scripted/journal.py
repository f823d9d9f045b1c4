"""The scripted agent's own record of its newest turn in a conversation, written before anything is reported.

It outlives our process, so that a recovery can tell how far the turn got. It decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from boocoder.events.agent_event import (
    AgentEvent,
    Notice,
    Plan,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    ToolStatus,
    Usage,
)
from boocoder.model.ids import TaskId
from boocoder.model.turn import Completed, Failed, Outcome, TurnError

_RECORDED: Mapping[str, type[AgentEvent]] = {
    kind.__name__: kind for kind in (TextDelta, ReasoningDelta, ToolCall, Plan, Usage, Notice)
}
_BEGUN = "begun"
_ENDED = "ended"
_encoder = msgspec.json.Encoder()
_line_decoder = msgspec.json.Decoder(tuple[str, msgspec.Raw])


class TurnJournal:
    """The open journal of a running turn; the turn before it in the same conversation is forgotten.

    Args:
        path: the conversation's journal file.
        task_id: names the turn.
    """

    def __init__(self, *, path: Path, task_id: TaskId) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("wb", buffering=0)
        self._append(_BEGUN, str(task_id))

    def write(self, event: AgentEvent) -> None:
        """Record an event; other kinds than text, tools, plan, usage and notices are not the agent's own."""
        name = type(event).__name__
        if name in _RECORDED:
            self._append(name, event)

    def end(self, outcome: Outcome) -> None:
        """Record an end that the agent itself knows of: its own, or its failure."""
        if isinstance(outcome, Completed):
            self._append(_ENDED, None)
        elif isinstance(outcome, Failed):
            self._append(_ENDED, outcome.error)

    def close(self) -> None:
        """Close the file. Safe twice."""
        self._file.close()

    def _append(self, name: str, value: object) -> None:
        self._file.write(_encoder.encode((name, value)) + b"\n")


@dataclass(frozen=True, slots=True)
class RecordedTurn:
    """What a journal tells of a turn.

    Args:
        events: text and reasoning joined by part, the last state of each tool; in the order of their beginnings.
        outcome: the agent's own end of the turn, None if it did not get there.
    """

    events: tuple[AgentEvent, ...]
    outcome: Completed | Failed | None


def read_journal(path: Path, task_id: TaskId) -> RecordedTurn | None:
    """The turn as far as it got, or None if the journal is of another turn or there is none.

    What stands behind a line that was damaged or cut short by a crash is left out; tools that had not ended
    count as cancelled.
    """
    lines = _read_lines(path)
    if not lines or lines[0][0] != _BEGUN or msgspec.json.decode(lines[0][1]) != str(task_id):
        return None
    state: dict[tuple[type[AgentEvent], str], AgentEvent] = {}
    outcome: Completed | Failed | None = None
    for number, (name, value) in enumerate(lines[1:]):
        if name == _ENDED:
            error = msgspec.json.decode(value, type=TurnError | None)
            outcome = Completed() if error is None else Failed(error)
        elif name in _RECORDED:
            _fold(state, number, msgspec.json.decode(value, type=_RECORDED[name]))
    return RecordedTurn(tuple(_closed(event) for event in state.values()), outcome)


def _read_lines(path: Path) -> list[tuple[str, msgspec.Raw]]:
    try:
        whole_lines = path.read_bytes().split(b"\n")[:-1]
    except OSError:
        return []
    lines: list[tuple[str, msgspec.Raw]] = []
    for line in whole_lines:
        try:
            lines.append(_line_decoder.decode(line))
        except msgspec.DecodeError:
            break
    return lines


def _fold(state: dict[tuple[type[AgentEvent], str], AgentEvent], number: int, event: AgentEvent) -> None:
    match event:
        case TextDelta(part=part, text=text) | ReasoningDelta(part=part, text=text):
            before = state.get((type(event), part))
            known = before.text if isinstance(before, (TextDelta, ReasoningDelta)) else ""
            state[(type(event), part)] = replace(event, text=known + text)
        case ToolCall(part=part):
            state[(ToolCall, part)] = event
        case Notice():
            state[(Notice, str(number))] = event
        case _:
            state[(type(event), "")] = event


def _closed(event: AgentEvent) -> AgentEvent:
    if isinstance(event, ToolCall) and not event.status.final:
        return replace(event, status=ToolStatus.CANCELLED)
    return event
