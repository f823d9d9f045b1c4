"""Shows a change and carries out what the person decides about it: apply, reject, or leave it. Never decides itself."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from boocoder.cli import wire
from boocoder.cli.client import Client
from boocoder.cli.diff_view import show_diff, show_statistics
from boocoder.cli.terminal_text import plain

if TYPE_CHECKING:
    from rich.console import Console

QUESTION = "Apply this change to your checkout? [y]es / [N]ot now / [d]iff / [r]eject: "


async def decide(
    client: Client,
    change: wire.Change,
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
        question: asks the person for a line; None where there is nobody, which leaves the change.
    """
    diff = await client.request("GET", f"/api/changes/{change.id}/diff")
    console.print()
    if left_out := show_diff(console, diff):
        console.print(f"... {left_out} more lines: boocoder changes diff {change.id}", style="dim")
    show_statistics(console, change)
    if apply is None and question is not None:
        answer = await _answer(console, diff, question)
    else:
        answer = "y" if apply else "n"
    if answer == "y":
        await apply_change(client, change.id, console)
    elif answer == "r":
        await reject_change(client, change.id, console)
    else:
        console.print(f"Left for later: boocoder changes apply {change.id}", style="dim")


async def _answer(console: Console, diff: bytes, question: Callable[[str], Awaitable[str]]) -> str:
    while True:
        answer = (await question(QUESTION)).strip().lower()[:1]
        if answer != "d":
            return answer
        show_diff(console, diff, limit=None)


async def apply_change(client: Client, change_id: UUID, console: Console) -> None:
    """Apply it and say so.

    Raises:
        Conflict: files are in the way; nothing was touched.
    """
    await client.post(f"/api/changes/{change_id}/apply", msgspec.Raw)
    console.print("Applied to your checkout; nothing is committed.", style="green")


async def reject_change(client: Client, change_id: UUID, console: Console) -> None:
    """Reject it and say so."""
    await client.post(f"/api/changes/{change_id}/reject", msgspec.Raw)
    console.print("Rejected.", style="yellow")


async def ask_line(text: str) -> str:
    """A line from the terminal, without holding up the loop; "" when the input ends."""
    print(plain(text), end="", flush=True)
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    descriptor = sys.stdin.fileno()
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
    return sys.stdin.readline()
