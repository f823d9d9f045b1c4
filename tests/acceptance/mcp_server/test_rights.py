"""A token's scope and project hold over MCP, and hostile input is refused with a code, a sentence and a cure."""

from __future__ import annotations

import subprocess
from uuid import uuid4

import httpx2
import pytest
from mcp import MCPError

from boocoder.integrations.mcp_server.tools.all_tools import EVERY_TOOL
from boocoder.model.access_token import TokenScope
from boocoder.wire.service import TokenInfo
from tests.acceptance.mcp_server.harness import added, done, ended, names, over_http, over_stdio, refused, token_of
from tests.fixtures.repository import MakeRepository
from tests.fixtures.service import Installation

READING = {"list_projects", "list_agents", "list_sessions", "wait_for_task", "read_messages", "get_change", "read_diff"}
ALLOWED = {
    TokenScope.FULL: set(EVERY_TOOL),
    TokenScope.READ: READING | {"list_requests"},
    TokenScope.START: READING | {"list_requests", "start_task", "steer_session", "cancel_task"},
    TokenScope.ANSWER: {"list_requests", "answer_request"},
}
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}
ACCEPT = {"Accept": "application/json, text/event-stream"}


def arguments_of(tool: str) -> dict[str, object]:
    """Arguments that a tool takes, about things that do not exist."""
    required = {"prompt": "x", "message": "x", "verdict": "open", "decision": "allow"}
    given = {key: required.get(key, str(uuid4())) for key in EVERY_TOOL[tool].arguments.__struct_fields__}
    wanted = {
        "start_task": ("prompt", "session_id"),
        "get_change": ("change_id",),
        "answer_request": ("request_id", "decision"),
        "review_change": ("change_id", "verdict"),
        "steer_session": ("session_id", "message"),
        "read_messages": ("session_id",),
    }.get(tool, tuple(key for key in given if key in ("task_id", "change_id")))
    return {key: given[key] for key in wanted}


@pytest.mark.parametrize("scope", TokenScope)
async def test_a_scope_decides_which_tools_are_listed_and_which_work(
    shared_service: Installation, scope: TokenScope
) -> None:
    token = await token_of(shared_service, scope)
    async with over_http(shared_service, token) as client:
        assert await names(client) == ALLOWED[scope]
        for tool in set(EVERY_TOOL) - ALLOWED[scope]:
            error = await refused(client, tool, **arguments_of(tool))
            assert (error["code"], bool(error["cure"])) == ("scope_insufficient", True), (tool, error)


async def test_tools_say_what_they_do_to_the_world(shared_service: Installation) -> None:
    async with over_http(shared_service, shared_service.token) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert tools.keys() == set(EVERY_TOOL)
    for name, tool in tools.items():
        assert tool.annotations is not None and tool.description and tool.output_schema
        assert tool.annotations.read_only_hint == (name in READING | {"list_requests"}), name
        assert tool.input_schema["additionalProperties"] is False
        for field, schema in tool.input_schema["properties"].items():
            assert schema.get("description"), (name, field)
    destructive = {name for name, tool in tools.items() if tool.annotations and tool.annotations.destructive_hint}
    assert destructive == {"apply_change", "cancel_task", "answer_request"}


async def test_a_token_of_one_project_reaches_no_other(
    shared_service: Installation, repository: MakeRepository
) -> None:
    mine, other = [await added(shared_service, repository(name=name)) for name in ("mine", "other")]
    async with over_http(shared_service, shared_service.token) as client:
        task = await done(client, "start_task", project=other, agent="scripted", prompt="[[write a.txt|x]]")
        report = await ended(client, task["task_id"])
    token = await token_of(shared_service, TokenScope.FULL, mine)
    async with over_stdio(
        shared_service, settings={"BOOCODER_URL": shared_service.url, "BOOCODER_TOKEN": token}
    ) as client:
        assert await names(client) == set(EVERY_TOOL)
        assert [one["id"] for one in (await done(client, "list_projects"))["projects"]] == [mine]
        assert (await done(client, "list_sessions"))["sessions"] == []
        assert (await client.list_resources()).resources == []
        calls: list[tuple[str, dict[str, object]]] = [
            ("start_task", {"project": other, "prompt": "x"}),
            ("start_task", {"session_id": task["session_id"], "prompt": "x"}),
            ("steer_session", {"session_id": task["session_id"], "message": "x"}),
            ("wait_for_task", {"task_id": task["task_id"]}),
            ("cancel_task", {"task_id": task["task_id"]}),
            ("read_messages", {"session_id": task["session_id"]}),
            ("get_change", {"session_id": task["session_id"]}),
            ("read_diff", {"change_id": report["change_id"]}),
            ("apply_change", {"change_id": report["change_id"]}),
        ]
        for tool, arguments in calls:
            error = await refused(client, tool, **arguments)
            assert error["code"].endswith(("_not_found", "_unknown")), (tool, error)
        with pytest.raises(MCPError):
            await client.read_resource(f"boocoder://sessions/{task['session_id']}/diff")
        own = await done(client, "start_task", project="mine", agent="scripted", prompt="[[say hello]]")
        assert (await ended(client, own["task_id"]))["state"] == "completed"
        async with shared_service.client() as api:
            (known,) = [one for one in await api.items("/api/tokens", TokenInfo) if str(one.project_id) == mine]
            await api.delete(f"/api/tokens/{known.id}", TokenInfo)
        assert (await refused(client, "list_projects"))["code"] == "unauthorized"


async def test_hostile_arguments_are_refused_and_nothing_is_lost(shared_service: Installation) -> None:
    unknown = str(uuid4())
    calls: list[tuple[str, dict[str, object], str]] = [
        ("start_task", {}, "arguments_invalid"),
        ("start_task", {"prompt": "x"}, "place_unclear"),
        ("start_task", {"prompt": "", "project": unknown}, "arguments_invalid"),
        ("start_task", {"prompt": " ", "session_id": unknown}, "invalid"),
        ("start_task", {"prompt": "x" * 1_000_001, "project": unknown}, "arguments_invalid"),
        ("start_task", {"prompt": "x", "project": "../../etc"}, "project_unknown"),
        ("start_task", {"prompt": ["x"], "project": unknown}, "arguments_invalid"),
        ("start_task", {"prompt": "x", "project": unknown, "shell": "id"}, "arguments_invalid"),
        ("wait_for_task", {"task_id": unknown}, "task_not_found"),
        ("wait_for_task", {"task_id": "x/../../tokens"}, "arguments_invalid"),
        ("wait_for_task", {"task_id": unknown, "timeout_s": 1e300}, "arguments_invalid"),
        ("wait_for_task", {"task_id": unknown, "timeout_s": -1}, "arguments_invalid"),
        ("read_messages", {"session_id": unknown, "limit": 10**30}, "arguments_invalid"),
        ("read_messages", {"session_id": unknown, "before": 0}, "arguments_invalid"),
        ("read_diff", {"change_id": unknown, "cursor": "1"}, "cursor_invalid"),
        ("read_diff", {"change_id": unknown}, "change_not_found"),
        ("get_change", {}, "change_unclear"),
        ("apply_change", {"change_id": unknown, "target": "everywhere"}, "arguments_invalid"),
        ("apply_change", {"change_id": unknown, "target": "checkout", "branch": "b"}, "change_not_found"),
        ("answer_request", {"request_id": unknown, "decision": "allow"}, "permission_not_found"),
        ("review_change", {"change_id": unknown, "verdict": "accepted", "parts": ["x"] * 3_000}, "arguments_invalid"),
        ("list_sessions", {"project": "no such project"}, "project_unknown"),
    ]
    async with over_http(shared_service, shared_service.token) as client:
        for tool, arguments, code in calls:
            error = await refused(client, tool, **arguments)
            assert code in error["code"], (tool, str(arguments)[:100], error)
        with pytest.raises(MCPError, match="Unknown tool"):
            await client.call_tool("rm", {"path": "/"})
        with pytest.raises(MCPError):
            await client.list_resources(cursor="../")
        assert await names(client) == set(EVERY_TOOL)


async def test_the_address_takes_tokens_only_and_keeps_the_rules_of_the_service(shared_service: Installation) -> None:
    url = f"{shared_service.url}/mcp"
    token = await token_of(shared_service, TokenScope.READ)
    good = {"Authorization": f"Bearer {token}", **ACCEPT}
    async with httpx2.AsyncClient(timeout=60, trust_env=False) as http:

        async def status(headers: dict[str, str], content: bytes | None = None) -> int:
            if content is None:
                return (await http.post(url, headers=headers, json=INITIALIZE)).status_code
            headers = {"Content-Type": "application/json", **headers}
            return (await http.post(url, headers=headers, content=content)).status_code

        assert await status(ACCEPT) == 401
        assert await status({**ACCEPT, "Authorization": "Bearer wrong"}) == 401
        assert await status({**good, "Host": "evil.example.org"}) == 403
        assert await status({**good, "Origin": "http://evil.example.org"}) == 403
        assert await status({**good, "Sec-Fetch-Site": "cross-site"}) == 403
        assert await status({**good, "Content-Type": "text/plain"}, b"{}") == 415
        assert await status(good, b"{") == 400
        assert await status(good, b"[" * 100_000) == 400
        assert await status(good, b" " * (5 * 1024 * 1024)) == 413
        opened = await http.post(url, headers=good, json=INITIALIZE)
        session = {"Mcp-Session-Id": opened.headers["mcp-session-id"], "MCP-Protocol-Version": "2025-11-25"}
        stolen = {**ACCEPT, **session, "Authorization": f"Bearer {await token_of(shared_service, TokenScope.FULL)}"}
        ping = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
        assert (await http.post(url, headers=stolen, json=ping)).status_code == 404, "a session is its token's"
        assert (await http.post(url, headers={**good, **session}, json=ping)).status_code == 200
        assert (await http.delete(url, headers={**good, **session})).status_code == 200
        assert (await http.post(url, headers={**good, **session}, json=ping)).status_code == 404
        assert (await http.put(url, headers=good, json={})).status_code == 405


def test_a_client_that_goes_away_ends_the_program_without_a_word(shared_service: Installation) -> None:
    ping = b'{"jsonrpc":"2.0","id":%d,"method":"ping"}\n'
    child = subprocess.Popen(
        shared_service.argv("mcp"),
        env=shared_service.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdin and child.stdout and child.stderr
    child.stdin.write(ping % 1 + b"not JSON\n" + ping % 2)
    child.stdin.flush()
    assert b"jsonrpc" in child.stdout.readline()
    child.stdout.close()
    child.stdin.write(ping % 3)
    child.stdin.close()
    assert child.wait(60) == 0
    assert b"Traceback" not in child.stderr.read()
    child.stderr.close()


async def test_without_a_service_every_call_says_so(shared_service: Installation) -> None:
    missing = {"BOOCODER_DATA_DIR": str(shared_service.home / "nothing here")}
    async with over_stdio(shared_service, settings=missing) as client:
        error = await refused(client, "list_projects")
        assert (error["code"], error["cure"]) == (
            "service_not_running",
            "Start one with: boocoder serve. For one on another machine, give url and token.",
        )
        with pytest.raises(MCPError, match="No boocoder service runs"):
            await client.list_tools()
