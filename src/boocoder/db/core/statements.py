"""Named statements out of sql/*.sql with the types of their parameters and rows. It never builds SQL from strings."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar, get_args, get_type_hints

import msgspec

from boocoder.db.core.connection import Connection
from boocoder.db.core.driver_errors import translated

SQL_DIRECTORY = Path(__file__).parents[1] / "sql"
_HEAD = re.compile(r"^-- name: ([a-z0-9_]+)$", re.MULTILINE)
_DESCRIPTION = re.compile(r"^(?:-- .+\n)+")

R = TypeVar("R", bound=msgspec.Struct)


class Done(msgspec.Struct, frozen=True):
    """The row of a statement that only says that it changed something."""

    done: bool


@dataclass(frozen=True, slots=True)
class Statement(Generic[R]):
    """One statement of a .sql file.

    Args:
        table: the file's name without .sql.
        name: as in its `-- name:` line.
        text: the SQL.
        params: Python types of $1, $2 ...; an optional one as `X | None`.
        row: a Struct whose fields are the result's columns, in order.
    """

    table: str
    name: str
    text: str
    params: tuple[Any, ...]
    row: type[R]
    _read: Callable[[Any], R]

    async def all(self, conn: Connection, *args: object) -> list[R]:
        """Run it and return every row.

        Raises:
            Unavailable: the database is gone, busy, slow or full.
            InvalidInput: text_not_storable, a parameter holds NUL or half a surrogate pair.
        """
        with translated():
            records = await conn.fetch(self.text, *args)
        read = self._read
        return [read(record) for record in records]

    async def first(self, conn: Connection, *args: object) -> R | None:
        """Run it and return the first row, None if there is none.

        Raises:
            Unavailable, InvalidInput: as `all`.
        """
        with translated():
            record = await conn.fetchrow(self.text, *args)
        return None if record is None else self._read(record)

    async def one(self, conn: Connection, *args: object) -> R:
        """Run it and return its row; for statements that always have one.

        Raises:
            Unavailable, InvalidInput: as `all`.
        """
        row = await self.first(conn, *args)
        if row is None:
            raise AssertionError(f"{self.table}.{self.name} returned no row")
        return row

    async def changed(self, conn: Connection, *args: object) -> bool:
        """Run it and say whether it returned a row, that is: whether its guard let it through.

        Raises:
            Unavailable, InvalidInput: as `all`.
        """
        return await self.first(conn, *args) is not None


def statement(table: str, name: str, *, row: type[R], params: tuple[Any, ...] = ()) -> Statement[R]:
    """The statement `name` of sql/`table`.sql.

    Args:
        table: file name without .sql.
        name: as in the file.
        row: Struct of the result's columns, in order.
        params: Python types of $1, $2 ...

    Raises:
        KeyError: the file has no statement of this name.
    """
    return Statement(table, name, load_statements(table)[name], params, row, _reader(row))


@cache
def load_statements(table: str, directory: Path = SQL_DIRECTORY) -> dict[str, str]:
    """All statements of `table`.sql in a directory, by name.

    Raises:
        ValueError: one has no description, no text, or a name given before.
    """
    source = (directory / f"{table}.sql").read_text(encoding="utf-8")
    pieces = _HEAD.split(source)
    statements: dict[str, str] = {}
    for name, body in zip(pieces[1::2], pieces[2::2], strict=True):
        described = _DESCRIPTION.match(body.lstrip("\n"))
        text = body.lstrip("\n")[described.end() :].strip().removesuffix(";") if described else ""
        if not text or name in statements:
            raise ValueError(f"{table}.sql: {name} needs a description and a text, and a name of its own")
        statements[name] = text
    return statements


def _reader(row: type[R]) -> Callable[[Any], R]:
    """A function from the driver's record to `row`; the driver gives enums as plain text."""
    hints = get_type_hints(row)
    enums = [(place, found) for place, name in enumerate(row.__struct_fields__) if (found := _enum_in(hints[name]))]

    def read(record: Any) -> R:
        values = list(record)
        for place, enum in enums:
            if values[place] is not None:
                values[place] = enum(values[place])
        return row(*values)

    return read


def _enum_in(hint: Any) -> type[StrEnum] | None:
    for candidate in (hint, *get_args(hint)):
        if isinstance(candidate, type) and issubclass(candidate, StrEnum):
            return candidate
    return None
