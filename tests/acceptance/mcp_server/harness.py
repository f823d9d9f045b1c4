"""What tests of the MCP server share: real clients over both transports, tokens, and calls of tools."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

from boocoder.model.access_token import TokenScope
from boocoder.wire.projects import Project
from boocoder.wire.service import NewTokenInfo
from tests.fixtures.repository import Repository
from tests.fixtures.service import Installation

HANG_S = 120.0
Answer = dict[str, Any]


@asynccontextmanager
async def over_stdio(service: Installation, *, settings: Mapping[str, str] | None = None) -> AsyncIterator[Client]:
    """A client of `boocoder mcp`, started with these environment variables besides."""
    argv = service.argv("mcp")
    environment = {**service.environment(), **(settings or {})}
    parameters = StdioServerParameters(command=argv[0], args=argv[1:], env=environment, cwd=service.home)
    with (service.home / f"mcp-{uuid4().hex}.log").open("w") as log:
        async with Client(stdio_client(parameters, errlog=log)) as client:
            yield client


@asynccontextmanager
async def over_http(service: Installation, token: str, *, mode: str = "auto") -> AsyncIterator[Client]:
    """A client of the service's /mcp; `legacy`: with a session, as clients of 2025 have it."""
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=HANG_S, trust_env=False) as http,
        Client(streamable_http_client(f"{service.url}/mcp", http_client=http), mode=mode) as client,
    ):
        yield client


async def added(service: Installation, repository: Repository) -> str:
    """The id of a repository's project."""
    async with service.client() as client:
        return str((await client.post("/api/projects", Project, {"path": str(repository.path)})).id)


async def token_of(service: Installation, scope: TokenScope, project_id: str | None = None) -> str:
    """A fresh token of this scope, for one project if it is given."""
    body = {"name": uuid4().hex, "scope": scope.value, "project_id": project_id}
    async with service.client() as client:
        return (await client.post("/api/tokens", NewTokenInfo, body)).token


async def done(client: Client, tool: str, /, **arguments: object) -> Answer:
    """What a tool gives; the SDK's client has compared it with the tool's output schema."""
    result = await client.call_tool(tool, arguments, read_timeout_seconds=HANG_S)
    assert not result.is_error, result.content
    answer = result.structured_content
    assert isinstance(answer, dict)
    return answer


async def refused(client: Client, tool: str, /, **arguments: object) -> Answer:
    """The error that a tool answers: with a code, a sentence and, in words, all of it."""
    result = await client.call_tool(tool, arguments, read_timeout_seconds=HANG_S)
    assert result.is_error, result.content
    error = result.structured_content["error"]
    assert error["code"] and error["text"] and error["code"] in result.content[0].text  # type: ignore[union-attr]
    assert error["text"] in result.content[0].text  # type: ignore[union-attr]
    return dict(error)


async def ended(client: Client, task_id: str, *, through_requests: bool = False) -> Answer:
    """Wait for a task as the tool's description says: again and again."""
    order = {"task_id": task_id, "timeout_s": 30, "through_requests": through_requests}
    while not (report := await done(client, "wait_for_task", **order))["ended"]:
        assert through_requests or not report["requests"], report
    return report


async def names(client: Client) -> set[str]:
    """The tools that are listed."""
    return {tool.name for tool in (await client.list_tools()).tools}
