"""MCP servers of the person with ACP agents: which are given, and agents that refuse or hang at them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from boocoder.events.agent_event import Notice
from boocoder.model.mcp_server import McpServer, McpServerUse, McpTransport
from boocoder.model.turn import Completed
from tests.fakes.acp.harness import desk, fake_agent

LOCAL = McpServer("local", ("sh", "-c", "exit"), env={"KEY": "k"})
WEB = McpServer("web", url="http://127.0.0.1:1/mcp", headers={"Authorization": "Bearer k"})
GONE = McpServer("gone", ("no-such-program-anywhere",))
OTHER = McpServer("other", ("sh",), projects=(Path("/elsewhere"),))
LOCAL_SENT = {
    "name": "local",
    "command": shutil.which("sh"),
    "args": ["-c", "exit"],
    "env": [{"name": "KEY", "value": "k"}],
}
WEB_SENT = {
    "type": "http",
    "name": "web",
    "url": "http://127.0.0.1:1/mcp",
    "headers": [{"name": "Authorization", "value": "Bearer k"}],
}


def noted(directory: Path) -> list[Any]:
    """What each session was opened with."""
    return [json.loads(line) for line in (directory / "conversations/mcp-servers.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("http", [True, False])
async def test_a_session_gets_the_servers_that_its_agent_takes(tmp_path: Path, http: bool) -> None:
    agent = fake_agent(tmp_path, "none", *(() if http else ("--without", "mcp-http")))
    async with desk(tmp_path, agent, mcp_servers=(LOCAL, WEB, GONE, OTHER)) as acp:
        info = await acp.backend.probe()
        _, outcome = await acp.run("[[say hi]]")
        assert outcome == Completed()
    assert noted(tmp_path)[-1] == ([LOCAL_SENT, WEB_SENT] if http else [LOCAL_SENT])
    uses = {use.name: use for use in info.mcp_servers}
    assert uses["local"] == McpServerUse("local", McpTransport.STDIO, given=True)
    assert (uses["web"].given, uses["web"].reason) == (http, "" if http else "the agent takes no MCP servers over HTTP")
    assert (uses["gone"].given, uses["gone"].reason) == (False, "no-such-program-anywhere is not on PATH")


@pytest.mark.parametrize("http", [True, False])
async def test_a_server_of_the_turn_itself_is_given_in_the_way_that_the_agent_takes(tmp_path: Path, http: bool) -> None:
    own = McpServer("own", LOCAL.command, env=LOCAL.env, url=WEB.url, headers=WEB.headers)
    agent = fake_agent(tmp_path, "none", *(() if http else ("--without", "mcp-http")))
    async with desk(tmp_path, agent, mcp_servers=(LOCAL,)) as acp:
        _, outcome = await acp.run("[[say hi]]", mcp_servers=(own,))
        assert outcome == Completed()
    assert noted(tmp_path)[-1] == [LOCAL_SENT, {**(WEB_SENT if http else LOCAL_SENT), "name": "own"}]


async def test_a_session_that_goes_on_gets_them_too(tmp_path: Path) -> None:
    worktree = tmp_path / "tree"
    worktree.mkdir()
    ref = None
    for _ in range(2):
        async with desk(tmp_path, fake_agent(tmp_path), mcp_servers=(LOCAL,)) as acp:
            port, outcome = await acp.run("[[say hi]]", worktree=worktree, agent_session=ref)
            assert outcome == Completed()
            ref = port.agent_session
    assert noted(tmp_path) == [[LOCAL_SENT], [LOCAL_SENT]]


@pytest.mark.parametrize(("fault", "why"), [("servers-refused", "no such server"), ("servers-hang", "did not answer")])
async def test_an_agent_that_cannot_take_them_works_without(tmp_path: Path, fault: str, why: str) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, fault), mcp_servers=(LOCAL,)) as acp:
        port, outcome = await acp.run("[[say hi]]")
        assert outcome == Completed() and port.text == "hi"
    (notice,) = port.of(Notice)
    assert notice.code == "mcp_servers_left_out" and why in notice.text
    assert noted(tmp_path) == [[]]
