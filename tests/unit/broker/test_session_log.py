"""The order of one stream at its edges: a full tail, a lost commit, a log that has moved on."""

from __future__ import annotations

from uuid import uuid4

import pytest

from boocoder.broker.session_log import LOG_ENTRIES, Stream
from boocoder.broker.subscription import BufferLimits, Subscription
from boocoder.events.frames import DeltaFrame, Frame, NoticeFrame, TurnEndedFrame, decode
from boocoder.model.ids import SessionId

SESSION = SessionId(uuid4())
MESSAGE = uuid4()


async def _join_nothing(_: Subscription) -> None:
    raise AssertionError("history is not read here")


def make_subscription(after: int = 0) -> Subscription:
    return Subscription(
        session_id=SESSION, after=after, join=_join_nothing, leave=lambda _: None, limits=BufferLimits()
    )


def attached(stream: Stream, after: int = 0) -> Subscription:
    subscription = make_subscription(after)
    assert stream.attach(subscription)
    return subscription


async def taken(subscription: Subscription) -> list[Frame]:
    """What waits in a subscription."""
    if not subscription.buffered_bytes:
        return []
    return [decode(item.data) for item in await subscription.next_batch(10**9)]


def say(offset: int, text: str) -> DeltaFrame:
    return DeltaFrame(session_id=SESSION, message_id=MESSAGE, part=0, offset=offset, text=text)


def stored(seq: int, offset: int, text: str) -> DeltaFrame:
    return DeltaFrame(session_id=SESSION, seq=seq, message_id=MESSAGE, part=0, offset=offset, text=text)


def note(seq: int) -> NoticeFrame:
    return NoticeFrame(session_id=SESSION, seq=seq, code="n", text=str(seq))


async def test_a_full_tail_drops_deltas_and_their_text_comes_from_the_store() -> None:
    stream = Stream(SESSION, tail_limit=3)
    subscription = attached(stream)
    assert [stream.publish_live(say(place, "x")) for place in range(5)] == [True, True, True, False, False]
    assert stream.add_stored(range(1, 3), [note(2)], 5) == 0
    assert stream.behind
    assert stream.gap() == (0, 2)
    stream.release_stored([stored(1, 0, "xxxxx"), note(2)])
    frames = await taken(subscription)
    assert [(type(frame).__name__, frame.seq) for frame in frames] == [
        ("DeltaFrame", None),
        ("DeltaFrame", None),
        ("DeltaFrame", None),
        ("DeltaFrame", 1),
        ("NoticeFrame", 2),
    ]
    assert stream.publish_live(say(5, "y"))
    assert [frame.seq for frame in await taken(subscription)] == [None]


async def test_a_commit_that_the_store_overtook_only_empties_the_tail() -> None:
    stream = Stream(SESSION)
    subscription = attached(stream)
    stream.publish_live(say(0, "a"))
    stream.release_stored([stored(1, 0, "a"), note(2)])
    assert stream.add_stored(range(1, 3), [note(2)], 1) == 0
    assert [frame.seq for frame in await taken(subscription)] == [None, 1, 2]
    stream.detach(subscription)
    assert stream.idle


async def test_the_end_of_a_turn_clears_what_a_lost_commit_left() -> None:
    stream = Stream(SESSION)
    stream.publish_live(say(0, "a"))
    assert not stream.idle
    ended = TurnEndedFrame(session_id=SESSION, seq=5, task_id=uuid4(), chat_id=uuid4(), outcome="completed")
    stream.add_stored(range(5, 6), [ended], 0)
    assert stream.idle


async def test_a_late_subscription_gets_what_the_log_still_has_and_no_more() -> None:
    stream = Stream(SESSION)
    stream.joining = 1
    for seq in range(1, LOG_ENTRIES + 11):
        stream.add_stored(range(seq, seq + 1), [note(seq)], 0)
    too_far_behind = make_subscription(after=9)
    assert not stream.attach(too_far_behind)
    near = attached(stream, after=LOG_ENTRIES)
    assert [frame.seq for frame in await taken(near)] == list(range(LOG_ENTRIES + 1, LOG_ENTRIES + 11))


async def test_a_delta_behind_a_waiting_range_is_flushed_only_once() -> None:
    stream = Stream(SESSION)
    subscription = attached(stream)
    stream.add_stored(range(2, 3), [note(2)], 0)
    stream.publish_live(say(0, "held"))
    stream.add_stored(range(3, 4), [], 1)
    assert await taken(subscription) == []
    stream.add_stored(range(1, 2), [note(1)], 0)
    assert [frame.seq for frame in await taken(subscription)] == [1, 2, None]
    late = attached(stream, after=3)
    assert await taken(late) == []


@pytest.mark.parametrize(("after", "expected"), [(1, 1), (5, 3), (3, 3)])
async def test_history_starts_where_the_tail_can_be_trimmed(after: int, expected: int) -> None:
    stream = Stream(SESSION)
    stream.add_stored(range(1, 4), [note(1), note(2), note(3)], 0)
    assert stream.history_start(after, 200) == after
    stream.publish_live(say(0, "a"))
    assert stream.history_start(after, 200) == expected
