"""Another agent's way through a task, over every transport: start, wait, answer, read, review and apply."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from uuid import uuid4

import pytest
from mcp import Client, MCPError

from tests.acceptance.mcp_server.harness import HANG_S, added, done, ended, over_http, over_stdio, refused
from tests.fixtures.repository import MakeRepository
from tests.fixtures.service import Installation

WORK = "[[write wanted.txt|one]] [[write unwanted.txt|two]] [[permission bash|echo ran]] [[say all done]]"
LONG = "[[permission bash|sleep 600]]"


def connected(service: Installation, transport: str) -> AbstractAsyncContextManager[Client]:
    """A client over a transport, with the token of the data directory."""
    if transport == "stdio":
        return over_stdio(service)
    return over_http(service, service.token, mode="legacy" if transport == "http with a session" else "auto")


@pytest.mark.parametrize("transport", ["stdio", "http", "http with a session"])
async def test_a_task_from_its_start_to_the_applied_change(
    shared_service: Installation, repository: MakeRepository, transport: str
) -> None:
    project = repository()
    project_id = await added(shared_service, project)
    told: list[str] = []

    async def report(_: float, __: float | None, message: str | None) -> None:
        told.append(message or "")

    async with connected(shared_service, transport) as client:
        assert client.instructions and "wait_for_task" in client.instructions
        listed = await done(client, "list_projects")
        assert project_id in {one["id"] for one in listed["projects"]}
        agents = await done(client, "list_agents")
        assert "scripted" in {one["name"] for one in agents["agents"]}
        task = await done(client, "start_task", project=project_id, agent="scripted", prompt=WORK, title="From MCP")
        waiting = {"task_id": task["task_id"], "timeout_s": HANG_S}
        asked = await client.call_tool("wait_for_task", waiting, progress_callback=report)
        assert asked.structured_content is not None and not asked.structured_content["ended"]
        assert told, "the wait reports at once what happens"
        (request,) = asked.structured_content["requests"]
        assert (request["tool"], request["argument"]) == ("bash", "echo ran")
        open_now = await done(client, "list_requests", session_id=task["session_id"])
        assert [one["id"] for one in open_now["requests"]] == [request["id"]]
        allowed = await done(client, "answer_request", request_id=request["id"], decision="allow")
        assert allowed["state"] == "allowed"
        again = await refused(client, "answer_request", request_id=request["id"], decision="refuse")
        assert again["code"] == "permission_decided"
        report_ = await ended(client, task["task_id"])
        assert (report_["state"], report_["error"]) == ("completed", None)
        talk = await done(client, "read_messages", session_id=task["session_id"])
        assert [message["role"] for message in talk["messages"]] == ["user", "assistant"]
        assert "all done" in [part["text"].strip() for part in talk["messages"][1]["parts"]]

        change = await done(client, "get_change", session_id=task["session_id"])
        assert {one["path"] for one in change["files"]} == {"wanted.txt", "unwanted.txt"}
        diff = await done(client, "read_diff", change_id=report_["change_id"])
        parts = {part["path"]: part for part in diff["parts"]}
        assert "+one" in parts["wanted.txt"]["diff"] and diff["cursor"] is None
        reviewed = await done(
            client,
            "review_change",
            change_id=report_["change_id"],
            verdict="accepted",
            parts=[parts["wanted.txt"]["id"]],
        )
        assert reviewed["review"]["accepted"] == 1
        dry = await done(client, "apply_change", change_id=report_["change_id"], dry_run=True)
        assert dry["dry_run"] and not (project.path / "wanted.txt").exists()
        applied = await done(client, "apply_change", change_id=report_["change_id"])
        assert (applied["files_written"], applied["target"]) == (1, "checkout")
        assert (project.path / "wanted.txt").read_text().strip() == "one"
        assert not (project.path / "unwanted.txt").exists()


async def test_a_wait_ends_in_time_and_a_cancelled_one_leaves_the_task(
    shared_service: Installation, repository: MakeRepository
) -> None:
    project_id = await added(shared_service, repository())
    async with over_stdio(shared_service) as client:
        task = await done(client, "start_task", project=project_id, agent="scripted", prompt=LONG)
        through = {"task_id": task["task_id"], "through_requests": True}
        looked = await done(client, "wait_for_task", **through, timeout_s=0)
        assert not looked["ended"] and looked["next"]
        reported = asyncio.Event()

        async def report(_: float, __: float | None, ___: str | None) -> None:
            reported.set()

        waiting = asyncio.ensure_future(
            client.call_tool("wait_for_task", {**through, "timeout_s": 600}, progress_callback=report)
        )
        await asyncio.wait_for(reported.wait(), HANG_S)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        still = await done(client, "wait_for_task", **through, timeout_s=0)
        assert not still["ended"]
        steered = await done(client, "steer_session", session_id=task["session_id"], message="also this")
        assert steered["state"] in ("reserved", "delivered", "confirmed", "returned")
        assert (await done(client, "cancel_task", task_id=task["task_id"]))["task_id"] == task["task_id"]
        # The request is open until the turn has taken notice.
        assert (await ended(client, task["task_id"], through_requests=True))["state"] == "cancelled"


async def test_long_conversations_and_diffs_come_in_pages(
    shared_service: Installation, repository: MakeRepository
) -> None:
    project_id = await added(shared_service, repository())
    key = str(uuid4())
    writes = " ".join(f"[[bash seq 1 4000 > many-{n}.txt]]" for n in range(3))
    async with over_http(shared_service, shared_service.token) as client:
        first = await done(client, "start_task", project=project_id, agent="scripted", prompt=f"{writes} [[say first]]")
        await ended(client, first["task_id"])
        place = {"session_id": first["session_id"]}
        second = await done(client, "start_task", **place, prompt="[[say second]]", idempotency_key=key)
        same = await done(client, "start_task", **place, prompt="[[say second]]", idempotency_key=key)
        assert (same["task_id"], same["created"]) == (second["task_id"], False)
        report = await ended(client, second["task_id"])

        newest = await done(client, "read_messages", **place, limit=2)
        earlier = await done(client, "read_messages", **place, limit=2, before=newest["before"])
        tasks = [message["task_id"] for message in (*earlier["messages"], *newest["messages"])]
        assert tasks == [first["task_id"]] * 2 + [second["task_id"]] * 2
        assert earlier["before"] is None

        lines: list[str] = []
        cursor, pages = None, 0
        while cursor is not None or pages == 0:
            page = await done(client, "read_diff", change_id=report["change_id"], cursor=cursor)
            lines += [line for part in page["parts"] for line in part["diff"].splitlines() if line.startswith("+")]
            cursor, pages = page["cursor"], pages + 1
        assert pages > 1
        assert lines == [f"+{n}" for n in range(1, 4001)] * 3


async def test_sessions_are_resources(shared_service: Installation, repository: MakeRepository) -> None:
    project_id = await added(shared_service, repository())
    async with over_http(shared_service, shared_service.token) as client:
        task = await done(client, "start_task", project=project_id, agent="scripted", prompt="[[write a.txt|hello]]")
        await ended(client, task["task_id"])
        uri = f"boocoder://sessions/{task['session_id']}"
        listed = await client.list_resources()
        assert uri in {resource.uri for resource in listed.resources}
        templates = await client.list_resource_templates()
        assert [one.uri_template for one in templates.resource_templates] == [
            "boocoder://sessions/{session_id}",
            "boocoder://sessions/{session_id}/diff",
        ]
        (session,) = (await client.read_resource(uri)).contents
        assert task["session_id"] in session.text and "a.txt" in session.text  # type: ignore[union-attr]
        (diff,) = (await client.read_resource(f"{uri}/diff")).contents
        assert diff.text.startswith("diff --git") and "+hello" in diff.text  # type: ignore[union-attr]
        for unknown in (f"boocoder://sessions/{project_id}", "boocoder://other", "file:///etc/passwd"):
            with pytest.raises(MCPError):
                await client.read_resource(unknown)
