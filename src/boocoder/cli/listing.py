"""Shared options and output of commands: paged lists, results as a line or as JSON."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, TypeVar
from uuid import UUID

import click

from boocoder.cli.moment import Moment
from boocoder.cli.views.style import make_console, print_json, show_rows
from boocoder.wire.search import IdKind

if TYPE_CHECKING:
    from boocoder.client.http_client import Client

PAGE_MAX = 200  # rows of one answer of the API


class Row(Protocol):
    """A row of a list."""

    @property
    def id(self) -> UUID: ...


R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True)
class PageOptions:
    """Which part of a list is wanted, as typed.

    Args:
        limit: rows at most.
        before: id of the row before the first one.
        project: only of this project.
        agent: only of this agent.
        since: only from this moment on.
        until: only before this moment.
    """

    limit: int
    before: str | None = None
    project: str | None = None
    agent: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def page_options(
    *, limit: int = 20, project: bool = True, filters: bool = True
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Options of a list command, handed to it as `page`, and --json as `as_json`.

    Args:
        limit: rows at most, unless another number is typed.
        project: offer --project.
        filters: offer --agent, --since and --until.
    """
    older = "Only older ones: the last id of the page before."
    number = f"How many, newest first; default: {limit}."
    options = [
        click.option("--limit", default=limit, type=click.IntRange(1, 1_000_000), help=number),
        click.option("--before", metavar="ID", help=older),
        click.option("--json", "as_json", is_flag=True, help="One JSON object a line."),
    ]
    if filters:
        options[:0] = [
            click.option("--agent", metavar="AGENT", help="Only of this agent."),
            click.option("--since", type=Moment(), help="Only from then on: 2h or 3d ago, or 2026-11-30T14:00."),
            click.option("--until", type=Moment(), help="Only before then."),
        ]
    if project:
        named = "Only of this project: a name, an id, or a path such as ./."
        options.insert(0, click.option("--project", "-p", metavar="PROJECT", help=named))

    def add(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def gathered(*args: object, **given: object) -> None:
            page = {name: given.pop(name) for name in PageOptions.__slots__ if name in given}
            command(*args, page=PageOptions(**page), **given)  # type: ignore[arg-type]

        wrapped: Callable[..., None] = gathered
        for option in reversed(options):
            wrapped = option(wrapped)
        return wrapped

    return add


async def pages(
    client: Client,
    path: str,
    row: type[R],
    kind: IdKind,
    page: PageOptions,
    *,
    session_id: UUID | None = None,
    **filters: object,
) -> list[R]:
    """Rows of a list, newest first, as many as asked for.

    Args:
        path: of the list.
        row: what it holds.
        kind: of its ids.
        page: which rows.
        session_id: of snapshots.
        filters: further parameters of the list.
    """
    from boocoder.cli.client.resolve import resolve_id, resolve_project  # not for commands that only print

    limit = page.limit
    for name, moment in (("since", page.since), ("until", page.until)):
        filters[name] = None if moment is None else moment.isoformat()
    filters["agent"] = page.agent
    if page.project is not None:
        filters["project_id"] = (await resolve_project(client, page.project)).id
    last = None if page.before is None else await resolve_id(client, kind, page.before, session_id=session_id)
    found: list[R] = []
    while len(found) < limit:
        size = min(limit - len(found), PAGE_MAX)
        rows = await client.items(path, row, limit=size, before=last, **filters)
        found += rows
        if len(rows) < size:
            break
        last = rows[-1].id
    return found


def show_list(
    items: Sequence[object], headings: tuple[str, ...], rows: Sequence[tuple[tuple[str, str], ...]], *, as_json: bool
) -> None:
    """Print a list: as a table, or with --json one object a line.

    Args:
        items: what the service answered.
        headings: one for each column.
        rows: of the table, in the order of the items.
    """
    if not as_json:
        show_rows(make_console(), headings, rows)
        return
    for item in items:
        print_json(item)


Result = tuple[object, str]
"""What a command did: the answer of the service, and a line for a person."""


def prints_result(command: Callable[..., Result]) -> Callable[..., None]:
    """Print the result of a command: its line, or with --json its value."""

    @functools.wraps(command)
    def printed(*args: object, as_json: bool, **options: object) -> None:
        value, line = command(*args, **options)
        if as_json:
            print_json(value)
        else:
            click.echo(line)

    return click.option("--json", "as_json", is_flag=True, help="As one JSON object.")(printed)
