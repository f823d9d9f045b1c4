"""Command arguments that take ids, completed by the shell from the running service."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from boocoder.wire.search import IdKind

COMPLETION_S = 5.0  # a shell waits for it; a busy machine needs seconds
OFFERED = 40
F = TypeVar("F", bound=Callable[..., Any])


def id_argument(name: str, *kinds: IdKind, **options: Any) -> Callable[[F], F]:
    """A click argument that takes an abbreviated id of one of these kinds."""

    def complete(ctx: click.Context, _: click.Parameter, typed: str) -> list[CompletionItem]:
        return complete_ids(ctx, kinds, typed)

    return click.argument(name, shell_complete=complete, **options)


def complete_ids(ctx: click.Context, kinds: tuple[IdKind, ...], typed: str) -> list[CompletionItem]:
    """Short ids that begin as typed, with their labels; none where no service answers."""
    from boocoder.errors import BoocoderError

    try:
        return asyncio.run(_complete(ctx, kinds, typed))
    except (BoocoderError, TimeoutError, OSError):
        return []


async def _complete(ctx: click.Context, kinds: tuple[IdKind, ...], typed: str) -> list[CompletionItem]:
    from boocoder.cli.client.connect import running_service
    from boocoder.cli.invocation import settings_of
    from boocoder.cli.views.terminal_text import one_line
    from boocoder.wire.search import IdMatch

    async with asyncio.timeout(COMPLETION_S), running_service(settings_of(ctx)) as client:
        found: list[CompletionItem] = []
        for kind in kinds:
            matches = await client.items("/api/ids", IdMatch, kind=kind.value, text=typed, limit=OFFERED)
            shown = max(8, len(typed))
            found += [CompletionItem(str(one.id)[:shown], help=one_line(one.label, 60)) for one in matches]
        return found
