"""Deliveries: at least once, in order per session, none after revocation, by several hosts that come and go."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest

from boocoder.broker.outbox import Outbox
from boocoder.db.core.pool import Database
from boocoder.events import frames
from boocoder.events.redaction import Redactor
from boocoder.intake.listener import QueueListener
from boocoder.model.ids import InstanceId, SessionId, new_id
from boocoder.model.webhook import DeliveryState, WebhookEvent
from boocoder.webhooks.dispatcher import DeliveryRules, WebhookDispatcher
from boocoder.webhooks.registry import Webhooks
from boocoder.webhooks.sender import WebhookSender
from boocoder.wire.webhooks import DeliveryInfo
from tests.fixtures.outboxes import outbox_of
from tests.fixtures.row_builders import Owner, add_host, add_place, add_task
from tests.fixtures.webhook_receiver import WAIT_S, WebhookReceiver, webhook_receiver

SESSIONS, EVENTS = 20, 50
QUICK = DeliveryRules(first_retry_s=0.02, retry_max_s=0.2)


@pytest.fixture
async def receiver() -> AsyncIterator[WebhookReceiver]:
    async with webhook_receiver() as running:
        yield running


@asynccontextmanager
async def sending_host(
    database: Database, *, owner: Owner | None = None, rules: DeliveryRules = QUICK, timeout_s: float = 10.0
) -> AsyncIterator[WebhookDispatcher]:
    """A host that sends deliveries, woken as in the service."""
    if owner is None:
        async with database.connection() as conn:
            owner = await add_host(conn)
    dispatcher = WebhookDispatcher(
        database=database,
        host_id=owner.host_id,
        instance_id=owner.instance_id,
        sender=WebhookSender(redactor=Redactor(), timeout_s=timeout_s),
        rules=rules,
    )
    listener = QueueListener(
        dsn=database.dsn,
        on_wake=dispatcher.wake,
        on_ready=lambda _: None,
        on_cancel=lambda _: None,
        on_events=lambda *_: None,
        on_webhooks=lambda off: dispatcher.wake() if off is None else dispatcher.stop_webhook(off),
    )
    dispatcher.page_url = "http://127.0.0.1:7717"
    await listener.start()
    await dispatcher.start()
    try:
        yield dispatcher
    finally:
        await dispatcher.stop()
        await listener.stop()


def ended(session_id: SessionId, number: int) -> frames.TurnEndedFrame:
    """The end of a turn that carries a number."""
    return frames.TurnEndedFrame(
        session_id=session_id, task_id=new_id(), chat_id=new_id(), outcome="failed", code="x", text=str(number)
    )


async def add_sessions(database: Database, number: int) -> list[SessionId]:
    async with database.connection() as conn:
        return [(await add_place(conn)).session_id for _ in range(number)]


async def add_webhook(
    webhooks: Webhooks, receiver: WebhookReceiver, path: str, events: list[WebhookEvent] | None = None
) -> UUID:
    info, secret = await webhooks.add(url=receiver.url + path, events=events or [], project_id=None)
    receiver.secrets[path] = secret
    return info.id


async def newest(webhooks: Webhooks, webhook_id: UUID) -> DeliveryInfo:
    return (await webhooks.deliveries(webhook_id, before=None, limit=1))[0]


async def wait_state(webhooks: Webhooks, webhook_id: UUID, state: DeliveryState) -> DeliveryInfo:
    """Wait until the newest delivery of a webhook is in a state."""

    async def there() -> bool:
        return (await newest(webhooks, webhook_id)).state is state

    async with asyncio.timeout(WAIT_S):
        while not await there():
            await asyncio.sleep(0.02)
    return await newest(webhooks, webhook_id)


def check_order(receiver: WebhookReceiver, path: str, sessions: list[SessionId]) -> None:
    """Every number of every session came, and none after a later one of its session."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for one in receiver.at(path):
        numbers[one.data["session_id"]].append(int(one.data["text"]))
    assert set(numbers) == {str(one) for one in sessions}
    for came in numbers.values():
        assert came == sorted(came)
        assert set(came) == set(range(EVENTS))


async def test_a_thousand_deliveries_with_failures_and_hosts_that_come_and_go(
    database: Database, receiver: WebhookReceiver
) -> None:
    webhooks, outbox = Webhooks(database=database), outbox_of(database)
    sessions = await add_sessions(database, SESSIONS)
    await add_webhook(webhooks, receiver, "/good")
    revoked = await add_webhook(webhooks, receiver, "/revoked")
    receiver.failure_rate = 0.2
    async with sending_host(database):
        async with sending_host(database):
            for number in range(EVENTS // 2):
                await append_to_all(outbox, sessions, number)
            await receiver.wait_distinct("/good", SESSIONS * EVENTS // 5)
            await webhooks.remove(revoked)
            before = len(receiver.at("/revoked"))
            assert before > 0
        for number in range(EVENTS // 2, EVENTS):
            await append_to_all(outbox, sessions, number)
        await receiver.wait_distinct("/good", SESSIONS * EVENTS)
    check_order(receiver, "/good", sessions)
    assert len(receiver.at("/revoked")) == before, "a removed webhook was sent something"
    assert len(receiver.at("/good")) > SESSIONS * EVENTS, "no message was taken and refused: nothing was tried"


async def append_to_all(outbox: Outbox, sessions: list[SessionId], number: int) -> None:
    async with outbox.transaction() as transaction:
        for session_id in sorted(sessions):
            await transaction.append(session_id, [ended(session_id, number)])


async def test_another_host_and_the_next_instance_send_what_a_dead_one_had(
    database: Database, receiver: WebhookReceiver
) -> None:
    webhooks, outbox = Webhooks(database=database), outbox_of(database)
    [session_id] = await add_sessions(database, 1)
    good = await add_webhook(webhooks, receiver, "/good")
    await outbox.append(session_id, [ended(session_id, 0)])
    async with database.connection() as conn:
        dead = await add_host(conn)
        leased = (
            "UPDATE webhook_deliveries SET lease_host = $1, lease_instance = $2, tries = 1,"
            " lease_until = now() + make_interval(secs => $3)"
        )
        await conn.execute(leased, dead.host_id, dead.instance_id, 600.0)
    async with sending_host(database):
        async with sending_host(database, owner=Owner(dead.host_id, InstanceId(new_id()))):
            await wait_state(webhooks, good, DeliveryState.DELIVERED)
        await outbox.append(session_id, [ended(session_id, 1)])
        await receiver.wait_distinct("/good", 2)
    assert [one.data["text"] for one in receiver.at("/good")] == ["0", "1"]


async def test_turning_one_off_cuts_short_what_is_being_sent(database: Database, receiver: WebhookReceiver) -> None:
    webhooks, outbox = Webhooks(database=database), outbox_of(database)
    sessions = await add_sessions(database, 3)
    held = await add_webhook(webhooks, receiver, "/held")
    async with sending_host(database):
        await append_to_all(outbox, sessions, 0)
        await append_to_all(outbox, sessions, 1)
        await receiver.wait_requests(3)
        info = await webhooks.change(held, url=None, events=None, enabled=False)
        assert (info.enabled, info.waiting) == (False, 0)
        await append_to_all(outbox, sessions, 2)
        receiver.hold.set()
        page = await webhooks.deliveries(held, before=None, limit=50)
        assert [one.state for one in page] == [DeliveryState.CANCELLED] * 6
        await webhooks.change(held, url=None, events=None, enabled=True)
        await append_to_all(outbox, sessions, 3)
        await receiver.wait_distinct("/held", 6)
    assert [one.data["text"] for one in receiver.at("/held")] == ["0"] * 3 + ["3"] * 3


async def test_a_receiver_that_never_takes_it_is_given_up(database: Database, receiver: WebhookReceiver) -> None:
    webhooks, outbox = Webhooks(database=database), outbox_of(database)
    [session_id] = await add_sessions(database, 1)
    moved = await add_webhook(webhooks, receiver, "/moved")
    held = await add_webhook(webhooks, receiver, "/held")
    gone, _ = await webhooks.add(url="http://127.0.0.1:9/", events=[], project_id=None)
    long = await add_webhook(webhooks, receiver, "/long")
    rules = DeliveryRules(first_retry_s=0.02, retry_max_s=0.2, give_up_s=0.5)
    async with sending_host(database, rules=rules, timeout_s=0.5):
        await outbox.append(session_id, [ended(session_id, 0)])
        given_up = await wait_state(webhooks, moved, DeliveryState.FAILED)
        assert given_up.status_code == 302 and "redirect" in given_up.error and given_up.tries > 1
        assert "within 0.5 s" in (await wait_state(webhooks, held, DeliveryState.FAILED)).error
        assert "failed" in (await wait_state(webhooks, gone.id, DeliveryState.FAILED)).error
        assert (await wait_state(webhooks, long, DeliveryState.DELIVERED)).tries == 1
        shown = next(one for one in await webhooks.all() if one.id == moved)
        assert (shown.last_state, "redirect" in shown.last_error) == (DeliveryState.FAILED, True)
    assert not receiver.at("/good"), "a redirect was followed"


async def test_only_what_a_webhook_asked_for_is_queued(database: Database) -> None:
    webhooks, outbox = Webhooks(database=database), outbox_of(database)
    async with database.connection() as conn:
        place, other = await add_place(conn), await add_place(conn)
        pending = await add_task(conn, place)
    asks, _ = await webhooks.add(url="http://a/", events=[WebhookEvent.PERMISSION_ASKED], project_id=None)
    mine, _ = await webhooks.add(url="http://a/", events=[], project_id=place.project_id)
    session_id = place.session_id
    permission = frames.PermissionFrame(
        session_id=session_id, message_id=new_id(), part=0, task_id=pending, request_id=new_id(), state="asked",
        tool="bash", title="Run ls", argument="ls",
    )  # fmt: skip
    allowed = frames.decode(frames.encode(permission).replace(b'"asked"', b'"allowed"'))
    requeued = frames.TurnEndedFrame(session_id=session_id, task_id=pending, chat_id=new_id(), outcome="interrupted")
    change = frames.ChangeUpdatedFrame(session_id=session_id, change_id=new_id(), state="applied", agent="x")
    notice = frames.session_notice(session_id, "a", "b")
    await outbox.append(session_id, [permission, allowed, requeued, change, notice, ended(session_id, 0)])
    await outbox.append(other.session_id, [ended(other.session_id, 0)])
    told = [one.event for one in await webhooks.deliveries(mine.id, before=None, limit=50)]
    assert told == ["turn.failed", "change.applied", "permission.asked"]
    assert [one.event for one in await webhooks.deliveries(asks.id, before=None, limit=50)] == ["permission.asked"]


async def test_old_deliveries_are_deleted(database: Database, receiver: WebhookReceiver) -> None:
    webhooks, outbox = Webhooks(database=database), outbox_of(database)
    sessions = await add_sessions(database, 5)
    good = await add_webhook(webhooks, receiver, "/good")
    async with sending_host(database):
        await append_to_all(outbox, sessions, 0)
        await receiver.wait_distinct("/good", 5)
        await wait_until_over(webhooks, good)
    async with sending_host(database, rules=DeliveryRules(keep_number=2)):
        await wait_count(webhooks, good, 2)
    async with sending_host(database, rules=DeliveryRules(keep_s=0.0)):
        await wait_count(webhooks, good, 0)


async def wait_until_over(webhooks: Webhooks, webhook_id: UUID) -> None:
    async with asyncio.timeout(WAIT_S):
        while (await webhooks.all())[0].waiting:
            await asyncio.sleep(0.02)


async def wait_count(webhooks: Webhooks, webhook_id: UUID, number: int) -> None:
    async with asyncio.timeout(WAIT_S):
        while len(await webhooks.deliveries(webhook_id, before=None, limit=50)) != number:
            await asyncio.sleep(0.02)
