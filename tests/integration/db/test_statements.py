"""Every named statement is prepared by the real server, and its types are what the Python side says."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints
from uuid import UUID

import asyncpg
import msgspec

import boocoder.db
from boocoder.db.core.statements import SQL_DIRECTORY, Statement, load_statements

OTHER_DATABASE = {"embedded"}  # statements for a server without our schema; test_embedded_* runs them
PLAIN = {
    "uuid": {UUID},
    "text": {str},
    "name": {str},
    "int2": {int},
    "int4": {int},
    "int8": {int},
    "float8": {float},
    "bool": {bool},
    "timestamptz": {datetime},
    "bytea": {bytes},
    "jsonb": {msgspec.Raw},
}


def statements() -> Iterator[Statement[Any]]:
    for module in pkgutil.walk_packages(boocoder.db.__path__, "boocoder.db."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, Statement):
                yield value


ALL = {(one.table, one.name): one for one in statements()}


def plain(hint: Any) -> tuple[Any, bool]:
    """The type inside an optional, without NewType, and whether it was optional."""
    inner = [part for part in get_args(hint) if part is not NoneType]
    optional = NoneType in get_args(hint)
    found = inner[0] if optional else hint
    return getattr(found, "__supertype__", found), optional


def fits(hint: Any, kind: asyncpg.Type, labels: dict[str, set[str]]) -> bool:
    found, _ = plain(hint)
    if get_origin(found) in (list, tuple):
        element = kind.name.removesuffix("[]").removeprefix("_")
        return kind.kind == "array" and plain(get_args(found)[0])[0] in PLAIN[element]
    if kind.name in labels:
        return isinstance(found, type) and issubclass(found, StrEnum) and set(found) == labels[kind.name]
    if get_origin(found) is Literal or (isinstance(found, type) and issubclass(found, StrEnum)):
        return kind.name == "text"  # a closed set of texts that the statement itself writes
    return found in PLAIN[kind.name]


def test_every_sql_has_one_function_and_every_function_one_sql() -> None:
    written = {
        (path.stem, name)
        for path in SQL_DIRECTORY.glob("*.sql")
        for name in load_statements(path.stem)
        if path.stem not in OTHER_DATABASE
    }
    assert written == set(ALL) | {("schema_migrations", "create_table")}
    assert len(ALL) == len({id(one) for one in statements()})


async def test_all_statements_agree_with_the_server(dsn: str) -> None:
    conn = await asyncpg.connect(dsn)
    try:
        labels = await enum_labels(conn)
        nullable = await nullable_columns(conn)
        wrong = [line for one in ALL.values() for line in await differences(conn, one, labels, nullable)]
    finally:
        await conn.close()
    assert wrong == []


async def enum_labels(conn: asyncpg.Connection) -> dict[str, set[str]]:
    rows = await conn.fetch("SELECT t.typname, e.enumlabel FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid")
    labels: dict[str, set[str]] = {}
    for name, label in rows:
        labels.setdefault(name, set()).add(label)
    return labels


async def nullable_columns(conn: asyncpg.Connection) -> set[tuple[str, str]]:
    rows = await conn.fetch(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND is_nullable = 'YES'"
    )
    return {(table, column) for table, column in rows}


TABLE_OF = {
    "worktrees": ("session_worktrees", "snapshots"),
    "changes": ("pending_changes", "change_applies"),
    "agents": ("available_agents",),
    "permissions": ("permission_requests",),
    "review": ("review_decisions", "review_comments", "review_parts"),
    "notes": ("agent_notes",),
}


async def differences(
    conn: asyncpg.Connection, one: Statement[Any], labels: dict[str, set[str]], nullable: set[tuple[str, str]]
) -> list[str]:
    prepared = await conn.prepare(one.text)
    where = f"{one.table}.{one.name}"
    params = prepared.get_parameters()
    columns = prepared.get_attributes()
    hints = get_type_hints(one.row)
    wrong = []
    if len(params) != len(one.params):
        wrong.append(f"{where}: {len(params)} parameters, {len(one.params)} declared")
    for number, (kind, hint) in enumerate(zip(params, one.params, strict=False), start=1):
        if not fits(hint, kind, labels):
            wrong.append(f"{where}: ${number} is {kind.name}, declared {hint}")
    if [column.name for column in columns] != list(one.row.__struct_fields__):
        wrong.append(f"{where}: columns {[c.name for c in columns]}, fields {one.row.__struct_fields__}")
    for column in columns:
        hint = hints.get(column.name)
        if hint is not None and not fits(hint, column.type, labels):
            wrong.append(f"{where}: {column.name} is {column.type.name}, declared {hint}")
        tables = TABLE_OF.get(one.table, (one.table,))
        can_be_null = any((table, column.name) in nullable for table in tables)
        if hint is not None and can_be_null and not plain(hint)[1]:
            wrong.append(f"{where}: {column.name} can be null, declared {hint}")
    return wrong
