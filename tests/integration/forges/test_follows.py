"""Published branches over the API: what a forge says of them is kept, counted and bounded."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

from boocoder.db.registry import follows as rows
from boocoder.db.registry.follows import FollowBounds, PublishedAt
from boocoder.model.ids import ProjectId, SessionId
from tests.fixtures.api import Api
from tests.fixtures.repository import MakeRepository
from tests.fixtures.row_builders import add_place

AT = PublishedAt("someone/project", "origin", "fix", "c1", "main", "", 7)
PULL = {"number": 7, "head": {"ref": "fix", "repo": {"full_name": "someone/project"}}, "base": {"ref": "main"}}


class Forge:
    """A project with a hook and a session whose branch is followed."""

    def __init__(self, api: Api, session_id: SessionId, project_id: ProjectId, secret: str) -> None:
        self.api = api
        self.session_id = session_id
        self.project_id = project_id
        self.secret = secret

    @property
    def address(self) -> str:
        return f"/api/v1/sessions/{self.session_id}/follow"

    async def deliver(self, event: str, **payload: Any) -> dict[str, Any]:
        body = json.dumps({"repository": {"full_name": "someone/project"}, **payload}).encode()
        digest = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-Hub-Signature-256": f"sha256={digest}", "X-GitHub-Event": event}
        headers["Content-Type"] = "application/json"
        answer = await self.api.bare.post("/api/v1/hooks/forge", content=body, headers=headers)
        assert answer.status_code in (200, 201), answer.text
        return dict(answer.json())

    async def ci(self, conclusion: str, commit: str = "c1") -> dict[str, Any]:
        suite = {"head_branch": "fix", "head_sha": commit, "conclusion": conclusion}
        return await self.deliver("check_suite", action="completed", check_suite=suite)

    async def comment(self, number: int, association: str, login: str = "ann") -> None:
        said = {"id": number, "body": f"word {number}", "author_association": association, "user": {"login": login}}
        await self.deliver(
            "issue_comment", action="created", issue={"number": 7, "pull_request": {"u": 1}}, comment=said
        )

    async def shown(self) -> dict[str, Any]:
        return dict((await self.api.http.get(self.address)).json())

    async def events(self) -> list[dict[str, Any]]:
        return list((await self.api.http.get(f"{self.address}/events")).json())


@pytest.fixture
async def forge(api: Api, repository: MakeRepository) -> Forge:
    path = str(repository().path)
    project_id = ProjectId((await api.http.post("/api/projects", json={"path": path})).json()["id"])
    made = await api.http.post("/api/tasks", json={"prompt": "do it", "project_id": str(project_id)})
    session_id = SessionId(made.json()["session_id"])
    async with api.database.transaction() as conn:
        await rows.record_published(conn, session_id, project_id, AT, FollowBounds(3, 1.5, "true", ("bob",)))
    hook = {"name": "forge", "project_id": str(project_id), "prompt": "Do {{ issue.title }}"}
    secret = (await api.http.post("/api/hooks", json=hook)).json()["secret"]
    return Forge(api, session_id, project_id, secret)


async def test_what_a_forge_says_is_kept_once_and_starts_no_task_of_the_template(forge: Forge) -> None:
    for _ in range(2):
        said = await forge.ci("failure")
        assert (said["task_id"], said["skipped"]) == (None, "branch fix")
    shown = await forge.shown()
    assert (shown["ci"], shown["waiting"], shown["state"]) == ("failed", 1, "watching")
    assert [one["kind"] for one in await forge.events()] == ["ci"]
    assert len((await forge.api.http.get("/api/tasks")).json()) == 1
    listed = (await forge.api.http.get("/api/follows", params={"project_id": str(forge.project_id)})).json()
    assert [one["session_id"] for one in listed] == [str(forge.session_id)]


async def test_ci_of_an_older_commit_and_words_of_strangers_start_nothing(forge: Forge) -> None:
    await forge.ci("failure", "c0")
    await forge.comment(1, "NONE")
    assert ((await forge.shown())["ci"], await forge.events()) == ("", [])
    await forge.comment(2, "NONE", "bob")
    await forge.comment(3, "MEMBER")
    assert [one["text"] for one in await forge.events()] == ["word 3", "word 2"]


async def test_another_repository_project_or_branch_is_not_meant(forge: Forge) -> None:
    suite = {"head_branch": "fix", "head_sha": "c1", "conclusion": "failure"}
    other = {"full_name": "other/project"}
    for payload in (
        {"repository": other, "action": "completed", "check_suite": suite, "issue": {"title": "a"}},
        {"action": "completed", "check_suite": {**suite, "head_branch": "fix2"}, "issue": {"title": "b"}},
    ):
        said = await forge.deliver("check_suite", **payload)
        assert said["task_id"] is not None  # the template takes it
    assert await forge.events() == []


async def test_a_person_stops_and_resumes_it_and_the_forge_ends_it(forge: Forge) -> None:
    http = forge.api.http
    stopped = (await http.patch(forge.address, json={"enabled": False})).json()
    assert (stopped["state"], stopped["reason"]) == ("stopped", "off")
    await forge.ci("failure")
    assert ((await forge.shown())["ci"], await forge.events()) == ("failed", [])
    bounds = {"enabled": True, "rounds_max": 9, "cost_max_usd": 2, "gate": "make", "reviewers": []}
    resumed = (await http.patch(forge.address, json=bounds)).json()
    assert (resumed["state"], resumed["rounds_max"], resumed["cost_max_usd"]) == ("watching", 9, 2.0)
    assert (resumed["gate"], resumed["reviewers"]) == ("make", [])
    await forge.deliver("pull_request", action="closed", pull_request={**PULL, "merged": True})
    assert (await forge.shown())["state"] == "merged"
    await forge.comment(9, "OWNER")
    assert await forge.events() == []
    refused = await http.patch(forge.address, json={"enabled": True})
    assert (refused.status_code, refused.json()["code"]) == (409, "branch_decided")


async def test_a_session_without_a_published_branch_says_so(api: Api) -> None:
    async with api.database.transaction() as conn:
        place = await add_place(conn)
    for address in ("follow", "follow/events"):
        answer = await api.http.get(f"/api/sessions/{place.session_id}/{address}")
        assert (answer.status_code, answer.json()["code"]) == (404, "branch_not_published")


async def test_only_a_delivery_with_the_hooks_signature_is_heard(forge: Forge) -> None:
    forge.secret = "whsec_wrong"
    with pytest.raises(AssertionError, match="hook_not_signed"):
        await forge.ci("failure")
    assert await forge.events() == []
