"""What the routes do, one story a resource, over HTTP against the real server and database."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID, uuid4

from boocoder.db.conversation import events
from boocoder.db.core.pool import Connection
from boocoder.db.files import changes
from boocoder.db.registry import projects
from boocoder.events import frames
from boocoder.model.ids import ProjectId, SessionId
from tests.fixtures.api import Api
from tests.fixtures.repository import MakeRepository
from tests.fixtures.row_builders import Place, add_host, add_place, add_running, add_task, end


async def add_project(conn: Connection, path: Path) -> ProjectId:
    return (await projects.insert_project(conn, ProjectId(uuid4()), "project", path)).id


async def make_place(api: Api) -> Place:
    async with api.database.transaction() as conn:
        return await add_place(conn)


async def test_a_project_is_added_once_whatever_path_leads_to_it(
    api: Api, repository: MakeRepository, tmp_path: Path
) -> None:
    made = repository()
    (tmp_path / "link").symlink_to(made.path)
    first = await api.http.post("/api/projects", json={"path": str(made.path), "name": "Mine"})
    again = await api.http.post("/api/projects", json={"path": str(tmp_path / "link" / "src")})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert (again.json()["name"], again.json()["path"]) == ("Mine", str(made.path))
    listed = (await api.http.get("/api/projects")).json()
    assert [row["id"] for row in listed] == [first.json()["id"]]
    assert (await api.http.get(f"/api/projects/{first.json()['id']}")).json() == listed[0]


async def test_a_path_that_is_no_repository_is_refused_with_a_cure(api: Api, tmp_path: Path) -> None:
    answer = await api.http.post("/api/projects", json={"path": str(tmp_path / "nowhere")})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "project_path_missing")
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["type"] == "urn:boocoder:problem:project_path_missing"
    assert str(tmp_path / "nowhere") in problem["detail"]
    assert problem["cure"]


async def test_sessions_are_opened_listed_renamed_and_archived(api: Api) -> None:
    place = await make_place(api)
    project_id = str(place.project_id)
    made = await api.http.post("/api/sessions", json={"project_id": project_id, "title": "Fix it"})
    assert made.status_code == 201
    session_id = made.json()["id"]
    listed = (await api.http.get("/api/sessions", params={"project_id": project_id, "limit": 1})).json()
    assert [row["id"] for row in listed] == [session_id]
    older = (await api.http.get("/api/sessions", params={"before": session_id})).json()
    assert [row["id"] for row in older] == [str(place.session_id)]
    renamed = await api.http.patch(f"/api/sessions/{session_id}", json={"title": "Fixed", "state": "archived"})
    assert (renamed.json()["title"], renamed.json()["state"]) == ("Fixed", "archived")
    open_ones = (await api.http.get("/api/sessions", params={"state": "open"})).json()
    assert session_id not in [row["id"] for row in open_ones]
    refused = await api.http.post("/api/tasks", json={"session_id": session_id, "prompt": "go", "agent": "scripted"})
    assert (refused.status_code, refused.json()["code"]) == (409, "session_archived")


async def test_sessions_and_tasks_are_counted_and_a_session_is_unread_until_it_is_seen(api: Api) -> None:
    place = await make_place(api)
    queued = await api.http.post(
        "/api/tasks", json={"session_id": str(place.session_id), "prompt": "hello", "agent": "scripted"}
    )
    await api.http.post(f"/api/tasks/{queued.json()['task_id']}/cancel")
    path = f"/api/sessions/{place.session_id}"
    assert (await api.http.get(path)).json()["unread"] is True
    assert (await api.http.get("/api/sessions/counts")).json()["unread"] == 1
    assert (await api.http.post(f"{path}/seen")).json()["unread"] is False
    counts = (await api.http.get("/api/sessions/counts")).json()
    assert counts == {"open": 1, "archived": 0, "waiting": 0, "running": 0, "queued": 0, "unread": 0}
    board = (await api.http.get("/api/tasks/counts")).json()
    assert board == {"pending": 0, "running": 0, "waiting": 0, "ended": 1}
    both = (await api.http.get("/api/tasks", params={"state": ["pending", "cancelled"]})).json()
    assert [row["id"] for row in both] == [queued.json()["task_id"]]


async def test_chats_are_begun_and_listed_oldest_first(api: Api) -> None:
    place = await make_place(api)
    begun = await api.http.post(f"/api/sessions/{place.session_id}/chats", json={"title": "Second thoughts"})
    bare = await api.http.post(f"/api/sessions/{place.session_id}/chats")
    assert (begun.status_code, bare.status_code) == (201, 201)
    listed = (await api.http.get(f"/api/sessions/{place.session_id}/chats")).json()
    assert [row["id"] for row in listed] == [str(place.chat_id), begun.json()["id"], bare.json()["id"]]
    missing = await api.http.get(f"/api/sessions/{uuid4()}/chats")
    assert (missing.status_code, missing.json()["code"]) == (404, "session_not_found")


async def test_a_task_makes_its_session_and_is_made_once_by_its_key(api: Api, tmp_path: Path) -> None:
    (tmp_path / "project" / ".git").mkdir(parents=True)
    async with api.database.transaction() as conn:
        project_id = await add_project(conn, tmp_path / "project")
    body = {"project_id": str(project_id), "prompt": "Add a README\nplease"}
    key = {"Idempotency-Key": "one"}
    answers = await asyncio.gather(*(api.http.post("/api/tasks", json=body, headers=key) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["task_id"] for answer in answers}) == 1
    made = answers[0].json()
    task = (await api.http.get(f"/api/tasks/{made['task_id']}")).json()
    assert (task["agent"], task["state"], task["prompt"]) == ("scripted", "pending", body["prompt"])
    session = (await api.http.get(f"/api/sessions/{made['session_id']}")).json()
    assert (session["title"], session["pending_tasks"]) == ("Add a README", 1)
    other = await api.http.post("/api/tasks", json={**body, "prompt": "else"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")


async def test_a_chat_goes_on_with_its_agent_and_model(api: Api) -> None:
    place = await make_place(api)
    chat = {"chat_id": str(place.chat_id)}
    first = await api.http.post("/api/tasks", json={**chat, "prompt": "a", "agent": "absent", "model": "m"})
    body, key = {**chat, "prompt": "b"}, {"Idempotency-Key": "two"}
    second = await api.http.post("/api/tasks", json=body, headers=key)
    again = await api.http.post("/api/tasks", json=body, headers=key)
    assert (first.status_code, second.status_code, again.status_code) == (201, 201, 200)
    listed = (await api.http.get("/api/tasks", params={"session_id": str(place.session_id)})).json()
    assert [(task["prompt"], task["agent"], task["model"]) for task in listed] == [
        ("b", "absent", "m"),
        ("a", "absent", "m"),
    ]
    page = (await api.http.get("/api/tasks", params={"before": listed[0]["id"], "state": "pending"})).json()
    assert [task["prompt"] for task in page] == ["a"]


async def test_cancelling_a_waiting_task_is_final_and_told_once(api: Api) -> None:
    place = await make_place(api)
    made = (await api.http.post("/api/tasks", json={"chat_id": str(place.chat_id), "prompt": "go"})).json()
    path = f"/api/tasks/{made['task_id']}/cancel"
    answers = await asyncio.gather(*(api.http.post(path, json={}) for _ in range(5)))
    assert {answer.json()["state"] for answer in answers} == {"cancelled"}
    async with api.database.connection() as conn:
        rows = await events.read_events(conn, SessionId(UUID(made["session_id"])), 0, 100)
    told = [bytes(row.frame) for row in rows if row.frame is not None]
    assert [b'"cancelled"' in frame for frame in told] == [False, True]


async def test_cancelling_a_running_task_asks_it_to_end_and_a_final_one_stays(api: Api) -> None:
    async with api.database.transaction() as conn:
        owner, place = await add_host(conn), await add_place(conn)
        task = await add_running(conn, owner, place)
    asked = (await api.http.post(f"/api/tasks/{task.id}/cancel")).json()
    assert asked["state"] == "running"
    assert asked["cancel_requested_at"]
    async with api.database.transaction() as conn:
        await end(conn, owner, task)
    done = (await api.http.post(f"/api/tasks/{task.id}/cancel", json={})).json()
    assert done["state"] == "completed"


async def test_a_change_is_shown_downloaded_and_decided(api: Api, repository: MakeRepository) -> None:
    diff = b"diff --git a/a b/a\n\xff\x00binary\n"
    async with api.database.transaction() as conn:
        place = await add_place(conn, await add_project(conn, repository().path))
        task_id = await add_task(conn, place)
        change_id = await changes.supersede_change(
            conn,
            place.session_id,
            task_id=task_id,
            agent="scripted",
            base_tree="a" * 40,
            tree="b" * 40,
            files_json=b'[{"path":"a","status":"M","additions":2,"deletions":null,"old_mode":"100644"}]',
            additions=2,
            deletions=0,
            diff=diff,
        )
    listed = (await api.http.get("/api/changes", params={"session_id": str(place.session_id)})).json()
    assert [(row["id"], row["state"]) for row in listed] == [(str(change_id), "pending")]
    shown = (await api.http.get(f"/api/changes/{change_id}")).json()
    assert (shown["files"][0]["path"], shown["files"][0]["deletions"]) == ("a", None)
    downloaded = await api.http.get(f"/api/changes/{change_id}/diff")
    assert downloaded.content == diff
    assert downloaded.headers["content-type"].startswith("text/x-diff")
    assert downloaded.headers["content-disposition"] == f'attachment; filename="change-{change_id}.diff"'
    rejected = (await api.http.post(f"/api/changes/{change_id}/reject")).json()
    assert rejected["state"] == "rejected"
    late = await api.http.post(f"/api/changes/{change_id}/apply", json={})
    assert (late.status_code, late.json()["code"]) == (409, "change_not_pending")


async def test_a_change_is_applied_once_and_conflicts_are_told_file_by_file(
    api: Api, repository: MakeRepository
) -> None:
    made = repository({"a.txt": "one\n", "b.txt": "two\n"})
    base = made.tree()
    made.write("a.txt", "changed by the agent\n")
    made.write("new.txt", "new\n")
    made.commit("The agent's tree")
    tree = made.tree()
    made.git("reset", "-q", "--hard", "HEAD~1")
    async with api.database.transaction() as conn:
        place = await add_place(conn, await add_project(conn, made.path))
        change_id = await changes.supersede_change(
            conn,
            place.session_id,
            task_id=await add_task(conn, place),
            agent="scripted",
            base_tree=base,
            tree=tree,
            files_json=b"[]",
            additions=2,
            deletions=1,
            diff=None,
        )
    diff = await api.http.get(f"/api/changes/{change_id}/diff")
    assert b"+changed by the agent" in diff.content
    made.write("a.txt", "changed by the person\n")
    refused = await api.http.post(f"/api/changes/{change_id}/apply", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "apply_conflicts")
    assert [error["field"] for error in refused.json()["errors"]] == ["a.txt"]
    assert not (made.path / "new.txt").exists()
    made.write("a.txt", "one\n")
    applied = (await api.http.post(f"/api/changes/{change_id}/apply")).json()
    assert (applied["change"]["state"], applied["already_applied"], applied["files_written"]) == ("applied", False, 2)
    assert (made.path / "a.txt").read_text() == "changed by the agent\n"
    again = (await api.http.post(f"/api/changes/{change_id}/apply", json={})).json()
    assert again["already_applied"]


async def test_agents_are_listed_and_probed(api: Api) -> None:
    listed = (await api.http.get("/api/agents")).json()
    assert [(agent["name"], agent["state"]) for agent in listed] == [("scripted", "ready"), ("absent", "unavailable")]
    assert listed[1]["cure"] == "Install it."
    probed = await api.http.post("/api/agents/probe", json={"agents": ["scripted"]})
    assert probed.json() == listed
    await api.http.post("/api/agents/probe")
    assert api.agents.probes == [["scripted"], None]


async def test_health_counts_and_fails_by_name_without_a_database(api: Api) -> None:
    place = await make_place(api)
    await api.http.post("/api/tasks", json={"chat_id": str(place.chat_id), "prompt": "go"})
    health = (await api.http.get("/api/health")).json()
    assert (health["status"], health["pending_tasks"], health["running_tasks"]) == ("ok", 1, 0)
    await api.database.close()
    down = await api.http.get("/api/health")
    assert down.status_code == 503
    assert down.json()["code"] == "database_closed"
    await api.database.open()


async def test_every_durable_frame_of_a_queue_is_seen_by_a_watcher(api: Api) -> None:
    place = await make_place(api)
    subscription = api.broker.subscribe(place.session_id, 0)
    made = (await api.http.post("/api/tasks", json={"chat_id": str(place.chat_id), "prompt": "go"})).json()
    await api.http.post(f"/api/tasks/{made['task_id']}/cancel")
    async with asyncio.timeout(60):
        seen = [frames.decode(await anext(subscription)) for _ in range(2)]
    subscription.close()
    assert [(frame.seq, frame.state) for frame in seen if isinstance(frame, frames.QueueChangedFrame)] == [
        (1, "pending"),
        (2, "cancelled"),
    ]
