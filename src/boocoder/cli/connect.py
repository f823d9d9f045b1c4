"""Finds the running service of a data directory, or runs one inside this process for the time of a command."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import msgspec

from boocoder.cli.client import Client
from boocoder.config.settings import Settings
from boocoder.errors import Unavailable


class _ServiceFile(msgspec.Struct, frozen=True):
    """What a service writes into <data_dir>/service.json when it is ready."""

    url: str
    pid: int


def find_service(data_dir: Path) -> tuple[str, str] | None:
    """URL and token of the service that serves this data directory; None if no process does.

    Raises:
        Unavailable: the service runs, but its token cannot be read by this user.
    """
    try:
        said = msgspec.json.decode((data_dir / "service.json").read_bytes(), type=_ServiceFile)
        os.kill(said.pid, 0)
    except (OSError, msgspec.DecodeError, OverflowError):
        return None
    try:
        return said.url, (data_dir / "token").read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(
            "token_unreadable",
            f"A service runs at {said.url}, but its token {data_dir / 'token'} cannot be read.",
            "Run the command as the user who started the service.",
        ) from error


@asynccontextmanager
async def running_service(settings: Settings) -> AsyncIterator[Client]:
    """A client of the running service.

    Raises:
        Unavailable: none runs, or the one that is named does not answer.
    """
    found = find_service(settings.data_dir)
    if found is None:
        raise Unavailable(
            "service_not_running",
            f"No boocoder service runs for {settings.data_dir}.",
            "Start one with: boocoder serve",
        )
    async with Client(url=found[0], token=found[1]) as client:
        await client.health()
        yield client


@asynccontextmanager
async def any_service(settings: Settings, starting: Callable[[], None]) -> AsyncIterator[Client]:
    """A client of the running service if there is one that answers, else of one inside this process.

    Args:
        settings: of both.
        starting: called before one is started here, which takes seconds.

    Raises:
        BoocoderError: it cannot be started.
    """
    found = find_service(settings.data_dir)
    if found is not None:
        async with Client(url=found[0], token=found[1]) as client:
            if await client.answers():
                yield client
                return
    starting()
    from boocoder import app

    # Nobody else needs its port, and the usual one may be taken.
    async with app.running(replace(settings, port=0)) as info, Client(url=info.url, token=info.token) as client:
        yield client
