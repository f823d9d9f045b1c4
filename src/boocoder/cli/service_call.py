"""What commands that ask the running service share: settings out of the command line, one call, an exit code."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

import click
import msgspec

from boocoder.cli.client import Client
from boocoder.cli.connect import running_service
from boocoder.config.load import load_settings
from boocoder.config.settings import Settings
from boocoder.errors import InvalidInput, NotFound

T = TypeVar("T")


LIST_MAX = 200  # the API's longest page; an older thing needs its whole id


class _Row(msgspec.Struct, frozen=True):
    id: UUID


def settings_of(ctx: click.Context, **flags: object) -> Settings:
    """The settings of this call; flags of the command win over file and environment."""
    return load_settings(flags={**(ctx.find_root().obj or {}), **flags})


def ask_service(ctx: click.Context, question: Callable[[Client], Awaitable[T]]) -> T:
    """Ask the running service one thing.

    Raises:
        Unavailable: no service runs.
    """

    async def ask() -> T:
        async with running_service(settings_of(ctx)) as client:
            return await question(client)

    return asyncio.run(ask())


async def full_id(client: Client, path: str, text: str, **params: object) -> UUID:
    """The id that a person means: a whole one, or the beginning of one in a list of the API.

    Args:
        client: of the service.
        path: of the list, such as /api/changes.
        text: at least four characters of the id.
        params: filters of the list.

    Raises:
        InvalidInput: too short, or the beginning of more than one.
        NotFound: the beginning of none.
    """
    try:
        return UUID(text)
    except ValueError:
        pass
    what = path.rpartition("/")[2]
    if len(text) < 4:
        raise InvalidInput(
            "id_too_short", f"{text!r} is too short for an id.", "Give at least its first four characters."
        )
    rows = await client.items(path, _Row, limit=LIST_MAX, **params)
    matches = [row.id for row in rows if str(row.id).startswith(text.lower())]
    if not matches:
        raise NotFound(
            "id_unknown", f"No id in {what} begins with {text!r}.", f"Look them up with: boocoder {what} list"
        )
    if len(matches) > 1:
        raise InvalidInput("id_ambiguous", f"{len(matches)} ids in {what} begin with {text!r}.", "Give more of it.")
    return matches[0]
