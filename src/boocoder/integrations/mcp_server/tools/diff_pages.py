"""Reads a change's diff in pages across its files, as text with the ids of its parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from boocoder.client.http_client import Client
from boocoder.errors import InvalidInput
from boocoder.integrations.mcp_server.tool import ToolArguments
from boocoder.integrations.mcp_server.tools.arguments import ChangeArgument, Cursor
from boocoder.wire.review import DiffLine, FileUnits, PagePosition, ReviewedFile, ReviewUnit

PAGE_CHARS = 30_000  # some 10,000 tokens; a page ends with the line that goes beyond it
LINE_CHARS = 2_000  # of one line
PREFIX = {"context": " ", "removed": "-", "added": "+"}


class DiffQuery(ToolArguments, frozen=True):
    """Where to read."""

    change_id: ChangeArgument
    path: Annotated[str | None, Meta(description="Only this file.")] = None
    cursor: Annotated[
        Cursor | None, Meta(description="`cursor` of the previous page; left out: from the beginning.")
    ] = None
    context: Annotated[int, Meta(ge=0, le=50, description="Unchanged lines beside each part.")] = 3


class DiffPart(msgspec.Struct, frozen=True):
    """A part of a change that can be decided by itself, or a piece of a long one.

    Args:
        id: for review_change.
        path: of its file.
        kind: hunk, mode, rename, or file for what has no lines.
        state: accepted, rejected or open.
        diff: its lines as git prints them; "" for what has none.
    """

    id: str
    path: str
    kind: str
    state: str
    diff: str


class DiffPage(msgspec.Struct, frozen=True):
    """Parts in the order of the files.

    Args:
        files: how many the change has, or match.
        flags: what deserves a second look in these files, such as a secret.
        cursor: gets the next page; null: this is the last one.
    """

    files: int
    parts: tuple[DiffPart, ...]
    flags: tuple[str, ...]
    cursor: str | None


async def read_diff_page(client: Client, query: DiffQuery) -> DiffPage:
    """A page of a diff.

    Raises:
        InvalidInput: cursor_invalid.
    """
    index, place = _position(query.cursor)
    files = await client.items(f"/api/changes/{query.change_id}/files", ReviewedFile, path=query.path)
    taken = _TakenParts()
    while index < len(files) and not taken.full:
        page = await _file_page(client, query, files[index], place)
        following = taken.add(page, place)
        index, place = (index + 1, PagePosition(0, 0)) if following is None else (index, following)
    cursor = f"{index}.{place.unit}.{place.line}" if index < len(files) else None
    return DiffPage(len(files), tuple(taken.parts), tuple(taken.flags), cursor)


class _TakenParts:
    """The parts of a page, up to PAGE_CHARS."""

    def __init__(self) -> None:
        self.parts: list[DiffPart] = []
        self.flags: list[str] = []
        self._chars = 0

    @property
    def full(self) -> bool:
        """Whether nothing more fits."""
        return self._chars >= PAGE_CHARS

    def add(self, page: FileUnits, place: PagePosition) -> PagePosition | None:
        """Take what fits of a page of a file that begins at `place`; where the file goes on, None at its end."""
        if place == PagePosition(0, 0):
            self.flags += [f"{page.file.path}: {flag.reason}" for flag in page.file.flags]
        for at, unit in enumerate(page.units):
            first = place.line if at == 0 else 0
            lines: list[str] = []
            for line in unit.lines:
                if self.full:
                    break
                lines.append(_line(line))
                self._chars += len(lines[-1]) + 1
            if lines or not unit.lines:
                self.parts.append(_part(page.file, unit, lines))
            if len(lines) < len(unit.lines):
                return PagePosition(place.unit + at, first + len(lines))
        return page.next


async def _file_page(client: Client, query: DiffQuery, file: ReviewedFile, place: PagePosition) -> FileUnits:
    path = f"/api/changes/{query.change_id}/files/{file.number}"
    return await client.get(path, FileUnits, context=query.context, unit=place.unit, line=place.line)


def _position(cursor: str | None) -> tuple[int, PagePosition]:
    """File, part and line of a cursor."""
    if cursor is None:
        return 0, PagePosition(0, 0)
    numbers = cursor.split(".")
    if len(numbers) != 3 or not all(one.isascii() and one.isdigit() for one in numbers):
        text = f"{cursor!r} is no cursor of read_diff."
        raise InvalidInput("cursor_invalid", text, "Give the cursor of the page before, or none.")
    return int(numbers[0]), PagePosition(int(numbers[1]), int(numbers[2]))


def _part(file: ReviewedFile, unit: ReviewUnit, lines: Sequence[str]) -> DiffPart:
    header = f"@@ -{unit.old_start},{unit.old_count} +{unit.new_start},{unit.new_count} @@"
    return DiffPart(unit.id, file.path, unit.kind, unit.state, "\n".join([header, *lines]) if lines else "")


def _line(line: DiffLine) -> str:
    cut = len(line.text) > LINE_CHARS or line.left_out
    return f"{PREFIX[line.kind]}{line.text[:LINE_CHARS]}{' [cut]' if cut else ''}"
