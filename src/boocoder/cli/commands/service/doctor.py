"""`boocoder doctor`: runs the checks and prints each with its cure."""

from __future__ import annotations

import asyncio

import click
import msgspec

from boocoder.cli.doctor.agents import check_agents
from boocoder.cli.doctor.checks import CHECKS, Check
from boocoder.cli.doctor.model_servers import ask_model_servers, check_found_servers, check_model_servers
from boocoder.cli.invocation import settings_of
from boocoder.cli.views.style import can_show, make_console, print_json
from boocoder.cli.views.terminal_text import plain
from boocoder.config.settings import Settings
from boocoder.errors import InvalidInput


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Check everything that boocoder needs. Exit code 1 if something required is broken."""
    try:
        checks = asyncio.run(_checks(settings_of(ctx)))
    except InvalidInput as error:
        checks = [Check("settings", False, error.text, error.cure)]
    for check in checks:
        if as_json:
            print_json(msgspec.to_builtins(check))
        else:
            _show(check)
    ctx.exit(1 if any(check.needed and not check.ok for check in checks) else 0)


async def _checks(settings: Settings) -> list[Check]:
    found = [Check("settings", True, "read and valid")]
    for checker in CHECKS:
        found += await checker(settings)
    servers = await ask_model_servers(settings)
    found += check_model_servers(servers)
    found += await check_found_servers(settings)
    return found + await check_agents(settings, has_models=any(known.rows for known, _ in servers))


def _show(check: Check) -> None:
    marks = ("✓", "✗", "!") if can_show("✓✗") else ("ok", "BROKEN", "hint")
    mark, style = (marks[0], "green") if check.ok else (marks[1], "red") if check.needed else (marks[2], "yellow")
    console = make_console()
    console.print(f"{mark} ", style=style, end="")
    console.print(f"{check.name:<16}", style="bold", end="")
    console.print(plain(check.said))
    if check.cure:
        console.print(f"{'':<{len(mark) + 17}}{plain(check.cure)}", style="dim")
