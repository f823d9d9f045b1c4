"""Webhooks from outside: commands, and a service that is killed while it sends to a receiver that fails at random."""

from __future__ import annotations

import asyncio
import json
import random

import asyncpg

from tests.acceptance.many_tasks import FINAL, TaskLoad
from tests.fixtures.repository import MakeRepository
from tests.fixtures.service import Installation, MakeInstallation
from tests.fixtures.webhook_receiver import WebhookReceiver, webhook_receiver
from tests.invariants import World, violations

KILLS, SESSIONS, TURNS = 3, 3, 12
SLOW = "[[delay 0.02]] [[tokens 12]]"
ENDS = (
    "SELECT t.session_id::text, t.id::text FROM tasks t JOIN events e ON e.session_id = t.session_id"
    " AND e.type = 'turn_ended' AND e.frame ->> 'task_id' = t.id::text AND e.frame ->> 'outcome' = t.state::text"
    " ORDER BY e.session_id, e.seq"
)


async def add_by_command(service: Installation, receiver: WebhookReceiver, path: str, *options: str) -> None:
    made = await asyncio.to_thread(service.run, "webhooks", "add", receiver.url + path, *options)
    assert made.returncode == 0, made.stderr
    receiver.secrets[path] = made.stdout.strip()


async def test_every_end_of_a_turn_is_told_in_order_although_the_service_is_killed(
    installation: MakeInstallation, repository: MakeRepository, dsn: str
) -> None:
    project, chance = repository(), random.Random(18)
    service = installation({"BOOCODER_DATABASE_URL": dsn})
    await asyncio.to_thread(service.start)
    crowd = TaskLoad(project.path)
    async with webhook_receiver() as receiver:
        receiver.failure_rate = 0.2
        await add_by_command(service, receiver, "/good")
        await add_by_command(service, receiver, "/revoked", "--event", "turn.completed")
        async with service.client() as client:
            sessions = await crowd.begin(client, SESSIONS)
            for number in range(TURNS):
                await crowd.queue(client, sessions[number % SESSIONS], "scripted", extra=SLOW)
        for kill in range(KILLS):
            await receiver.wait_distinct("/good", 2 + 4 * kill)
            await asyncio.sleep(chance.uniform(0.0, 0.2))
            service.kill()
            await asyncio.to_thread(service.start)
            if kill == 0:
                removed = await asyncio.to_thread(service.run, "webhooks", "remove", receiver.url + "/revoked")
                assert removed.returncode == 0, removed.stderr
                told = len(receiver.at("/revoked"))
        async with service.client() as client:
            states = await crowd.wait_ended(client, 150)
        assert {one.state for one in states.values()} <= FINAL
        receiver.failure_rate = 0.0
        await check_all_told(dsn, receiver)
        assert len(receiver.at("/revoked")) == told, "a removed webhook was sent something"
        listed = await asyncio.to_thread(service.run, "webhooks", "list", "--json")
        assert json.loads(listed.stdout)["url"] == receiver.url + "/good"
        assert receiver.secrets["/good"] not in listed.stdout + service.log.read_text()
    assert await asyncio.to_thread(service.stop) == 0
    assert await violations(World(dsn, service.data_dir)) == []


async def check_all_told(dsn: str, receiver: WebhookReceiver) -> None:
    """The receiver was told of every end of a turn, in the order of each session's stream."""
    conn = await asyncpg.connect(dsn)
    try:
        ends = [tuple(row) for row in await conn.fetch(ENDS)]
        queued = {str(row[0]) for row in await conn.fetch("SELECT message_id FROM webhook_deliveries")}
    finally:
        await conn.close()
    assert len(ends) == TURNS
    await receiver.wait_distinct("/good", len(queued))
    assert {one.message_id for one in receiver.at("/good")} == queued
    first = {one.message_id: one for one in reversed(receiver.at("/good"))}
    told = [one for one in receiver.at("/good") if one.type.startswith("turn.") and first[one.message_id] is one]
    came = sorted(((one.data["session_id"], one.data["task_id"]) for one in told), key=lambda end: end[0])
    assert came == ends
    assert all(one.data["url"].endswith(f"/sessions/{one.data['session_id']}") for one in told)


async def test_commands_test_a_webhook_and_send_again(home: Installation) -> None:
    async with webhook_receiver() as receiver:
        await add_by_command(home, receiver, "/good")

        async def run(*args: str) -> str:
            done = await asyncio.to_thread(home.run, "webhooks", *args)
            assert done.returncode == 0, done.stderr
            return done.stdout

        sent = json.loads(await run("test", receiver.url + "/good", "--json"))
        await receiver.wait_distinct("/good", 1)
        assert [(one.type, one.message_id) for one in receiver.at("/good")] == [("webhook.test", sent["message_id"])]
        webhook = json.loads(await run("list", "--json"))["id"]
        while '"delivered"' not in (listed := await run("deliveries", webhook, "--json")):
            await asyncio.sleep(0.1)
        assert json.loads(listed)["tries"] == 1
        await run("resend", webhook[:-1], sent["id"])
        await receiver.wait_requests(2)
        assert {one.message_id for one in receiver.at("/good")} == {sent["message_id"]}
        assert "webhook.test" in await run("deliveries", webhook) and "/good" in await run("list")
        await run("remove", webhook)
        unknown = await asyncio.to_thread(home.run, "webhooks", "test", webhook)
        assert unknown.returncode != 0 and "boocoder webhooks list" in unknown.stderr
        refused = await asyncio.to_thread(home.run, "webhooks", "add", "ftp://a/")
        assert refused.returncode != 0 and "http" in refused.stderr
