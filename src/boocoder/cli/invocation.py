"""Settings of a command line call, and one request to the running service."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import click

from boocoder.config.load import load_settings
from boocoder.config.settings import Settings

if TYPE_CHECKING:
    from boocoder.client.discovery import FoundService
    from boocoder.client.http_client import Client

T = TypeVar("T")


def settings_of(ctx: click.Context, **flags: object) -> Settings:
    """The settings of this call; flags of the command win over file and environment."""
    return load_settings(flags={**(ctx.find_root().obj or {}), **flags})


def service_finder(settings: Settings) -> Callable[[], FoundService]:
    """Looks for the service of a data directory, or the one that BOOCODER_URL names, each time it is called."""
    from boocoder.client.connect import located_service
    from boocoder.client.environment import named_service

    named = named_service()
    return functools.partial(
        located_service,
        url=named.url or None,
        token=named.token or None,
        certificate=settings.tls_certificate,
        data_dir=None if named.url else settings.data_dir,
    )


def ask_service(ctx: click.Context, question: Callable[[Client], Awaitable[T]]) -> T:
    """Run a coroutine with a client of the running service.

    Raises:
        Unavailable: no service runs.
    """
    import asyncio  # with the HTTP client a third of a command's start, which `config` does not need

    from boocoder.cli.client.connect import running_service

    async def ask() -> T:
        async with running_service(settings_of(ctx)) as client:
            return await question(client)

    return asyncio.run(ask())
