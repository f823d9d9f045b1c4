"""Text beyond a turn's share of the database: appended to files, read back in pages of characters."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from boocoder.db.conversation.overflow import PIECE_CHARS, OverflowFiles
from boocoder.db.conversation.overflow_usage import delete_orphans, overflow_by_session
from boocoder.db.core.pool import Database
from boocoder.events.batch import OverflowText
from boocoder.model.ids import MessageId, new_id
from tests.fixtures.row_builders import add_answer, add_host, add_place, add_running


async def test_any_page_of_what_was_appended_can_be_read(tmp_path: Path) -> None:
    files, message, rng = OverflowFiles(tmp_path), MessageId(new_id()), random.Random(3)
    whole = ""
    for _ in range(20):
        text = "".join(rng.choice("aé漢😀\n") for _ in range(rng.choice([1, 100, PIECE_CHARS, PIECE_CHARS + 7])))
        whole += text
        await files.append(message, [OverflowText(0, "text", text), OverflowText(3, "output", "other")])
    for _ in range(50):
        offset, limit = rng.randrange(len(whole) + 10), rng.choice([0, 1, 1_000, 200_000])
        page = await files.read(message, 0, "text", offset, limit)
        assert page == (whole[offset : offset + limit], len(whole))
    assert await files.read(message, 3, "output", 0, 8) == ("otherothe"[:8], 100)
    assert await files.read(message, 7, "text", 0, 100) == ("", 0)


async def test_a_part_can_begin_again(tmp_path: Path) -> None:
    files, message = OverflowFiles(tmp_path), MessageId(new_id())
    await files.append(message, [OverflowText(0, "text", "first try")])
    await files.append(message, [OverflowText(0, "text", "second", replace=True), OverflowText(0, "text", " try")])
    assert await files.read(message, 0, "text", 0, 100) == ("second try", 10)


@pytest.mark.parametrize("lost", [1, 3, 17])
async def test_a_piece_that_a_crash_cut_short_is_not_read(lost: int, tmp_path: Path) -> None:
    files, message = OverflowFiles(tmp_path), MessageId(new_id())
    await files.append(message, [OverflowText(0, "text", "whole")])
    path = tmp_path / str(message) / "0.text.txt"
    with path.open("ab") as file:
        file.write("é".encode()[:1])
    with path.with_suffix(".idx").open("ab") as index:
        index.write(b"x" * (lost % 16))
    assert await files.read(message, 0, "text", 0, 100) == ("whole", 5)


async def test_files_are_counted_by_session_and_go_with_their_message(database: Database, tmp_path: Path) -> None:
    files = OverflowFiles(tmp_path / "overflow")
    async with database.transaction() as conn:
        owner = await add_host(conn)
        place = await add_place(conn)
    async with database.connection() as conn:
        message = await add_answer(conn, await add_running(conn, owner, place))
        orphan = MessageId(new_id())
        assert await overflow_by_session(conn, files) == {}
        for one in (message, orphan):
            await files.append(one, [OverflowText(0, "text", "beyond"), OverflowText(1, "output", "more")])
        (tmp_path / "overflow" / "not a message").mkdir()
        on_disk = sum(file.stat().st_size for file in (tmp_path / "overflow" / str(message)).iterdir())
        assert await overflow_by_session(conn, files) == {place.session_id: on_disk}
        assert await delete_orphans(conn, files) == 0, "the row of a young one may be on its way"
        assert await delete_orphans(conn, files, older_than_s=0.0) == 1
    assert await files.read(message, 0, "text", 0, 100) == ("beyond", 6)
    assert await files.read(orphan, 0, "text", 0, 100) == ("", 0)
    assert not (tmp_path / "overflow" / str(orphan)).exists()
