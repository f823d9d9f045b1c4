"""Prints stored messages: prompts, answers, and a line per tool call, plan or notice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from boocoder.cli.views.terminal_text import one_line, plain
from boocoder.events.agent_event import ToolStatus
from boocoder.model.task import MessageRole, PartKind
from boocoder.wire.messages import MessageWithParts, PartInfo

if TYPE_CHECKING:
    from rich.console import Console


FAILED_OUTPUT_LINES = 8  # of a failed tool's output; enough for most error messages
STEERED = {
    "delivered": "sent during the turn, not confirmed yet",
    "confirmed": "sent during the turn",
    "returned": "the agent did not take it during the turn; queued to run next",
    "unconfirmed": "sent during the turn; whether the agent got it is not known",
}


def steer_line(state: str, text: str, sent_by: str) -> str:
    """A line about a person's message to the running turn, "" for a state that needs none."""
    if state == "delivered":
        return f"> {plain(text)}  ({sent_by})"
    if state in ("returned", "unconfirmed"):
        return f"  {STEERED[state]}: {one_line(text, 100)}"
    return ""


def show_messages(console: Console, messages: Iterable[MessageWithParts], *, tools: bool = False) -> None:
    """The messages in their order; what is longer than the API hands out inline is marked.

    Args:
        tools: also what tools were given and gave; else the end of a failed one's output alone.
    """
    for message in messages:
        console.print()
        if message.role is MessageRole.USER:
            console.print(f"> {plain(message.text)}", style="bold")
            for attachment in message.attachments:
                console.print(f"  file {one_line(attachment.name, 100)}", style="dim")
            continue
        console.print(f"{message.agent or 'agent'}  {message.status.replace('_', ' ')}", style="dim")
        for part in message.parts:
            _show_part(console, part)
            if part.kind is PartKind.TOOL_CALL:
                _show_tool(console, part.data or {}, whole=tools)


def _show_tool(console: Console, data: Mapping[str, object], *, whole: bool) -> None:
    """Input and output as far as the API hands them out inline."""
    for field in ("input", "output") if whole else ("output",) if data.get("status") == ToolStatus.FAILED else ():
        text, chars = data.get(field), data.get(f"{field}_chars")
        if not isinstance(text, str) or not text.strip():
            continue
        lines = plain(text).rstrip().splitlines()
        for line in lines if whole else lines[-FAILED_OUTPUT_LINES:]:
            console.print(f"    {'< ' if field == 'input' else ''}{line}", style="dim")
        if whole and isinstance(chars, int) and chars > len(text):
            console.print(f"    ... {chars - len(text)} more characters", style="dim")


def _show_part(console: Console, part: PartInfo) -> None:
    if part.kind in (PartKind.TEXT, PartKind.REASONING):
        console.print(plain(part.text), style="dim italic" if part.kind is PartKind.REASONING else None)
        if part.text_chars > len(part.text):
            console.print(f"... {part.text_chars - len(part.text)} more characters", style="dim")
        return
    data = part.data or {}
    if part.kind is PartKind.STEER:
        state, text, sent_by = (str(data.get(name, "")) for name in ("state", "text", "sent_by"))
        console.print(f"> {plain(text)}", style="bold")
        console.print(f"  {STEERED.get(state, state)} ({sent_by})", style="dim")
        return
    said = [data.get(name) for name in ("name", "tool", "title", "text", "status", "state")]
    words = "  ".join(one_line(word, 120) for word in said if isinstance(word, str) and word)
    console.print(f"  {part.kind.replace('_', ' ')}  {words}", style="dim")
