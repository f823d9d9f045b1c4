"""Journal of a built-in agent's newest turn, written ahead of every report.

It outlives the process, so that a recovery can repeat the turn's events.
"""

from __future__ import annotations

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

_KINDS: dict[str, type[AgentEvent]] = {
    "text": TextDelta,
    "reasoning": ReasoningDelta,
    "tool": ToolCall,
    "plan": Plan,
    "usage": Usage,
    "notice": Notice,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(tuple[str, msgspec.Raw])


class TurnJournal:
    """The journal of a running turn; it replaces that of the conversation's last turn.

    Args:
        path: the conversation's journal file.
        task_id: names the turn.

    Raises:
        OSError: it cannot be written; `write` and the others raise it too.
    """

    def __init__(self, *, path: Path, task_id: TaskId) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = path.open("wb", buffering=0)
        self._append("begun", str(task_id))

    def write(self, event: AgentEvent) -> None:
        """Record an event; kinds that are not the agent's own are left out."""
        name = _NAMES.get(type(event))
        if name is not None:
            self._append(name, event)

    def answer_stored(self) -> None:
        """The conversation's own file now holds the text so far."""
        self._append("stored", None)

    def end(self, outcome: Outcome) -> None:
        """Record an end that the agent itself knows of: its own, or its failure; no other."""
        if isinstance(outcome, Completed | Failed):
            self._append("ended", outcome.error if isinstance(outcome, Failed) else None)

    def close(self) -> None:
        """Close the file. Safe twice."""
        self._file.close()

    def _append(self, name: str, value: object) -> None:
        line = _encoder.encode((name, value)) + b"\n"
        if self._file.write(line) != len(line):
            raise OSError("no space left for the turn's journal")


@dataclass(frozen=True, slots=True)
class JournaledTurn:
    """What a journal has of a turn.

    Args:
        events: text and reasoning joined by part, the last state of each tool; in the order of their beginnings.
        unstored_text: text since the last answer in the conversation's own file.
        outcome: the agent's own end of the turn, None if it did not get there.
    """

    events: tuple[AgentEvent, ...]
    unstored_text: str
    outcome: Completed | Failed | None


def read_journal(path: Path, task_id: TaskId) -> JournaledTurn | None:
    """The turn as far as it got, or None if the journal is of another turn or there is none.

    Anything after a line that a crash cut short is left out; tools that had not ended count as cancelled.
    """
    lines = _read_lines(path)
    if not lines or lines[0][0] != "begun" or msgspec.json.decode(lines[0][1]) != str(task_id):
        return None
    state: dict[tuple[str, str], AgentEvent] = {}
    unstored: list[str] = []
    outcome: Completed | Failed | None = None
    for number, (name, value) in enumerate(lines[1:]):
        if name == "ended":
            error = msgspec.json.decode(value, type=TurnError | None)
            outcome = Completed() if error is None else Failed(error)
        elif name == "stored":
            unstored.clear()
        elif name in _KINDS:
            event = msgspec.json.decode(value, type=_KINDS[name])
            _fold(state, name, number, event)
            if isinstance(event, TextDelta):
                unstored.append(event.text)
    return JournaledTurn(tuple(_closed(event) for event in state.values()), "".join(unstored), outcome)


def store_broken(agent: str, error: OSError) -> Failed:
    """A built-in agent could not write its conversation."""
    text = f"{agent} cannot write its own store: {error}."
    cure = "Check free space and permissions of boocoder's data directory."
    return Failed(TurnError("agent_store_broken", text, cure))


def _read_lines(path: Path) -> list[tuple[str, msgspec.Raw]]:
    try:
        whole_lines = path.read_bytes().split(b"\n")[:-1]
    except OSError:
        return []
    lines: list[tuple[str, msgspec.Raw]] = []
    for line in whole_lines:
        try:
            lines.append(_decoder.decode(line))
        except msgspec.DecodeError:
            break
    return lines


def _fold(state: dict[tuple[str, str], AgentEvent], name: str, number: int, event: AgentEvent) -> None:
    match event:
        case TextDelta(part=part, text=text) | ReasoningDelta(part=part, text=text):
            before = state.get((name, part))
            known = before.text if isinstance(before, TextDelta | ReasoningDelta) else ""
            state[name, part] = replace(event, text=known + text)
        case ToolCall(part=part):
            state[name, part] = event
        case Notice():
            state[name, str(number)] = event
        case _:
            state[name, ""] = event


def _closed(event: AgentEvent) -> AgentEvent:
    if isinstance(event, ToolCall) and not event.status.final:
        return replace(event, status=ToolStatus.CANCELLED)
    return event
