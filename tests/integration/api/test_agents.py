"""Agents over the API: pushed to watching clients, and the choices of a task."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection

from boocoder.model.agent import AgentCommand, AgentInfo, AgentState, Transport
from tests.fixtures.api import Api
from tests.fixtures.repository import MakeRepository

KNOWN = AgentInfo(
    "scripted",
    "scripted",
    AgentState.READY,
    models=("llama-swap/a", "b"),
    modes=("plan", "build"),
    thinking=("low", "high"),
    commands=(AgentCommand("init", "Begin."),),
    transport=Transport.BUILTIN,
    tried=True,
)


async def ask(socket: ClientConnection, op: str) -> None:
    await socket.send(msgspec.json.encode({"op": op}).decode())


async def news(socket: ClientConnection) -> dict[str, object]:
    async with asyncio.timeout(60):
        message: dict[str, object] = msgspec.json.decode(await socket.recv())
    return message


async def names(socket: ClientConnection) -> list[tuple[str, str]]:
    message = await news(socket)
    assert message["type"] == "agents"
    agents = message["agents"]
    assert isinstance(agents, list)
    return [(agent["name"], agent["state"]) for agent in agents]


async def test_who_watches_hears_of_every_change(api: Api) -> None:
    async with api.connect() as socket, api.connect() as other:
        await ask(socket, "watch_agents")
        assert await names(socket) == [("scripted", "ready"), ("absent", "unavailable")]
        api.agents.watchers.notify(replace(KNOWN, state=AgentState.ERROR))
        assert await names(socket) == [("scripted", "error")]
        await ask(socket, "watch_agents")  # again, from the beginning
        assert len(await names(socket)) == 2
        await ask(socket, "unwatch_agents")
        assert await news(socket) == {"type": "agents_unwatched"}
        api.agents.watchers.notify(KNOWN)
        for one in (socket, other):
            await ask(one, "ping")
            assert await news(one) == {"type": "pong"}


async def test_what_is_pushed_is_what_the_route_answers(api: Api) -> None:
    api.agents.agents = (KNOWN,)
    listed = (await api.http.get("/api/agents")).json()
    assert listed[0]["commands"] == [{"name": "init", "description": "Begin."}]
    assert (listed[0]["transport"], listed[0]["tried"], listed[0]["signed_in"]) == ("builtin", True, None)
    async with api.connect() as socket:
        await ask(socket, "watch_agents")
        assert (await news(socket))["agents"] == listed


@pytest.mark.parametrize(
    ("choice", "code", "offered"),
    [
        ({"model": "zebra"}, "agent_model_unknown", "llama-swap/a, b"),
        ({"mode": "free"}, "agent_mode_unknown", "plan, build"),
        ({"thinking": "most"}, "agent_thinking_unknown", "low, high"),
        ({"agent": "scriptd"}, "agent_unknown", "Did you mean scripted?"),
        ({"mode": "plna"}, "agent_mode_unknown", "Did you mean plan?"),
        ({"thinking": "hihg"}, "agent_thinking_unknown", "Did you mean high?"),
    ],
)
async def test_what_an_agent_does_not_list_is_refused(
    api: Api, repository: MakeRepository, choice: dict[str, str], code: str, offered: str
) -> None:
    api.agents.agents = (KNOWN,)
    project = await added(api, repository)
    refused = await api.http.post(
        "/api/tasks", json={"project_id": project, "prompt": "go", "agent": "scripted", **choice}
    )
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert offered in refused.json()["cure"]


@pytest.mark.parametrize("choice", [{"model": "a"}, {"model": "b", "thinking": "low"}, {"mode": "yolo"}, {}])
@pytest.mark.parametrize("known", [KNOWN, replace(KNOWN, tried=False, models=()), replace(KNOWN, models=(), modes=())])
async def test_what_may_be_right_passes(
    api: Api, repository: MakeRepository, choice: dict[str, str], known: AgentInfo
) -> None:
    api.agents.agents = (known,)
    project = await added(api, repository)
    made = await api.http.post(
        "/api/tasks", json={"project_id": project, "prompt": "go", "agent": "scripted", **choice}
    )
    assert made.status_code == 201, made.text


async def test_a_session_goes_on_with_what_its_newest_chat_was_given(api: Api, repository: MakeRepository) -> None:
    api.agents.agents = (KNOWN, replace(KNOWN, name="other"))
    body = {"project_id": await added(api, repository), "prompt": "go", "agent": "other", "model": "b", "mode": "plan"}
    session = (await api.http.post("/api/tasks", json=body)).json()["session_id"]
    await api.http.post("/api/tasks", json={"session_id": session, "prompt": "on"})
    await api.http.post("/api/tasks", json={"session_id": session, "prompt": "more", "mode": "build"})
    listed = (await api.http.get("/api/tasks", params={"session_id": session})).json()
    chosen = [(task["agent"], task["model"], task["mode"]) for task in listed]
    assert chosen == [("other", "b", "build"), ("other", "b", "plan"), ("other", "b", "plan")]


async def added(api: Api, repository: MakeRepository) -> str:
    """The id of a project."""
    path: Path = repository().path
    made = await api.http.post("/api/projects", json={"path": str(path)})
    return str(made.json()["id"])


async def test_an_agent_is_tried_before_its_options_are_judged(api: Api, repository: MakeRepository) -> None:
    api.agents.agents = (replace(KNOWN, tried=False),)
    body = {"project_id": await added(api, repository), "prompt": "go", "agent": "scripted"}
    await api.http.post("/api/tasks", json=body)
    assert api.agents.probes == []
    await api.http.post("/api/tasks", json={**body, "mode": "plan"})
    assert api.agents.probes == [["scripted"]]
