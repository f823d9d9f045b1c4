"""One turn's updates in, agent events out. Pure: the same updates give the same events and the same part keys."""

from __future__ import annotations

from boocoder.backends.acp.options import Knob
from boocoder.backends.acp.text_runs import TextRuns
from boocoder.backends.acp.tool_state import ToolState
from boocoder.backends.acp.updates import (
    CommandsReport,
    Counts,
    Echo,
    ModeReport,
    OptionsReport,
    Other,
    PlanReport,
    Said,
    ToolReport,
    Update,
    UsageReport,
)
from boocoder.backends.acp.usage import UsageLedger
from boocoder.events.agent_event import (
    AgentCommand,
    AgentCommands,
    AgentEvent,
    Notice,
    NoticeLevel,
    Plan,
    PlanEntry,
    PlanStatus,
    ToolCall,
    ToolStatus,
)

_PLAN = {
    "pending": PlanStatus.PENDING,
    "in_progress": PlanStatus.IN_PROGRESS,
    "completed": PlanStatus.COMPLETED,
    "cancelled": PlanStatus.CANCELLED,
}


class TurnTranslator:
    """Folds the updates of one turn.

    Args:
        ledger: what the turn has used.
        mode: the mode that the session is in, "" if that is not known.

    Attributes:
        said_something: whether any text, thought, tool call or plan came.
    """

    def __init__(self, *, ledger: UsageLedger, mode: str = "") -> None:
        self._ledger = ledger
        self._mode_now = mode
        self._texts = TextRuns()
        self._tools: dict[str, ToolState] = {}
        self._shown: dict[str, ToolCall] = {}
        self._unflushed: dict[str, None] = {}
        self._noticed: set[str] = set()
        self.said_something = False

    def on_update(self, update: Update) -> list[AgentEvent]:
        """The events of an update."""
        match update:
            case Said():
                return self._said(update)
            case ToolReport():
                return self._tool_report(update)
            case PlanReport():
                self.said_something = True
                self._texts.interrupt()
                return [
                    Plan(
                        tuple(PlanEntry(text, _PLAN.get(status, PlanStatus.PENDING)) for text, status in update.entries)
                    )
                ]
            case UsageReport():
                return list(self._ledger.on_report(update))
            case CommandsReport():
                return [AgentCommands(tuple(AgentCommand(name, about) for name, about in update.commands))]
            case ModeReport():
                return self._mode(update.mode)
            case OptionsReport():
                choice = update.options.get(Knob.MODE)
                return self._mode(choice.current) if choice is not None else []
            case Echo():
                return []
            case Other():
                text = f"The agent sent {update.kind or 'an update without a kind'}, which boocoder does not know."
                return [] if update.known else self._once("unknown_update", update.kind, text, NoticeLevel.INFO)

    def on_permission(self, id: str, report: ToolReport) -> tuple[ToolState, list[AgentEvent]]:
        """The call that a permission is asked for, made up if it was never announced."""
        events = self._tool_report(ToolReport(id, {**report.fields, "status": None}, announced=False))
        return self._tools[id], events + self._show(id)

    def refused(self, id: str, words: str) -> None:
        """A person refused a call, in these words."""
        if id in self._tools and words:
            self._tools[id].refuse(words)

    def on_answer(self, counts: Counts | None) -> list[AgentEvent]:
        """The prompt was answered, with these counts."""
        return list(self._ledger.on_answer(counts))

    def flush(self) -> list[AgentEvent]:
        """What was held back because more of it was to be expected."""
        events: list[AgentEvent] = []
        for id in list(self._unflushed):
            events += self._show(id)
        self._unflushed.clear()
        return events

    def close_tools(self, *, completed: bool) -> list[AgentEvent]:
        """The turn is over: end every call that is still open.

        Args:
            completed: the agent ended its turn itself; a call with output then counts as done.
        """
        events = self.flush()
        for id, tool in self._tools.items():
            if tool.status.final:
                continue
            left = ToolStatus.COMPLETED if tool.event().output else ToolStatus.FAILED
            tool.move_to(left if completed else ToolStatus.CANCELLED)
            events += self._show(id)
        return events

    @property
    def open_tools(self) -> int:
        """How many calls have begun and not ended."""
        return sum(not tool.status.final for tool in self._tools.values())

    @property
    def used_tools(self) -> bool:
        """Whether there was any call."""
        return bool(self._tools)

    @property
    def last_text(self) -> str:
        """The end of the answer's newest text, for telling an error apart from an answer."""
        return self._texts.ending

    def _said(self, said: Said) -> list[AgentEvent]:
        if said.counts is not None:
            self._ledger.on_call(said.counts)
        if said.unshown:
            text = f"The agent sent {said.unshown} content, which is not shown."
            return self._once("content_not_shown", said.unshown, text, NoticeLevel.INFO)
        if not said.text:
            return []
        self.said_something = True
        events, repeats = self._texts.add(said)
        if repeats:
            text = "The agent repeats its answer from the beginning with every piece; repetitions are left out."
            events += self._once("text_repeated", "", text, NoticeLevel.WARNING)
        return events

    def _tool_report(self, report: ToolReport) -> list[AgentEvent]:
        self.said_something = True
        self._texts.interrupt()
        tool = self._tools.get(report.id)
        if tool is None:
            tool = self._tools[report.id] = ToolState(report.id)
        before = tool.status
        tool.take(report.fields)
        if report.id in self._shown and tool.status is before and not report.announced:
            self._unflushed[report.id] = None
            return []
        return self._show(report.id)

    def _show(self, id: str) -> list[AgentEvent]:
        self._unflushed.pop(id, None)
        event = self._tools[id].event()
        if self._shown.get(id) == event:
            return []
        self._shown[id] = event
        return [event]

    def _mode(self, mode: str) -> list[AgentEvent]:
        before, self._mode_now = self._mode_now, mode or self._mode_now
        if not before or before == self._mode_now:
            return []
        return self._once("mode_changed", mode, f"The agent went from mode {before} into {mode}.", NoticeLevel.INFO)

    def _once(self, code: str, key: str, text: str, level: NoticeLevel) -> list[AgentEvent]:
        if f"{code}:{key}" in self._noticed or len(self._noticed) > 20:
            return []
        self._noticed.add(f"{code}:{key}")
        return [Notice(code, text, level)]
