"""Translates one turn's updates into agent events; the same updates always give the same part keys."""

from __future__ import annotations

import os
from pathlib import Path

from boocoder.backends.acp.options import OptionKind
from boocoder.backends.acp.outcome import TurnProduct
from boocoder.backends.acp.updates.call_joining import CallJoiner
from boocoder.backends.acp.updates.parser import (
    CommandsReport,
    Counts,
    IgnoredUpdate,
    MessageChunk,
    ModelTrouble,
    ModeReport,
    NoticeReport,
    OptionsReport,
    PlanReport,
    ToolReport,
    Update,
    UsageReport,
    UserEcho,
)
from boocoder.backends.acp.updates.text_parts import TextParts
from boocoder.backends.acp.updates.tool_state import ToolCallState
from boocoder.backends.acp.updates.usage import UsageLedger
from boocoder.events.agent_event import (
    AgentCommands,
    AgentEvent,
    Notice,
    NoticeLevel,
    Plan,
    PlanEntry,
    PlanStatus,
    SlashCommand,
    ToolCall,
    ToolKind,
    ToolStatus,
)

_PLAN = {
    "pending": PlanStatus.PENDING,
    "in_progress": PlanStatus.IN_PROGRESS,
    "completed": PlanStatus.COMPLETED,
    "cancelled": PlanStatus.CANCELLED,
}

_CHANGING = (ToolKind.EDIT, ToolKind.DELETE, ToolKind.MOVE)


class AcpTranslator:
    """Folds the updates of one turn.

    Args:
        ledger: what the turn has used.
        mode: the mode that the session is in, "" if that is not known.
        roots: paths of the worktree; without any, files outside of it are not reported.

    Attributes:
        said_something: whether any text, thought, tool call or plan came.
        model_failed: whether the agent reported that it gave up on its model.
    """

    def __init__(self, *, ledger: UsageLedger, mode: str = "", roots: tuple[Path, ...] = ()) -> None:
        self._ledger = ledger
        self._roots = roots
        self._mode_now = mode
        self._texts = TextParts()
        self._tools: dict[str, ToolCallState] = {}  # that have not ended
        self._ended: set[str] = set()  # ids only: a turn can have 100,000 calls
        self._joiner = CallJoiner(self._tools)
        self._shown: dict[str, ToolCall] = {}
        self._unflushed: dict[str, None] = {}
        self._noticed: set[str] = set()
        self.said_something = False
        self.model_failed = False

    def interrupt(self) -> None:
        """What the agent says from now on begins a new part."""
        self._texts.interrupt()

    def on_update(self, update: Update) -> list[AgentEvent]:
        """The events of an update."""
        match update:
            case MessageChunk():
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
                return [AgentCommands(tuple(SlashCommand(name, about) for name, about in update.commands))]
            case ModeReport() | OptionsReport():
                return self._mode(_mode_in(update))
            case NoticeReport() | ModelTrouble():
                return self._notice(update)
            case UserEcho() | IgnoredUpdate(known=True):
                return []
            case IgnoredUpdate():
                text = f"The agent sent {update.kind or 'an update without a kind'}, which boocoder does not know."
                return self._once("unknown_update", update.kind, text, NoticeLevel.INFO)

    def on_permission(self, report: ToolReport) -> tuple[str, ToolCallState, list[AgentEvent]]:
        """The call that a permission is asked for, made up if it was never announced, and the id it is shown under."""
        id = self._joiner.of_request(report.id, report.fields)
        events = self._merge(id, ToolReport(id, {**report.fields, "status": None}, announced=False))
        if id in self._ended:
            tool = ToolCallState(id)
            tool.take(report.fields)
            return id, tool, events
        return id, self._tools[id], events + self._show(id)

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
            completed: the agent ended its turn itself; how such a call ended is then unreported, unless it was refused.
        """
        events = self.flush()
        for id, tool in list(self._tools.items()):
            ended = self._joiner.finished_twin(id) or ToolStatus.UNREPORTED
            left = ToolStatus.FAILED if tool.refused else ended
            tool.move_to(left if completed else ToolStatus.CANCELLED)
            events += self._show(id)
        return events

    @property
    def open_tools(self) -> int:
        """How many calls have begun and not ended."""
        return len(self._tools)

    @property
    def used_tools(self) -> bool:
        """Whether there was any call."""
        return bool(self._tools or self._ended)

    def product(self, prompt: str) -> TurnProduct:
        """What the turn produced, for telling a failure apart from an answer.

        Args:
            prompt: that was sent.
        """
        return TurnProduct(
            said_something=self.said_something,
            last_text=self._texts.ending,
            only_text=self._texts.whole if not self.used_tools else "",
            counted_output=self._ledger.counts_output,
            model_failed=self.model_failed,
            command=prompt.lstrip().startswith("/"),
        )

    def _said(self, said: MessageChunk) -> list[AgentEvent]:
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
        return self._merge(self._joiner.of_report(report.id, report.fields, announced=report.announced), report)

    def _merge(self, id: str, report: ToolReport) -> list[AgentEvent]:
        self.said_something = True
        self._texts.interrupt()
        if id in self._ended:
            return []
        tool = self._tools.get(id)
        if tool is None:
            tool = self._tools[id] = ToolCallState(id)
        before = tool.status
        tool.take(report.fields)
        if id in self._shown and tool.status is before and not report.announced:
            self._unflushed[id] = None
            return []
        return self._show(id)

    def _show(self, id: str) -> list[AgentEvent]:
        self._unflushed.pop(id, None)
        event = self._tools[id].event()
        if event.status.final:
            self._joiner.end(id)
            self._ended.add(id)
            del self._tools[id]
            self._shown.pop(id, None)
        elif self._shown.get(id) == event:
            return []
        else:
            self._shown[id] = event
        return [event, *self._outside(event)]

    def _is_inside(self, path: Path) -> bool:
        return any(path.is_relative_to(root) for root in self._roots)

    def _outside(self, call: ToolCall) -> list[AgentEvent]:
        """A notice for each file outside the worktree that a call has changed."""
        if not self._roots or call.status is not ToolStatus.COMPLETED or call.kind not in _CHANGING:
            return []
        notices: list[AgentEvent] = []
        for path in dict.fromkeys([place.path for place in call.locations] + [diff.path for diff in call.diffs]):
            if Path(path).is_absolute() and not self._is_inside(Path(os.path.normpath(path))):
                text = f"The agent changed {path}, which is outside the worktree and not part of the change."
                notices += self._once("wrote_outside_worktree", path, text, NoticeLevel.WARNING)
        return notices

    def _notice(self, news: NoticeReport | ModelTrouble) -> list[AgentEvent]:
        if isinstance(news, ModelTrouble):
            self.model_failed = news.final
            text = f"The model failed and the agent tries it again: {news.words}"
            return [] if news.final else self._once("model_retried", "", text, NoticeLevel.WARNING)
        if news.warning:
            return self._once("agent_warning", news.text, news.text, NoticeLevel.WARNING)
        return self._once("agent_notice", news.text, news.text, NoticeLevel.INFO)

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


def _mode_in(report: ModeReport | OptionsReport) -> str:
    """The mode that the session is in by this report, "" if it does not say."""
    if isinstance(report, ModeReport):
        return report.mode
    choice = report.options.get(OptionKind.MODE)
    return choice.current if choice is not None else ""
