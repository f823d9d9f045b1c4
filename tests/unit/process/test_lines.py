"""Cutting a stream into lines, whatever the chunks."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from boocoder.process.lines import QUEUE_BYTES, LineIterator, LineQueue, LineSplitter

CHUNKS = st.lists(st.lists(st.sampled_from([b"a", b"bc", b"\n", b"\r\n", b"\xff", b"x" * 9]), max_size=6).map(b"".join))


@given(CHUNKS)
def test_lines_do_not_depend_on_chunks(chunks: list[bytes]) -> None:
    splitter = LineSplitter(1000)
    lines = [line for chunk in chunks for line in splitter.feed(chunk)]
    rest = splitter.rest()
    assert rest is not None
    assert [*lines, rest] == b"".join(chunks).split(b"\n")
    assert splitter.dropped == 0


@given(CHUNKS, st.integers(min_value=0, max_value=12))
def test_exactly_the_long_lines_are_dropped(chunks: list[bytes], limit: int) -> None:
    splitter = LineSplitter(limit)
    lines = [line for chunk in chunks for line in splitter.feed(chunk)]
    whole = b"".join(chunks).split(b"\n")
    assert lines == [line for line in whole[:-1] if len(line) <= limit]
    assert splitter.dropped == sum(len(line) > limit for line in whole)


def _queue(on_room: list[str]) -> LineQueue:
    return LineQueue(QUEUE_BYTES, lambda: on_room.append("room"))


async def test_a_last_line_without_newline_counts() -> None:
    queue = _queue([])
    queue.feed(b"one\ntw")
    queue.feed(b"o")
    queue.end()
    assert [line async for line in LineIterator(queue)] == [b"one", b"two"]


async def test_a_full_queue_tells_when_it_has_room() -> None:
    room: list[str] = []
    queue = _queue(room)
    line = b"x" * (QUEUE_BYTES // 4)
    for _ in range(5):
        queue.feed(line + b"\n")
    assert queue.full
    assert await queue.get() == line
    assert await queue.get() == line
    assert not queue.full
    assert room == ["room"]


async def test_lines_that_are_there_come_together() -> None:
    room: list[str] = []
    queue = _queue(room)
    queue.feed(b"one\ntwo\nthree\nfo")
    assert await queue.get_batch(2) == [b"one", b"two"]
    assert await queue.get_batch(2) == [b"three"]
    queue.feed(b"ur\n" + b"x" * QUEUE_BYTES + b"\nlast")
    queue.end()
    assert queue.full
    assert await queue.get_batch(2) == [b"four", b"x" * QUEUE_BYTES]
    assert room == ["room"] and await queue.get_batch(9) == [b"last"]
    assert await queue.get_batch(9) == []


async def test_iterating_may_stop_and_go_on() -> None:
    queue = _queue([])
    queue.feed(b"one\ntwo\n")
    async for line in LineIterator(queue):
        assert line == b"one"
        break
    queue.end()
    assert [line async for line in LineIterator(queue)] == [b"two"]


async def test_discarding_ends_a_waiting_reader_and_forgets_what_comes() -> None:
    queue = _queue([])
    async with asyncio.TaskGroup() as group:
        reader = group.create_task(queue.get())
        await asyncio.sleep(0)
        queue.discard()
    assert reader.result() is None
    queue.feed(b"late\n")
    assert await queue.get() is None
