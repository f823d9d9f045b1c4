"""`boocoder models`: the models of model servers, and unloading one."""

from __future__ import annotations

import click

from boocoder.cli.client.agents import ask_agents, known_agents
from boocoder.cli.views.style import make_console, print_json, show_rows
from boocoder.cli.views.terminal_text import plain
from boocoder.client.http_client import Client
from boocoder.errors import sentences
from boocoder.model.agent import ModelDetails


@click.group("models", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """List the models of model servers: size of the context, slots, whether they are loaded and for how long."""
    if ctx.invoked_subcommand is not None:
        return
    models = ask_agents(ctx, _models)
    if as_json:
        for one in models:
            print_json(one)
        return
    console = make_console()
    if not models:
        console.print("No model server has models. `boocoder doctor` says which servers there are.")
        return
    show_rows(console, ("model", ""), [((plain(one.id), "bold"), (plain(one.summary), "dim")) for one in models])
    for one in models:
        if one.warning:
            console.print(f"{plain(sentences(one.warning, one.cure))}", style="yellow")


@command.command("unload")
@click.argument("model")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_context
def unload(ctx: click.Context, model: str, as_json: bool) -> None:
    """Have its server unload MODEL, which no turn uses; the next task that needs it loads it again."""

    async def ask(client: Client) -> ModelDetails:
        return await client.post("/api/model-servers/unload", ModelDetails, {"model": model})

    details = ask_agents(ctx, ask)
    if as_json:
        print_json(details)
    elif details.loaded:
        click.echo(f"{details.id} is being unloaded.")
    else:
        click.echo(f"{details.id} is not loaded any more.")


async def _models(client: Client) -> list[ModelDetails]:
    """The models that the native agent knows of."""
    return [model for agent in await known_agents(client) if agent.name == "native" for model in agent.model_details]
