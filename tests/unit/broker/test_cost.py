"""What publishing costs: it never grows with history, and it encodes once however many watch."""

from __future__ import annotations

import time

from boocoder.broker.broker import Broker
from boocoder.broker.log_entry import Entry
from tests.fixtures.streams import MemoryStore, delta


async def test_a_live_delta_is_far_cheaper_than_the_model_that_makes_it() -> None:
    store = MemoryStore()
    session_id, message_id = await store.open_stream()
    broker = Broker(reader=store.reader)
    subscription = broker.subscribe(session_id, 0)
    first = delta(session_id, message_id, 0, "x")
    broker.publish_live(first)
    await anext(subscription)
    frames = [delta(session_id, message_id, number, "x") for number in range(1, 2001)]
    best_s = 1.0
    for start in range(0, 2000, 100):
        started = time.perf_counter()
        for frame in frames[start : start + 100]:
            broker.publish_live(frame)
        best_s = min(best_s, (time.perf_counter() - started) / 100)
        await subscription.next_batch(10**9)
    # 5 us were measured; the best of twenty rounds is out of reach of a busy machine.
    assert best_s < 30e-6
    await broker.stop()


async def test_all_subscribers_get_the_very_same_bytes() -> None:
    store = MemoryStore()
    session_id, message_id = await store.open_stream()
    broker = Broker(reader=store.reader)
    subscriptions = [broker.subscribe(session_id, 0) for _ in range(5)]
    broker.publish_live(delta(session_id, message_id, 0, "a"))
    for subscription in subscriptions:
        await anext(subscription)
        await anext(subscription)  # the mark that history is over
    broker.publish_live(delta(session_id, message_id, 1, "b"))
    got = [await anext(subscription) for subscription in subscriptions]
    assert got[0] == Entry(delta(session_id, message_id, 1, "b"), seq=None, live=True).data
    assert all(data is got[0] for data in got)
    await broker.stop()
