"""`boocoder search` and `boocoder usage`: searches messages, and sums tokens and cost."""

from __future__ import annotations

import click

from boocoder.cli.invocation import ask_service
from boocoder.cli.listing import show_list
from boocoder.cli.views.style import age, duration, make_console, print_json
from boocoder.cli.views.terminal_text import one_line, plain
from boocoder.client.http_client import Client
from boocoder.wire.projects import Project
from boocoder.wire.search import SearchHit, UsageSum


@click.command("search")
@click.argument("words", nargs=-1, required=True)
@click.option("--limit", default=20, type=click.IntRange(1, 50), help="How many, the best first.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def command(ctx: click.Context, words: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Find prompts and answers that contain all WORDS; the last one may be the beginning of a word."""
    hits = ask_service(ctx, lambda client: client.items("/api/search", SearchHit, q=" ".join(words), limit=limit))
    if as_json:
        for hit in hits:
            print_json(hit)
        return
    console = make_console()
    for hit in hits:
        console.print(f"session {str(hit.session_id)[:8]}  {one_line(hit.session_title, 60)}", style="bold", end="")
        console.print(f"  {hit.agent or hit.role}, {age(hit.created_at)} ago", style="dim")
        console.print("  ", end="")
        for piece in hit.snippet:
            console.print(plain(piece.text), style="reverse" if piece.hit else None, end="")
        console.print()
    if not hits:
        console.print("Nothing found.", style="dim")


@click.command("usage")
@click.option("--days", default=30, type=click.IntRange(1, 3_660), help="How far back; default: 30.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def usage(ctx: click.Context, days: int, as_json: bool) -> None:
    """Sum turns, tokens, cost and time by agent, model and project."""

    async def ask(client: Client) -> tuple[list[UsageSum], dict[object, str]]:
        sums = await client.items("/api/usage", UsageSum, days=days)
        projects = await client.items("/api/projects", Project, removed="true")
        return sums, {project.id: project.name for project in projects}

    sums, names = ask_service(ctx, ask)
    rows = [
        (
            (one.kind, "bold" if one.kind == "total" else "dim"),
            (_name(one, names), ""),
            (f"{one.completed}/{one.turns}", ""),
            (f"{one.input_tokens:,}", ""),
            (f"{one.output_tokens:,}", ""),
            (f"${one.cost_usd:.2f}" if one.cost_usd else "", ""),
            (duration(one.seconds), "dim"),
        )
        for one in sums
    ]
    show_list(sums, ("by", "", "completed", "tokens in", "out", "cost", "time"), rows, as_json=as_json)


def _name(one: UsageSum, names: dict[object, str]) -> str:
    if one.kind == "model":
        return plain(f"{one.agent} {one.model or '(default)'}")
    return plain(one.agent or names.get(one.project_id, ""))
