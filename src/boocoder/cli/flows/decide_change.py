"""Shows a change and applies, rejects or leaves it as the person answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from boocoder.cli.client.resolve import project_of_change
from boocoder.cli.views.diff import show_diff, show_statistics
from boocoder.cli.views.terminal_text import path_text
from boocoder.client.decisions import apply_change, reject_change
from boocoder.client.http_client import Client
from boocoder.wire.changes import ChangeInfo
from boocoder.wire.projects import Project

if TYPE_CHECKING:
    from rich.console import Console

QUESTION = "Apply this change to {path}? [y]es / [N]ot now / [d]iff / [r]eject: "


async def decide(
    client: Client,
    change: ChangeInfo,
    console: Console,
    *,
    apply: bool | None,
    question: Callable[[str], Awaitable[str]] | None,
) -> None:
    """Show the change; then apply it, leave it, or ask.

    Args:
        client: of the service.
        change: with its files.
        console: where to show it.
        apply: True applies, False leaves it, None asks.
        question: asks the person for a line; None without a terminal, which leaves the change.
    """
    diff = await client.request("GET", f"/api/changes/{change.id}/diff")
    console.print()
    if left_out := show_diff(console, diff):
        console.print(f"... {left_out} more lines: boocoder changes diff {change.id}", style="dim")
    show_statistics(console, change)
    if apply is None and question is not None:
        project = await project_of_change(client, change.id)
        answer = await _answer(console, diff, QUESTION.format(path=path_text(project.path)), question)
    else:
        answer = "y" if apply else "n"
    if answer == "y":
        project = await project_of_change(client, change.id)
        await apply_change(client, change.id)
        console.print(applied_line(project), style="green")
    elif answer == "r":
        await reject_change(client, change.id)
        console.print("Rejected.", style="yellow")
    else:
        console.print(f"Left for later: boocoder changes apply {change.id}", style="dim")


async def _answer(console: Console, diff: bytes, text: str, question: Callable[[str], Awaitable[str]]) -> str:
    while True:
        answer = (await question(text)).strip().lower()[:1]
        if answer != "d":
            return answer
        show_diff(console, diff, limit=None)


def applied_line(project: Project) -> str:
    """What was done, for a person."""
    return f"Applied to {path_text(project.path)}; nothing is committed."
