"""Prints the rule files of a session and the sandbox of its agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boocoder.cli.views.style import show_rows
from boocoder.cli.views.terminal_text import plain
from boocoder.errors import sentences
from boocoder.model.rule_files import RuleFileUse
from boocoder.wire.rules import SandboxInUse, SessionRules

if TYPE_CHECKING:
    from rich.console import Console


def show_rules(console: Console, rules: SessionRules) -> None:
    """The rule files as a table, and what else decides about a turn."""
    if rules.agent is None:
        console.print("The session has had no agent yet. Name one: boocoder sessions rules SESSION --agent NAME")
        return
    if rules.refusal:
        console.print(plain(rules.refusal), style="yellow")
    if not rules.known:
        console.print(f"boocoder does not know which instruction files {plain(rules.agent)} reads.", style="dim")
    if rules.files:
        head = ("rules", "of", "read by", "bytes", "file", "")
        show_rows(console, head, [_row(one, rules.agent) for one in rules.files])
    elif rules.known:
        console.print(f"There are no rule files for {plain(rules.agent)}.")
    if rules.sandbox is not None:
        show_sandbox(console, rules.sandbox)


def show_sandbox(console: Console, sandbox: SandboxInUse) -> None:
    """The profile with what it means, and how to turn it on where it is off."""
    by = f" ({sandbox.mechanism})" if sandbox.mechanism != "none" else ""
    console.print(f"sandbox: {sandbox.profile}{by}", style="yellow" if sandbox.cure else "")
    console.print(f"  {plain(sentences(sandbox.text, sandbox.cure))}", style="dim")


def _row(one: RuleFileUse, agent: str) -> tuple[tuple[str, str], ...]:
    return (
        ("in force", "green") if one.in_force else ("not in force", "yellow"),
        (one.owner, ""),
        (agent if one.read_by == "agent" else one.read_by, "dim"),
        (f"{one.size_bytes:,}", "dim"),
        (plain(one.path), ""),
        (plain(one.reason), "dim"),
    )
