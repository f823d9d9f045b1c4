"""Hooks over the API: signed deliveries become tasks, once, within a rate, and nobody else starts any."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json

import httpx2
import pytest

from tests.fixtures.api import Api
from tests.fixtures.repository import MakeRepository

Answer = httpx2.Response
ISSUE = {
    "action": "labeled",
    "label": {"name": "agent"},
    "issue": {"number": 7, "title": "Broken"},
}


async def project_of(api: Api, repository: MakeRepository, name: str = "project") -> str:
    path = str(repository(name=name).path)
    return str((await api.http.post("/api/projects", json={"path": path})).json()["id"])


async def added(api: Api, project: str, name: str = "fix", **more: object) -> str:
    """A hook; its secret."""
    body = {"name": name, "project_id": project, "prompt": "Fix {{ issue.title }}", "agent": "scripted", **more}
    made = await api.http.post("/api/hooks", json=body)
    assert made.status_code == 201, made.text
    return str(made.json()["secret"])


async def deliver(
    api: Api, secret: str, payload: object = ISSUE, *, name: str = "fix", delivery: str = "", event: str = "issues"
) -> Answer:
    """As GitHub sends it: no token, and a signature."""
    body = json.dumps(payload).encode()
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-Hub-Signature-256": f"sha256={digest}",
        "X-GitHub-Event": event,
        **({"X-GitHub-Delivery": delivery} if delivery else {}),
    }
    return await api.bare.post(f"/api/v1/hooks/{name}", content=body, headers=headers)


async def test_a_delivery_becomes_a_task_once(api: Api, repository: MakeRepository) -> None:
    project = await project_of(api, repository)
    secret = await added(api, project, title="Issue {{ issue.number }}", conditions={"label.name": "agent"})
    each = await asyncio.gather(*(deliver(api, secret, delivery="d1") for _ in range(4)))
    assert sorted(one.status_code for one in each) == [200, 200, 200, 201], [one.text for one in each]
    (task_id,) = {one.json()["task_id"] for one in each}
    task = (await api.http.get(f"/api/v1/tasks/{task_id}")).json()
    assert (task["prompt"], task["origin"], task["origin_name"]) == ("Fix Broken", "hook", "fix")
    assert (await api.http.get(f"/api/sessions/{task['session_id']}")).json()["title"] == "Issue 7"
    other = await deliver(api, secret, {**ISSUE, "issue": {"title": "Other"}}, delivery="d1")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    (hook,) = (await api.http.get("/api/hooks")).json()
    assert (hook["tasks"], "secret" in hook) == (1, False)


async def test_a_delivery_that_does_not_fit_is_taken_and_starts_nothing(api: Api, repository: MakeRepository) -> None:
    secret = await added(api, await project_of(api, repository), conditions={"event": "issues", "action": "opened"})
    for payload, event, said in ((ISSUE, "issues", "action=opened"), ({}, "ping", "event=issues")):
        skipped = await deliver(api, secret, payload, event=event)
        assert (skipped.status_code, skipped.json()["task_id"], skipped.json()["skipped"]) == (200, None, said)
    assert (await api.http.get("/api/tasks")).json() == []


async def test_only_who_knows_the_secret_reaches_a_hook_and_nothing_else(api: Api, repository: MakeRepository) -> None:
    project = await project_of(api, repository)
    secret = await added(api, project)
    await added(api, project, "other")
    for answer in (
        await deliver(api, "whsec_wrong"),
        await deliver(api, secret, name="other"),
        await deliver(api, secret, name="gone"),
        await deliver(api, secret, name="%2e%2e"),
        await api.bare.post("/api/v1/hooks/fix", json=ISSUE),
        await api.bare.post("/api/v1/hooks", json={}),
        await api.bare.get("/api/v1/hooks"),
        await api.bare.delete("/api/v1/hooks/fix"),
    ):
        assert answer.status_code == 401, answer.text
    signed = await deliver(api, secret)
    assert signed.status_code == 201


async def test_a_token_may_call_a_hook_of_its_project_alone(api: Api, repository: MakeRepository) -> None:
    project, elsewhere = await project_of(api, repository), await project_of(api, repository, "elsewhere")
    await added(api, project)
    answers = []
    for scope, place in (("start", None), ("start", project), ("start", elsewhere), ("read", None)):
        body = {"name": f"{scope} {place}", "scope": scope, "project_id": place}
        token = (await api.http.post("/api/tokens", json=body)).json()["token"]
        bearer = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"{place}"}
        answers.append((await api.bare.post("/api/v1/hooks/fix", json=ISSUE, headers=bearer)).status_code)
    assert answers == [201, 201, 404, 403]


async def test_a_hook_starts_so_many_tasks_an_hour(api: Api, repository: MakeRepository) -> None:
    secret = await added(api, await project_of(api, repository), per_hour=2)
    each = await asyncio.gather(*(deliver(api, secret, delivery=f"d{number}") for number in range(6)))
    assert sorted(one.status_code for one in each) == [201, 201, 429, 429, 429, 429]
    busy = next(one for one in each if one.status_code == 429)
    wait_s = int(busy.headers["Retry-After"])
    assert (busy.json()["code"], 3_500 < wait_s <= 3_600) == ("hook_busy", True)
    limits = (busy.headers["RateLimit-Policy"], busy.headers["RateLimit"])
    assert limits == ('"hook";q=2;w=3600', f'"hook";r=0;t={wait_s}')
    assert len((await api.http.get("/api/tasks")).json()) == 2
    again = next(number for number, one in enumerate(each) if one.status_code == 201)
    assert (await deliver(api, secret, delivery=f"d{again}")).status_code == 200


async def test_a_hook_that_is_off_or_gone_starts_nothing(api: Api, repository: MakeRepository) -> None:
    secret = await added(api, await project_of(api, repository))
    assert (await api.http.patch("/api/hooks/fix", json={"enabled": False})).json()["enabled"] is False
    off = await deliver(api, secret)
    assert (off.status_code, off.json()["code"]) == (409, "hook_disabled")
    assert (await api.http.delete("/api/hooks/fix")).status_code == 200
    assert (await deliver(api, secret)).status_code == 401
    assert (await api.http.delete("/api/hooks/fix")).status_code == 404


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"prompt": "{{ a"}, "hook_template_invalid"),
        ({"title": "{{ 1+1 }}"}, "hook_template_invalid"),
        ({"conditions": {"a b": "x"}}, "hook_condition_invalid"),
        ({"name": "fix"}, "hook_name_taken"),
        ({"name": "-"}, "invalid_request"),
    ],
)
async def test_a_hook_that_cannot_work_is_refused(
    api: Api, repository: MakeRepository, given: dict[str, object], code: str
) -> None:
    project = await project_of(api, repository)
    await added(api, project)
    refused = await api.http.post("/api/hooks", json={"name": "x", "project_id": project, "prompt": "do", **given})
    assert refused.json()["code"] == code


async def test_a_prompt_whose_fields_are_missing_is_refused(api: Api, repository: MakeRepository) -> None:
    secret = await added(api, await project_of(api, repository), prompt="{{ issue.body }}")
    refused = await deliver(api, secret, {"issue": {}})
    assert (refused.status_code, refused.json()["code"]) == (422, "prompt_blank")
