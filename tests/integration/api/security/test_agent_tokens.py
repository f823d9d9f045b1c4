"""Agents that start tasks: only while their turn runs, in their project, within bounds of depth, number and cost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed

from boocoder.db.core.pool import Database
from boocoder.db.tasks import tasks
from boocoder.db.tasks.claim import ClaimedTask
from boocoder.db.tasks.tasks import Task
from boocoder.intake.agent_tokens import AgentTokens
from boocoder.intake.delegation import DelegationLimits
from boocoder.model.ids import ProjectId, TaskId
from tests.fixtures.api import Api, running_api
from tests.fixtures.repository import MakeRepository
from tests.fixtures.row_builders import Place, add_host, add_place, add_running, add_task

LIMITS = DelegationLimits(depth=2, tasks=3, cost_usd=1.0)
Answer = httpx2.Response
Turn = ClaimedTask | Task


@dataclass
class Door:
    """The API, and the tokens of agents."""

    api: Api
    tokens: AgentTokens
    database: Database

    @contextmanager
    def turn(self, task: Turn) -> Iterator[dict[str, str]]:
        """The headers of a task's agent, while its turn runs."""
        with self.tokens.turn(task.id, session_id=task.session_id, project_id=task.project_id) as (server,):
            yield dict(server.headers)

    async def start(self, headers: dict[str, str], **body: object) -> Answer:
        """Start a task as an agent."""
        given = {"prompt": "help", "agent": "scripted", **body}
        return await self.api.http.post("/api/tasks", json=given, headers=headers)

    async def started(self, headers: dict[str, str], parent: Turn) -> Turn:
        """A task that an agent has started in a new session, running."""
        made = await self.start(headers, project_id=str(parent.project_id))
        assert made.status_code == 201, made.text
        task_id = UUID(made.json()["task_id"])
        async with self.database.connection() as conn:
            await conn.execute("UPDATE tasks SET state = 'running', started_at = now() WHERE id = $1", task_id)
            return await tasks.get_task(conn, TaskId(task_id))


@pytest.fixture
async def door(database: Database, tmp_path: Path) -> AsyncIterator[Door]:
    """A running API where agents may start tasks."""
    tokens = AgentTokens(LIMITS)
    async with running_api(database, tmp_path, agent_tokens=tokens) as api:
        yield Door(api, tokens, database)


@pytest.fixture
async def parent(door: Door, repository: MakeRepository) -> ClaimedTask:
    """A person's task that runs."""
    made = await door.api.http.post("/api/projects", json={"path": str(repository().path)})
    async with door.database.connection() as conn:
        owner, place = await add_host(conn), await add_place(conn, ProjectId(UUID(made.json()["id"])))
        return await add_running(conn, owner, place)


def code(answer: Answer) -> str:
    problem = answer.json()
    assert problem["cure"] or problem["status"] == 404, problem
    return str(problem["code"])


async def test_a_token_is_good_while_the_turn_runs_and_for_its_project_alone(door: Door, parent: ClaimedTask) -> None:
    async with door.database.connection() as conn:
        elsewhere = await add_place(conn)
    with door.turn(parent) as agent:
        grant = (await door.api.http.get("/api/tokens/current", headers=agent)).json()
        assert grant == {
            "scope": "start",
            "project_id": str(parent.project_id),
            "session_id": str(parent.session_id),
            "allows": ["any", "read", "requests", "delegate"],
        }
        made = await door.start(agent, project_id=str(parent.project_id))
        assert made.status_code == 201, made.text
        task = (await door.api.http.get(f"/api/tasks/{made.json()['task_id']}", headers=agent)).json()
        assert (task["origin"], task["origin_name"], task["parent_task_id"], task["depth"]) == (
            "agent",
            parent.agent,
            str(parent.id),
            1,
        )
        other = await door.start(agent, project_id=str(elsewhere.project_id))
        assert (other.status_code, code(other)) == (404, "project_not_found")
    over = await door.start(agent, project_id=str(parent.project_id))
    assert (over.status_code, code(over)) == (401, "unauthorized")
    with door.turn(parent) as again:
        assert again == agent, "a warm agent goes on with what it was given"


async def test_a_stream_of_the_agent_is_cut_when_its_turn_ends(door: Door, parent: ClaimedTask) -> None:
    with door.turn(parent) as agent:
        socket = await door.api.connect(headers=agent)
    async with asyncio.timeout(10):
        with pytest.raises(ConnectionClosed):
            while True:
                await socket.recv()


async def test_an_agent_neither_answers_nor_applies_nor_writes_to_sessions_of_others(
    door: Door, parent: ClaimedTask
) -> None:
    async with door.database.connection() as conn:
        own = await add_task(conn, Place(parent.project_id, parent.session_id, parent.chat_id))
    session = f"/api/sessions/{parent.session_id}"
    with door.turn(parent) as agent:
        for method, path, body in (
            ("POST", f"{session}/steers", {"prompt": "x"}),
            ("POST", f"{session}/chats", {}),
            ("POST", "/api/sessions", {"project_id": str(parent.project_id)}),
            ("PATCH", f"/api/tasks/{own}", {"prompt": "x"}),
            ("POST", f"/api/permissions/{parent.id}/answer", {"decision": "allow"}),
            ("POST", f"/api/changes/{parent.id}/apply", {}),
            ("POST", "/api/tokens", {"name": "x", "scope": "full"}),
            ("GET", "/api/tokens", None),
        ):
            refused = await door.api.http.request(method, path, json=body, headers=agent)
            assert (refused.status_code, code(refused)) == (403, "scope_insufficient"), path
        mine = await door.start(agent, session_id=str(parent.session_id))
        assert (mine.status_code, code(mine)) == (409, "session_not_started_by_agent")
        refused = await door.api.http.post(f"/api/tasks/{own}/cancel", json={}, headers=agent)
        assert (refused.status_code, code(refused)) == (409, "session_not_started_by_agent")
        child = (await door.start(agent, project_id=str(parent.project_id))).json()
        assert (await door.start(agent, session_id=child["session_id"])).status_code == 201
        ended = await door.api.http.post(f"/api/tasks/{child['task_id']}/cancel", json={}, headers=agent)
        assert ended.json()["state"] == "cancelled"


async def test_the_third_level_is_refused(door: Door, parent: ClaimedTask) -> None:
    place = {"project_id": str(parent.project_id)}
    with door.turn(parent) as agent:
        child = await door.started(agent, parent)
    with door.turn(child) as agent:
        grandchild = await door.started(agent, parent)
    with door.turn(grandchild) as agent:
        refused = await door.start(agent, **place)
    assert (refused.status_code, code(refused)) == (409, "delegation_too_deep")


async def test_a_chain_has_so_many_tasks_whoever_starts_them_and_at_once(door: Door, parent: ClaimedTask) -> None:
    place = {"project_id": str(parent.project_id)}
    with door.turn(parent) as agent:
        child = await door.started(agent, parent)
        with door.turn(child) as below:
            each = await asyncio.gather(*(door.start(who, **place) for who in (agent, below) for _ in range(5)))
    assert sorted(one.status_code for one in each) == [201] * 2 + [409] * 8
    assert {code(one) for one in each if one.status_code == 409} == {"delegation_used_up"}


async def test_a_chain_that_cost_too_much_grows_no_further(door: Door, parent: ClaimedTask) -> None:
    place = {"project_id": str(parent.project_id)}
    with door.turn(parent) as agent:
        child = (await door.start(agent, **place)).json()["task_id"]
        async with door.database.connection() as conn:
            await conn.execute("UPDATE tasks SET usage = '{\"cost_usd\": 1.0}' WHERE id = $1", UUID(child))
        refused = await door.start(agent, **place)
    assert (refused.status_code, code(refused)) == (409, "delegation_too_costly")


async def test_cancelling_a_task_cancels_what_it_brought_about_and_it_starts_no_more(
    door: Door, parent: ClaimedTask
) -> None:
    place = {"project_id": str(parent.project_id)}
    with door.turn(parent) as agent:
        child = await door.started(agent, parent)
        with door.turn(child) as below:
            grandchild = (await door.start(below, **place)).json()["task_id"]
        async with door.database.connection() as conn:
            await conn.execute("UPDATE tasks SET state = 'completed', ended_at = now() WHERE id = $1", child.id)
        assert (await door.api.http.post(f"/api/tasks/{parent.id}/cancel", json={})).status_code == 200
        assert (await door.api.http.get(f"/api/tasks/{grandchild}")).json()["state"] == "cancelled"
        late = await door.start(agent, **place)
    assert (late.status_code, code(late)) == (409, "agent_turn_over")


async def test_a_token_of_a_person_is_named_with_the_tasks_that_it_starts(door: Door, parent: ClaimedTask) -> None:
    made = await door.api.http.post("/api/tokens", json={"name": "ci", "scope": "start"})
    token = {"Authorization": f"Bearer {made.json()['token']}"}
    task = (await door.start(token, project_id=str(parent.project_id))).json()["task_id"]
    found = (await door.api.http.get(f"/api/tasks/{task}")).json()
    assert (found["origin"], found["origin_name"], found["depth"]) == ("token", "ci", 0)
