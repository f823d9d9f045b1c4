"""What every broker promises, whatever its reader: run here over memory, in tests/integration over the database."""

from __future__ import annotations

import asyncio
import random

import pytest

from boocoder.broker.broker import Broker
from boocoder.broker.subscription import BufferLimits
from boocoder.events.frames import CaughtUpFrame, DeltaFrame, NoticeFrame, ResyncFrame, decode
from tests.fixtures.streams import (
    WAIT_S,
    MemoryStore,
    Recorder,
    Screen,
    Store,
    commit_notices,
    delta,
    read,
    read_until_text,
    write_notices,
)


class BrokerContract:
    """The suite. A subclass gives the fixture `store`."""

    @pytest.fixture
    async def broker(self, store: Store):
        broker = Broker(reader=store.reader, poll_interval_s=0.2)
        await broker.start()
        yield broker
        await broker.stop()
        assert broker.statistics().subscriptions == 0
        assert broker.statistics().streams == 0

    async def test_history_then_live(self, store: Store, broker: Broker) -> None:
        session_id, message_id = await store.open_stream()
        await write_notices(store, session_id, "a", "b", "c")
        screen = Screen()
        subscription = broker.subscribe(session_id, 1)
        assert [frame.seq for frame in await read(subscription, screen, 2)] == [2, 3]
        pending = asyncio.ensure_future(read(subscription, screen, 3))
        await commit_notices(store, broker, session_id, "d")
        broker.publish_live(delta(session_id, message_id, 0, "hello"))
        await commit_notices(store, broker, session_id, "e")
        frames = await pending
        assert [frame.seq for frame in frames] == [4, None, 5]
        subscription.close()
        broker.forget_tail(session_id)

    async def test_history_of_many_pages_is_whole(self, store: Store, broker: Broker) -> None:
        session_id, _ = await store.open_stream()
        await write_notices(store, session_id, *(str(number) for number in range(1, 1101)))
        screen = Screen()
        subscription = broker.subscribe(session_id, 0)
        await read(subscription, screen, 1100)
        assert screen.seqs == list(range(1, 1101))
        subscription.close()

    async def test_live_deltas_reach_a_late_subscriber_from_the_tail(self, store: Store, broker: Broker) -> None:
        session_id, message_id = await store.open_stream()
        recorder = Recorder(store=store, broker=broker, session_id=session_id, message_id=message_id)
        recorder.say("one ")
        await recorder.flush()
        recorder.say("two ")
        recorder.say("three")
        screen = Screen()
        subscription = broker.subscribe(session_id, 0)
        frames = await read(subscription, screen, 3)
        assert screen.text(message_id) == "one two three"
        assert [frame.seq for frame in frames] == [1, None, None]
        await recorder.flush()
        subscription.close()

    async def test_text_that_is_stored_but_not_committed_yet_comes_once(self, store: Store, broker: Broker) -> None:
        session_id, message_id = await store.open_stream()
        broker.publish_live(delta(session_id, message_id, 0, "one "))
        broker.publish_live(delta(session_id, message_id, 4, "two "))
        first, last = await store.write(session_id, [delta(session_id, message_id, 0, "one ")])
        screen = Screen()
        subscription = broker.subscribe(session_id, 0)
        await read(subscription, screen, 2)
        broker.publish_stored(session_id, range(first, last + 1), [], flushed=1)
        await commit_notices(store, broker, session_id, "end")
        await read(subscription, screen, 1)
        assert screen.text(message_id) == "one two "
        assert screen.seqs == [1, 2]
        again = Screen()
        again.texts[(message_id, 0)] = "one "
        again.seqs.append(1)
        reconnected = broker.subscribe(session_id, again.reconnect())
        await read(reconnected, again, 2)
        assert again.text(message_id) == "one two "
        subscription.close()
        reconnected.close()
        broker.forget_tail(session_id)

    async def test_a_client_that_has_uncommitted_text_does_not_get_it_again(self, store: Store, broker: Broker) -> None:
        session_id, message_id = await store.open_stream()
        await commit_notices(store, broker, session_id, "start")
        broker.publish_live(delta(session_id, message_id, 0, "one "))
        broker.publish_live(delta(session_id, message_id, 4, "two "))
        first, last = await store.write(session_id, [delta(session_id, message_id, 0, "one ")])
        subscription = broker.subscribe(session_id, last)
        frame = decode(await asyncio.wait_for(anext(subscription), WAIT_S))
        assert isinstance(frame, DeltaFrame)
        assert (frame.offset, frame.text) == (4, "two ")
        broker.publish_stored(session_id, range(first, last + 1), [], flushed=1)
        subscription.close()
        broker.forget_tail(session_id)

    async def test_commits_out_of_order_are_delivered_in_order(self, store: Store, broker: Broker) -> None:
        session_id, message_id = await store.open_stream()
        screen = Screen()
        subscription = broker.subscribe(session_id, 0)
        reading = asyncio.ensure_future(read(subscription, screen, 6))
        await commit_notices(store, broker, session_id, "1")
        ranges = [await write_notices(store, session_id, str(number)) for number in range(2, 6)]
        for first, last, frames in reversed(ranges):
            broker.publish_stored(session_id, range(first, last + 1), frames)
            if first == 5:
                broker.publish_live(delta(session_id, message_id, 0, "behind"))
        frames = await reading
        assert [frame.seq for frame in frames] == [1, 2, 3, 4, 5, None]
        assert broker.statistics().store_reads == 0
        subscription.close()
        broker.forget_tail(session_id)

    async def test_a_number_that_another_process_wrote_is_read_from_the_store(
        self, store: Store, broker: Broker
    ) -> None:
        session_id, _ = await store.open_stream()
        screen = Screen()
        subscription = broker.subscribe(session_id, 0)
        reading = asyncio.ensure_future(read(subscription, screen, 4))
        await commit_notices(store, broker, session_id, "ours")
        await write_notices(store, session_id, "theirs", "theirs too")
        await commit_notices(store, broker, session_id, "ours again")
        await reading
        assert screen.seqs == [1, 2, 3, 4]
        subscription.close()

    async def test_a_hint_or_the_poll_brings_what_another_process_wrote(self, store: Store, broker: Broker) -> None:
        session_id, _ = await store.open_stream()
        screen = Screen()
        subscription = broker.subscribe(session_id, 0)
        reading = asyncio.ensure_future(read(subscription, screen, 1))
        _, last, _ = await write_notices(store, session_id, "theirs")
        broker.seen_until(session_id, last)
        await reading
        reading = asyncio.ensure_future(read(subscription, screen, 1))
        await write_notices(store, session_id, "without a hint")
        await reading
        assert screen.seqs == [1, 2]
        subscription.close()

    async def test_two_brokers_on_one_store_both_deliver_all(self, store: Store, broker: Broker) -> None:
        session_id, message_id = await store.open_stream()
        other = Broker(reader=store.reader, poll_interval_s=0.05)
        await other.start()
        recorder = Recorder(store=store, broker=broker, session_id=session_id, message_id=message_id)
        screens = [Screen(), Screen()]
        subscriptions = [broker.subscribe(session_id, 0), other.subscribe(session_id, 0)]
        total = sum(len(f"{number} ") for number in range(500))
        readers = [
            asyncio.ensure_future(read_until_text(subscription, screen, message_id, total))
            for subscription, screen in zip(subscriptions, screens, strict=True)
        ]
        await recorder.stream(500, chunk=10)
        await asyncio.gather(*readers)
        assert [screen.text(message_id) for screen in screens] == [recorder.text, recorder.text]
        for subscription in subscriptions:
            subscription.close()
        await other.stop()

    async def test_reconnecting_at_random_points_gives_exactly_the_stored_text(
        self, store: Store, broker: Broker
    ) -> None:
        session_id, message_id = await store.open_stream()
        recorder = Recorder(store=store, broker=broker, session_id=session_id, message_id=message_id)
        writing = asyncio.ensure_future(recorder.stream(10_000, chunk=40))
        dice = random.Random(7)
        screen = Screen()
        reconnects = 0
        async with asyncio.timeout(90):
            while not writing.done() or reconnects < 100:
                subscription = broker.subscribe(session_id, screen.reconnect())
                for _ in range(dice.randrange(1, 200)):
                    if writing.done() and len(screen.text(message_id)) == len(recorder.text):
                        break
                    screen.take(await anext(subscription))
                subscription.close()
                reconnects += 1
        await writing
        last = broker.subscribe(session_id, screen.reconnect())
        await read_until_text(last, screen, message_id, len(recorder.text))
        last.close()
        whole = Screen()
        fresh = broker.subscribe(session_id, 0)
        await read_until_text(fresh, whole, message_id, len(recorder.text))
        fresh.close()
        assert reconnects >= 100
        assert screen.text(message_id) == whole.text(message_id) == recorder.text

    async def test_a_slow_client_resyncs_and_a_fast_one_gets_all(self, store: Store) -> None:
        broker = Broker(reader=store.reader, limits=BufferLimits(frames=50, size_bytes=100_000))
        session_id, message_id = await store.open_stream()
        recorder = Recorder(store=store, broker=broker, session_id=session_id, message_id=message_id)
        fast, slow = Screen(), Screen()
        slow_subscription, fast_subscription = broker.subscribe(session_id, 0), broker.subscribe(session_id, 0)
        recorder.say("x")
        await read(slow_subscription, slow, 1)
        total = 1 + sum(len(f"{number} ") for number in range(1000))
        reading = asyncio.ensure_future(read_until_text(fast_subscription, fast, message_id, total))
        await recorder.stream(1000, chunk=20)
        await reading
        left = [slow.take(data) async for data in slow_subscription]
        assert [type(frame) for frame in left] == [ResyncFrame]
        assert fast.text(message_id) == recorder.text
        assert broker.statistics().resyncs == 1
        again = broker.subscribe(session_id, slow.reconnect())
        await read_until_text(again, slow, message_id, total)
        assert slow.text(message_id) == recorder.text
        await broker.stop()

    async def test_a_mark_divides_what_was_from_what_happens(self, store: Store, broker: Broker) -> None:
        session_id, message_id = await store.open_stream()
        await commit_notices(store, broker, session_id, *(f"n{number}" for number in range(700)))
        recorder = Recorder(store=store, broker=broker, session_id=session_id, message_id=message_id)
        recorder.say("so far")
        everything = broker.subscribe(session_id, 0)
        seen = [decode(await anext(everything)) for _ in range(702)]
        assert [type(frame) for frame in seen] == [*[NoticeFrame] * 700, DeltaFrame, CaughtUpFrame]
        nothing_new = broker.subscribe(session_id, 700)
        assert [type(decode(await anext(nothing_new))) for _ in range(2)] == [DeltaFrame, CaughtUpFrame]
        recorder.say(", now")
        for subscription in (everything, nothing_new):
            live = decode(await anext(subscription))
            assert isinstance(live, DeltaFrame) and live.text == ", now"
            subscription.close()
        await recorder.flush(with_notice=False)

    async def test_a_stream_without_history_is_caught_up_at_once(self, store: Store, broker: Broker) -> None:
        session_id, _ = await store.open_stream()
        subscription = broker.subscribe(session_id, 0)
        assert isinstance(decode(await anext(subscription)), CaughtUpFrame)
        subscription.close()

    async def test_a_number_past_the_end_gives_a_resync(self, store: Store, broker: Broker) -> None:
        session_id, _ = await store.open_stream()
        await write_notices(store, session_id, "only")
        frames = [decode(data) async for data in broker.subscribe(session_id, 99)]
        assert [type(frame) for frame in frames] == [ResyncFrame]

    async def test_a_lost_turn_drops_its_tail_and_tells_its_watchers(self, store: Store, broker: Broker) -> None:
        session_id, message_id = await store.open_stream()
        await commit_notices(store, broker, session_id, "start")
        screen = Screen()
        subscription = broker.subscribe(session_id, 0)
        broker.publish_live(delta(session_id, message_id, 0, "never stored"))
        await read(subscription, screen, 2)
        broker.forget_tail(session_id)
        assert isinstance((await read(subscription, screen, 1))[0], ResyncFrame)
        await store.write(session_id, [delta(session_id, message_id, 0, "the truth")])
        again = broker.subscribe(session_id, screen.reconnect())
        await read(again, screen, 1)
        assert screen.text(message_id) == "the truth"
        again.close()

    async def test_stop_ends_subscriptions(self, store: Store) -> None:
        broker = Broker(reader=store.reader)
        await broker.start()
        session_id, _ = await store.open_stream()
        subscription = broker.subscribe(session_id, 0)
        reading = asyncio.ensure_future(subscription.next_batch())
        await asyncio.sleep(0)
        await broker.stop()
        assert await asyncio.wait_for(reading, WAIT_S) == []
        assert await broker.subscribe(session_id, 0).next_batch() == []


class TestOverMemory(BrokerContract):
    @pytest.fixture
    def store(self) -> MemoryStore:
        return MemoryStore()

    async def test_a_poll_asks_once_for_all_watched_sessions(self) -> None:
        store = MemoryStore()
        broker = Broker(reader=store, poll_interval_s=0.05)
        await broker.start()
        sessions = [(await store.open_stream())[0] for _ in range(3)]
        subscriptions = [broker.subscribe(session_id, 0) for session_id in sessions]
        screens = [Screen() for _ in sessions]
        readings = [
            asyncio.ensure_future(read(one, screen, 1)) for one, screen in zip(subscriptions, screens, strict=True)
        ]
        while not store.polled or len(store.polled[-1]) < len(sessions):
            await asyncio.sleep(0)
        for session_id in sessions:
            await write_notices(store, session_id, "without a hint")
        await asyncio.gather(*readings)
        assert [screen.seqs for screen in screens] == [[1], [1], [1]]
        for subscription in subscriptions:
            subscription.close()
        await broker.stop()
