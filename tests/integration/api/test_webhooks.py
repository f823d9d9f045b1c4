"""Routes of webhooks: who may call them, what they refuse, and that a secret is shown once."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from boocoder.webhooks.registry import WEBHOOKS_MAX
from tests.fixtures.api import Api
from tests.fixtures.row_builders import add_place

URL = "http://127.0.0.1:9/hook"


async def add(api: Api, **body: Any) -> dict[str, Any]:
    answer = await api.http.post("/api/webhooks", json={"url": URL, **body})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_one_is_added_changed_tested_and_removed(api: Api) -> None:
    async with api.database.connection() as conn:
        project_id = str((await add_place(conn)).project_id)
    made = await add(api, events=["turn.failed", "turn.failed"], project_id=project_id)
    secret = made.pop("secret")
    assert secret.startswith("whsec_") and made["events"] == ["turn.failed"] and made["project_id"] == project_id
    listed = await api.http.get("/api/webhooks")
    assert listed.json() == [made] and secret not in listed.text
    path = f"/api/webhooks/{made['id']}"
    first = (await api.http.post(f"{path}/test")).json()
    second = (await api.http.post(f"{path}/test", json={})).json()
    assert (first["event"], first["state"], first["session_id"]) == ("webhook.test", "waiting", None)
    page = (await api.http.get(f"{path}/deliveries", params={"limit": 1})).json()
    assert [one["id"] for one in page] == [second["id"]]
    page = (await api.http.get(f"{path}/deliveries", params={"before": second["id"]})).json()
    assert [one["id"] for one in page] == [first["id"]]
    assert (await api.http.post(f"{path}/deliveries/{first['id']}/resend")).status_code == 404, "it waits still"
    off = (await api.http.patch(path, json={"enabled": False, "events": []})).json()
    assert (off["enabled"], off["events"], off["url"], off["waiting"]) == (False, [], URL, 0)
    refused = await api.http.post(f"{path}/test")
    assert (refused.status_code, refused.json()["code"]) == (409, "webhook_disabled")
    await api.http.patch(path, json={"enabled": True})
    again = await api.http.post(f"{path}/deliveries/{first['id']}/resend")
    assert again.status_code == 202
    assert again.json()["message_id"] == first["message_id"] and again.json()["id"] != first["id"]
    removed = await api.http.delete(path)
    assert removed.json()["id"] == made["id"]
    assert (await api.http.get("/api/webhooks")).json() == []


async def test_what_is_not_there_is_not_found(api: Api) -> None:
    path = f"/api/webhooks/{uuid4()}"
    answers = [
        await api.http.patch(path, json={}),
        await api.http.delete(path),
        await api.http.post(f"{path}/test"),
        await api.http.get(f"{path}/deliveries"),
        await api.http.post(f"{path}/deliveries/{uuid4()}/resend"),
    ]
    assert [(one.status_code, one.json()["code"]) for one in answers] == [(404, "webhook_not_found")] * 5
    unknown = await api.http.post("/api/webhooks", json={"url": URL, "project_id": str(uuid4())})
    assert unknown.status_code == 404


@pytest.mark.parametrize(
    "body", [{}, {"url": "ftp://a/"}, {"url": ""}, {"url": URL, "events": ["a"]}, {"url": URL, "secret": "whsec_"}]
)
async def test_bad_requests_are_refused(api: Api, body: dict[str, object]) -> None:
    assert (await api.http.post("/api/webhooks", json=body)).status_code == 422


async def test_their_number_is_bounded(api: Api) -> None:
    for _ in range(WEBHOOKS_MAX):
        await add(api)
    refused = await api.http.post("/api/webhooks", json={"url": URL})
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_webhooks")
