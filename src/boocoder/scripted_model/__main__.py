"""Runs the scripted model as a program until it is interrupted. Prints its base URL as the first line."""

from __future__ import annotations

import asyncio
import signal

import click

from boocoder.scripted_model.server import DEFAULT_MODELS, ScriptedModel


@click.command()
@click.option("--port", default=0, show_default=True, help="TCP port on 127.0.0.1, 0 for any free one.")
@click.option("--models", default=",".join(DEFAULT_MODELS), show_default=True, help="Model ids, comma-separated.")
@click.option("--delay", default=0.0, show_default=True, help="Seconds behind each streamed word.")
@click.option("--stamp", is_flag=True, help="Stream time.monotonic_ns() of the moment in place of each word.")
def main(port: int, models: str, delay: float, stamp: bool) -> None:
    """A scripted language model on loopback, in the wire formats of OpenAI, Anthropic and Gemini."""
    names = [name.strip() for name in models.split(",") if name.strip()]
    asyncio.run(_serve(ScriptedModel(port=port, models=names, delay_s=delay, stamp=stamp)))


async def _serve(model: ScriptedModel) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with model:
        click.echo(model.base_url)
        await stopped.wait()


if __name__ == "__main__":
    main()
