"""The sums of tokens and cost by agent, model and project."""

from __future__ import annotations

from typing import Any

import pytest

from boocoder.db.core.pool import Connection
from boocoder.db.tasks import attempts, tasks
from boocoder.db.tasks.claim import claim_tasks
from boocoder.model.ids import TaskId, new_id
from boocoder.model.task import TaskState
from tests.fixtures.api import Api
from tests.fixtures.row_builders import LEASE_S, Owner, Place, add_host, add_place, add_task


async def run(
    conn: Connection, owner: Owner, place: Place, agent: str, model: str | None, usage: bytes | None, state: TaskState
) -> None:
    """One whole turn."""
    task_id = TaskId(new_id())
    ids = {"project_id": place.project_id, "session_id": place.session_id, "chat_id": place.chat_id}
    await tasks.insert_task(conn, task_id, **ids, prompt="do it", agent=agent, model=model)
    claimed = await claim_tasks(conn, owner.host_id, owner.instance_id, 100, LEASE_S)
    task = next(task for task in claimed if task.id == task_id)
    assert await attempts.end_attempt(conn, task_id, task.epoch, owner.instance_id, state)
    assert await tasks.finish_task(conn, task_id, task.epoch, state, usage=usage)


async def sums(api: Api, **params: int | str) -> dict[tuple[str, str, str], dict[str, Any]]:
    answer = await api.http.get("/api/usage", params=params)
    assert answer.status_code == 200, answer.text
    return {(row["kind"], row["agent"], row["model"]): row for row in answer.json()}


async def test_turns_are_summed_by_agent_model_and_project(api: Api) -> None:
    async with api.database.transaction() as conn:
        one, other, owner = await add_place(conn), await add_place(conn), await add_host(conn)
        usage = b'{"input_tokens": 100, "output_tokens": 20, "cost_usd": 0.25, "cache_read_tokens": 7}'
        await run(conn, owner, one, "goose", "big", usage, TaskState.COMPLETED)
        await run(conn, owner, one, "goose", "big", usage, TaskState.FAILED)
        await run(conn, owner, other, "goose", None, None, TaskState.COMPLETED)
        await run(conn, owner, other, "qwen", "big", usage, TaskState.COMPLETED)
        await add_task(conn, one)  # waits: it is no turn
    rows = await sums(api)
    total = rows["total", "", ""]
    assert (total["turns"], total["completed"], total["input_tokens"], total["output_tokens"]) == (4, 3, 300, 60)
    assert (total["cost_usd"], total["cache_read_tokens"]) == (0.75, 21)
    assert total["seconds"] >= 0
    assert rows["agent", "goose", ""]["turns"] == 3
    assert rows["model", "goose", "big"]["input_tokens"] == 200
    assert rows["model", "goose", ""]["turns"] == 1
    assert rows["model", "qwen", "big"]["cost_usd"] == 0.25
    mine = await sums(api, session_id=str(one.session_id))
    assert mine["total", "", ""]["turns"] == 2 and ("agent", "qwen", "") not in mine
    listed = (await api.http.get("/api/usage")).json()
    projects = {row["project_id"]: row["turns"] for row in listed if row["kind"] == "project"}
    assert projects == {str(one.project_id): 2, str(other.project_id): 2}
    assert [row["agent"] for row in listed if row["kind"] == "agent"] == ["goose", "qwen"]


async def test_without_turns_there_is_only_an_empty_total(api: Api) -> None:
    rows = await sums(api, days=1)
    assert [row["turns"] for row in rows.values()] == [0]


@pytest.mark.parametrize("days", [0, -1, 3661, 2**40])
async def test_days_are_bounded(api: Api, days: int) -> None:
    assert (await api.http.get("/api/usage", params={"days": days})).status_code == 422
