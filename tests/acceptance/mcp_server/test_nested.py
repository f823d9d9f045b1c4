"""Agents inside boocoder that are given boocoder: each starts a task of the next one, down to the last level."""

from __future__ import annotations

import asyncio
import json

from mcp import Client

from boocoder.scripted_model.server import ScriptedModel
from tests.acceptance.mcp_server.harness import Answer, added, done, ended, over_http
from tests.fixtures.repository import MakeRepository
from tests.fixtures.service import MakeInstallation


def starts(project: str, prompt: str) -> str:
    """A prompt at which the native agent, a real MCP client, starts a task and waits for it; directives nest."""
    order = json.dumps({"project": project, "agent": "native", "mode": "yolo", "prompt": prompt})
    order = order.replace("[", "\\u005b").replace("]", "\\u005d")
    return f"[[tool mcp__boocoder__start_task|{order}]] [[say handed over]]"


async def test_agents_start_agents_down_to_a_level_and_no_further(
    installation: MakeInstallation, repository: MakeRepository, dsn: str, scripted_model: ScriptedModel
) -> None:
    service = installation(
        {
            "BOOCODER_DATABASE_URL": dsn,
            "BOOCODER_MODELS_BASE_URL": scripted_model.base_url,
            "BOOCODER_DELEGATION_ENABLED": "true",
            "BOOCODER_DELEGATION_DEPTH": "2",
        }
    )
    await asyncio.to_thread(service.start)
    project = await added(service, repository())
    prompt = starts(project, starts(project, starts(project, "too deep")))
    async with over_http(service, service.token) as client:
        task = await done(client, "start_task", project=project, agent="native", mode="yolo", prompt=prompt)
        chain = [task["session_id"]]
        for _ in range(2):
            assert (await ended(client, task["task_id"]))["state"] == "completed"
            task = await _child(client, project, chain)
            chain.append(task["session_id"])
        last = await ended(client, task["task_id"])
        assert last["state"] == "completed", last
        listed = await done(client, "list_sessions", project=project)
        assert len(listed["sessions"]) == 3, "the third level was refused"
    assert "delegation_too_deep" in _sent_to_model(scripted_model)
    offered = {
        tool["function"]["name"].removeprefix("mcp__boocoder__")
        for request in scripted_model.requests
        for tool in json.loads(request.body or b"{}").get("tools", [])
        if tool["function"]["name"].startswith("mcp__boocoder__")
    }
    assert {"start_task", "wait_for_task", "cancel_task"} <= offered
    assert not offered & {"answer_request", "review_change", "apply_change", "steer_session"}


async def _child(client: Client, project: str, known: list[str]) -> Answer:
    """The task of the oldest session that is new."""
    listed = await done(client, "list_sessions", project=project)
    child = [one for one in listed["sessions"] if one["id"] not in known][-1]
    return {"session_id": child["id"], "task_id": child["last_task_id"]}


def _sent_to_model(model: ScriptedModel) -> str:
    return b"".join(request.body or b"" for request in model.requests).decode()
