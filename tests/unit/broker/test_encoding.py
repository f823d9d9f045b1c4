"""However many watch a session, a frame is encoded once."""

from __future__ import annotations

from boocoder.broker.broker import Broker
from boocoder.broker.log_entry import Entry
from tests.fixtures.streams import MemoryStore, delta


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
