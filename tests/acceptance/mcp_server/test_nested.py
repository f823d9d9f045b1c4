"""An agent of boocoder that is given boocoder as an MCP server, as docs/mcp-server.md says, starts a task itself."""

from __future__ import annotations

import asyncio
import json
import socket

from boocoder.model.access_token import TokenScope
from boocoder.scripted_model.server import ScriptedModel
from tests.acceptance.mcp_server.harness import added, done, ended, over_http, token_of
from tests.fixtures.repository import MakeRepository
from tests.fixtures.service import Installation, MakeInstallation

CONFIG = """
[mcp.boocoder]
url = "http://127.0.0.1:{port}/mcp"
headers = {{ Authorization = "Bearer ${{AGENTS_TOKEN}}" }}
projects = ["{project}"]
"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


async def given_to_agents(service: Installation, project: str, token: str, port: int) -> None:
    """Restart the service with itself as an MCP server of one project."""
    await asyncio.to_thread(service.stop)
    config = service.home / "config.toml"
    config.write_text(CONFIG.format(port=port, project=project))
    service.settings = {**service.settings, "BOOCODER_CONFIG": str(config), "AGENTS_TOKEN": token}
    await asyncio.to_thread(service.start)


async def test_an_agent_inside_starts_a_task_of_another_agent(
    installation: MakeInstallation, repository: MakeRepository, dsn: str, scripted_model: ScriptedModel
) -> None:
    port = free_port()
    models = {"BOOCODER_DATABASE_URL": dsn, "BOOCODER_MODELS_BASE_URL": scripted_model.base_url}
    service = installation({**models, "BOOCODER_PORT": str(port)})
    await asyncio.to_thread(service.start)
    project = repository()
    project_id = await added(service, project)
    token = await token_of(service, TokenScope.START, project_id)
    await given_to_agents(service, str(project.path), token, port)

    order = json.dumps({"project": project_id, "agent": "scripted", "prompt": "hello child"})
    prompt = f"[[tool mcp__boocoder__start_task|{order}]] [[say handed over]]"
    async with over_http(service, service.token) as client:
        task = await done(client, "start_task", project=project_id, agent="native", mode="yolo", prompt=prompt)
        report = await ended(client, task["task_id"])
        assert report["state"] == "completed", report
        listed = await done(client, "list_sessions", project=project_id)
        (child,) = [one for one in listed["sessions"] if one["id"] != task["session_id"]]
        started = await ended(client, child["last_task_id"])
        assert (started["agent"], started["state"], started["summary"].strip()) == (
            "scripted",
            "completed",
            "ok: hello child",
        )
    offered = {
        tool["function"]["name"].removeprefix("mcp__boocoder__")
        for request in scripted_model.requests
        for tool in json.loads(request.body or b"{}").get("tools", [])
        if tool["function"]["name"].startswith("mcp__boocoder__")
    }
    assert {"start_task", "wait_for_task"} <= offered
    assert not offered & {"answer_request", "review_change", "apply_change"}
