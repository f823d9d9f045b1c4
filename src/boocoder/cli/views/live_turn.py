"""Prints the frames of a running turn: text, reasoning, tools, plan, notices.

On a terminal the line of a running tool is rewritten when the tool ends; otherwise each thing is printed once.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING
from uuid import UUID

from boocoder.cli.views.messages import FAILED_OUTPUT_LINES, steer_line
from boocoder.cli.views.requests import request_lines
from boocoder.cli.views.style import MARKS, can_show, duration, style_of
from boocoder.cli.views.terminal_text import SafeStream, one_line, plain
from boocoder.cli.views.word_wrap import WordWrap
from boocoder.events import frames
from boocoder.events.agent_event import NoticeLevel, PlanEntry, PlanStatus, ToolStatus

if TYPE_CHECKING:
    from rich.console import Console

IDLE_SHOWN_S = 5.0  # a model that is loaded answers sooner
PLAN_MARKS = {
    PlanStatus.PENDING: "[ ]",
    PlanStatus.IN_PROGRESS: "[~]",
    PlanStatus.COMPLETED: "[x]",
    PlanStatus.CANCELLED: "[-]",
}

PartKey = tuple[UUID, int]
_PROGRESS: PartKey = (UUID(int=0), 0)  # key of the line about what the turn waits for
_DIGITS = re.compile(r"\d+")


BesideFrame = (
    frames.ProgressFrame | frames.NoticeFrame | frames.PermissionFrame | frames.QuestionFrame | frames.SteerFrame
)


class LiveView:
    """Prints one turn.

    Args:
        console: where to.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._rewrites = console.is_terminal and not console.is_dumb_terminal and not console.no_color
        self._wrap = WordWrap(console.width) if console.is_terminal else None
        self._idle_shown_s = 0.0  # the silence that was shown last
        self._streams: dict[PartKey, SafeStream] = {}
        self._shown_chars: dict[PartKey, int] = {}
        self._tools: dict[PartKey, tuple[ToolStatus, float]] = {}
        self._open: PartKey | None = None  # the part with the cursor
        self._open_style = ""
        self._at_line_start = True
        self._rewritable: PartKey | None = None  # the tool whose line may still be rewritten
        self._progress = ""  # what was printed last of what the turn waits for, without its numbers
        self._requests: set[tuple[UUID, str]] = set()
        self._plan: tuple[PlanEntry, ...] = ()
        self.usage: frames.UsageFrame | None = None
        self.ended: frames.TurnEndedFrame | None = None

    def idle(self, seconds: float) -> None:
        """Say that nothing has come for so long, such as while a model loads; a running tool says so itself."""
        if seconds < IDLE_SHOWN_S or self._rewritable is not None:
            return
        if self._rewrites:
            self.end_line()
            self._rewrite()
            self._console.print(f"  waiting for the agent, {duration(seconds)}", style="dim", end="")
        elif seconds >= 2 * max(self._idle_shown_s, IDLE_SHOWN_S / 2):
            self._line(f"  waiting for the agent, {duration(seconds)}", "dim")
        else:
            return
        self._idle_shown_s = seconds

    def _end_idle(self) -> None:
        if self._idle_shown_s and self._rewrites:
            self._rewrite()
        self._idle_shown_s = 0.0

    def show(self, frame: frames.Frame) -> None:
        """Print what is new in a frame; frames that come twice print nothing twice."""
        self._end_idle()
        match frame:
            case frames.DeltaFrame():
                self._text((frame.message_id, frame.part), frame.offset, frame.text, "")
            case frames.ReasoningDeltaFrame():
                self._text((frame.message_id, frame.part), frame.offset, frame.text, "dim italic")
            case frames.ToolCallFrame():
                self._tool(frame)
            case frames.PlanFrame() if frame.entries != self._plan:
                self._show_plan(frame)
            case frames.TurnStartedFrame():
                chosen = (frame.agent, frame.model, frame.mode, f"attempt {frame.epoch}" if frame.epoch > 1 else None)
                self._line(plain("  ".join(filter(None, chosen))), "dim")
            case frames.QueueChangedFrame() if frame.state == "pending" and frame.pending > 1:
                self._line(f"waits behind {frame.pending - 1} in this session", "dim")
            case (
                frames.ProgressFrame()
                | frames.NoticeFrame()
                | frames.PermissionFrame()
                | frames.QuestionFrame()
                | frames.SteerFrame()
            ):
                self._beside(frame)
            case frames.UsageFrame():
                self.usage = frame
            case frames.TurnEndedFrame():
                self.ended = frame
                self.end_line()
            case _:
                pass

    def end_line(self) -> None:
        """Leave the cursor at the start of a line; a line about waiting is over then and goes."""
        if self._rewritable is _PROGRESS:
            self._rewrite()
            self._at_line_start = True
        if self._wrap is not None and (rest := self._wrap.flush()):
            self._console.print(rest, style=self._open_style or None, end="")
            self._at_line_start = False
        if not self._at_line_start:
            self._console.print()
        self._at_line_start = True
        self._open = None
        self._rewritable = None

    def _text(self, key: PartKey, offset: int, text: str, style: str) -> None:
        shown = self._shown_chars.get(key, 0)
        if offset > shown or offset + len(text) <= shown:
            return  # a gap is filled by the replay that follows; what is known already is not printed again
        self._shown_chars[key] = offset + len(text)
        safe = self._streams.setdefault(key, SafeStream()).feed(text[shown - offset :])
        if self._open != key:
            self.end_line()
            safe = safe.lstrip("\n") if shown == 0 else safe
        if not safe:
            return
        self._open, self._open_style = key, style
        if self._wrap is not None:
            safe = self._wrap.feed(safe)
        if safe:
            self._console.print(safe, style=style or None, end="")
            self._at_line_start = safe.endswith("\n")

    def _line(self, text: str, style: str = "") -> None:
        self.end_line()
        self._console.print(text, style=style or None)

    def _mark(self, state: str) -> str:
        mark = {"notice": "»", "progress": "…"}.get(state) or MARKS.get(state, ("·", ""))[0]
        return mark if can_show(mark) else "*"

    def _tool(self, frame: frames.ToolCallFrame) -> None:
        key = (frame.message_id, frame.part)
        before, began = self._tools.get(key, (None, frame.at or time.time()))
        if before is not None and before.final:
            return
        self._tools[key] = (frame.status, began)
        took = max((frame.at or time.time()) - began, 0.0)
        if frame.status.final:
            self._tool_ended(key, frame, took)
        elif self._rewrites and self._rewritable != key:
            self.end_line()
            self._console.print(self._tool_line(frame, ""), style=style_of("running"), end="")
            self._at_line_start = False
            self._rewritable = key
        elif self._rewrites:
            self._rewrite()
            self._console.print(self._tool_line(frame, ""), style=style_of("running"), end="")

    def _tool_ended(self, key: PartKey, frame: frames.ToolCallFrame, took: float) -> None:
        if self._rewritable == key:
            self._rewrite()
            self._at_line_start = True
        exited = f"  exit {frame.exit_code}" if frame.exit_code else ""
        style = style_of("interrupted" if exited and frame.status is ToolStatus.COMPLETED else frame.status.value)
        self._line(self._tool_line(frame, f"{exited}  {duration(took)}"), style)
        if frame.status is ToolStatus.FAILED and frame.output:
            for line in plain(frame.output).rstrip().splitlines()[-FAILED_OUTPUT_LINES:]:
                self._line(f"    {line}", "dim")

    def _show_progress(self, text: str) -> None:
        """What the turn waits for: one line that is rewritten on a terminal, each new step printed once elsewhere."""
        line = f"  {self._mark('progress')} {one_line(text, max(self._console.width - 6, 16))}"
        if self._rewrites:
            if self._rewritable is _PROGRESS:
                self._rewrite()
            else:
                self.end_line()
            self._console.print(line, style="dim", end="")
            self._at_line_start, self._rewritable = False, _PROGRESS
        elif (kind := _DIGITS.sub("", text)) != self._progress:
            self._progress = kind
            self._line(line, "dim")

    def _beside(self, frame: BesideFrame) -> None:
        """Frames that are neither the agent's text nor its tool calls."""
        if isinstance(frame, frames.ProgressFrame):
            self._show_progress(frame.text)
            return
        if isinstance(frame, frames.NoticeFrame):
            style = "yellow" if frame.level is NoticeLevel.WARNING else "dim"
            self._line(f"{self._mark('notice')} {plain(frame.text)}", style)
            return
        if isinstance(frame, frames.SteerFrame):
            self._steered(frame)
            return
        if (frame.request_id, frame.state) in self._requests:
            return
        self._requests.add((frame.request_id, frame.state))
        for text, style in request_lines(frame):
            self._line(text, style)

    def _steered(self, frame: frames.SteerFrame) -> None:
        """A person's message to the turn, where the agent got it, and what became of it otherwise."""
        if (frame.steer_id, frame.state) in self._requests:
            return
        self._requests.add((frame.steer_id, frame.state))
        text = steer_line(frame.state, frame.text, frame.sent_by)
        if text:
            self._line(text, "bold" if frame.state == "delivered" else "dim")

    def _rewrite(self) -> None:
        self._console.file.write("\r\x1b[2K")

    def _tool_line(self, frame: frames.ToolCallFrame, tail: str) -> str:
        indent = "    " if frame.parent is not None else "  "
        room = max(self._console.width - len(indent) - len(frame.name) - len(tail) - 6, 16)
        title = one_line(frame.title, room)
        name = one_line(frame.name, 40)
        said = name if not title or title == name else f"{name}  {title}"
        return f"{indent}{self._mark(frame.status.value)} {said}{tail}"

    def _show_plan(self, frame: frames.PlanFrame) -> None:
        self._plan = frame.entries
        self._line("  plan", "bold")
        for entry in frame.entries:
            style = "dim" if entry.status in (PlanStatus.COMPLETED, PlanStatus.CANCELLED) else ""
            self._line(f"    {PLAN_MARKS[entry.status]} {one_line(entry.text, 160)}", style)
