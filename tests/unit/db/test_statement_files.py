"""Statements are named, described and read in order; a batch is flattened without losing order or doubling rows."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from boocoder.db.conversation.event_batch import flatten
from boocoder.db.core.migrate import Migration, check, load_migrations
from boocoder.db.core.statements import load_statements
from boocoder.errors import Conflict
from boocoder.events.batch import EventItem, PartItem, TextItem, ToolTextItem
from boocoder.model.ids import MessageId
from boocoder.model.task import PartKind

MESSAGE = MessageId(UUID(int=1))


def test_statements_are_split_by_name(tmp_path: Path) -> None:
    (tmp_path / "split.sql").write_text(
        "-- A file.\n\n-- name: one\n-- First.\n-- More.\nSELECT 1;\n\n-- name: two\n-- Second.\nSELECT\n    2;\n"
    )
    assert load_statements("split", tmp_path) == {"one": "SELECT 1", "two": "SELECT\n    2"}


@pytest.mark.parametrize(
    "text",
    [
        "-- name: one\nSELECT 1;\n",
        "-- name: one\n-- Only a description.\n",
        "-- name: one\n-- First.\nSELECT 1;\n-- name: one\n-- Again.\nSELECT 2;\n",
    ],
)
def test_a_statement_needs_a_description_a_text_and_a_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.sql").write_text(text)
    with pytest.raises(ValueError, match="one needs a description"):
        load_statements("bad", tmp_path)


def test_numbers_follow_the_order_given() -> None:
    batch = flatten(
        [
            EventItem("a", b"{}"),
            TextItem(MESSAGE, 0, 0, "x"),
            PartItem(MESSAGE, 0, PartKind.TEXT, "k", None),
            EventItem("b", b"{}"),
            TextItem(MESSAGE, 0, 1, "y"),
        ]
    )
    assert batch.numbers == 4
    assert [(number, name) for number, name, _ in batch.events] == [(1, "a"), (3, "b")]
    assert [(number, text) for number, *_, text in batch.texts] == [(2, "x"), (4, "y")]


def test_a_part_is_written_once_with_its_newest_data() -> None:
    def part(data: bytes | None) -> PartItem:
        return PartItem(MESSAGE, 0, PartKind.TOOL_CALL, "k", data)

    batch = flatten([part(b"1"), part(b"2"), part(None)])
    assert batch.parts == {(MESSAGE, 0): ("tool_call", "k", "2")}


def test_a_replaced_tool_text_drops_what_came_before_it() -> None:
    def text(offset: int, piece: str, *, replace: bool) -> ToolTextItem:
        return ToolTextItem(MESSAGE, 0, "output", offset, piece, replace)

    batch = flatten([text(5, "old", replace=False), text(0, "new", replace=True), text(3, "er", replace=False)])
    assert batch.replaced == [(MESSAGE, 0, "output")]
    assert batch.tool_texts == {(MESSAGE, 0, "output"): [(0, "new"), (3, "er")]}
    assert len(batch.parameters()) == 21


def test_our_migrations_are_numbered_without_gap() -> None:
    assert [migration.version for migration in load_migrations()] == list(range(1, 1 + len(load_migrations())))


@pytest.mark.parametrize(
    "names", [["0002_a.sql"], ["0001_a.sql", "0003_b.sql"], ["0001_a.sql", "0001_b.sql"], ["x.sql"]]
)
def test_migrations_without_a_number_are_refused(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text("SELECT 1;")
    with pytest.raises(ValueError, match="is not migration number"):
        load_migrations(tmp_path)


KNOWN = [Migration(1, "init", "", b"one"), Migration(2, "more", "", b"two")]


def test_a_database_that_we_made_passes() -> None:
    check(KNOWN, [])
    check(KNOWN, [(1, "init", b"one")])
    check(KNOWN, [(1, "init", b"one"), (2, "more", b"two")])


@pytest.mark.parametrize(
    ("applied", "code", "text"),
    [
        (
            [(1, "init", b"one"), (2, "more", b"two"), (3, "later", b"x")],
            "schema_newer",
            "The database's schema 0003_later is newer than this boocoder knows (0002_more).",
        ),
        (
            [(1, "init", b"edited")],
            "schema_edited",
            "Migration 0001_init is not the file that was applied to this database.",
        ),
    ],
)
def test_another_database_is_refused_by_name(applied: list[tuple[int, str, bytes]], code: str, text: str) -> None:
    with pytest.raises(Conflict) as caught:
        check(KNOWN, applied)
    assert (caught.value.code, caught.value.text) == (code, text)
    assert caught.value.cure
