"""What tests of permissions and questions share: a script that asks, and following and answering a request."""

from __future__ import annotations

import asyncio
import time

import asyncpg
import msgspec

from boocoder.client.http_client import Client
from boocoder.events import frames
from tests.acceptance.harness import WAIT_S, ServiceHarness
from tests.acceptance.many_tasks import Created, Id

RUN = "[[say before]] [[permission bash|echo ran > ran.txt]] [[say after]]"
Request = frames.PermissionFrame | frames.QuestionFrame


class Asked(msgspec.Struct):
    """What tests look at of a request."""

    id: str
    state: str
    kind: str
    tool: str
    argument: str
    decided_by: str | None
    rule_id: str | None
    message: str
    answers: list[list[str]] | None


async def asked(desk: ServiceHarness, created: Created, kind: type[Request] = frames.PermissionFrame) -> Request:
    """The first request that the session's stream shows."""
    frame = (await desk.follow(created, until=kind))[-1]
    assert isinstance(frame, Request) and frame.state == "asked"
    return frame


async def answer(client: Client, request: Request, decision: str, **more: str | list[list[str]]) -> Asked:
    return await client.post(f"/api/permissions/{request.request_id}/answer", Asked, {"decision": decision, **more})


async def ended(desk: ServiceHarness, created: Created) -> tuple[frames.TurnEndedFrame, list[Request]]:
    """The turn's end and every state of its requests."""
    seen = await desk.follow(created)
    last = seen[-1]
    assert isinstance(last, frames.TurnEndedFrame)
    return last, [frame for frame in seen if isinstance(frame, Request)]


async def shown(desk: ServiceHarness, created: Created) -> list[dict[str, object]]:
    """The data of the permission and question parts of the newest message."""
    parts = (await desk.messages(created))[-1].parts
    return [part.data or {} for part in parts if part.kind in ("permission", "question")]


async def rule(client: Client, action: str, tool: str, argument: str, **place: str) -> str:
    body = {"action": action, "tool": tool, "argument": argument, **place}
    return (await client.post("/api/permission-rules", Id, body)).id


async def new_open(client: Client, created: Created, *before: object) -> str:
    """The id of a request that is open now and is none of those before."""
    deadline = time.monotonic() + WAIT_S
    while True:
        fresh = [one for one in await open_ids(client, created) if one not in map(str, before)]
        if fresh:
            return fresh[0]
        assert time.monotonic() < deadline, "nothing was asked"
        await asyncio.sleep(0.02)


async def open_ids(client: Client, created: Created) -> list[str]:
    rows = await client.items("/api/permissions", Asked, session_id=created.session_id, state="asked")
    return [row.id for row in rows]


async def allow_in_database(dsn: str, request: Request) -> None:
    conn = await asyncpg.connect(dsn)
    try:
        await conn.execute(
            "UPDATE permission_requests SET state = 'allowed', decided_by = 'person', decided_at = now()"
            " WHERE id = $1 AND state = 'asked'",
            request.request_id,
        )
    finally:
        await conn.close()
