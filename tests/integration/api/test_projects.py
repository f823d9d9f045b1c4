"""Projects: removed without a trace lost, folders found while one types, names that a session starts from."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from boocoder.db.conversation import sessions
from boocoder.db.registry import projects
from boocoder.errors import Conflict
from boocoder.model.ids import ProjectId, new_id
from boocoder.model.session import SessionState
from tests.fixtures.api import Api
from tests.fixtures.repository import MakeRepository
from tests.fixtures.row_builders import add_host, add_place, add_running, add_task


async def listed(api: Api, **params: Any) -> list[str]:
    return [one["id"] for one in (await api.http.get("/api/projects", params=params)).json()]


async def state_of(api: Api, session_id: object) -> str:
    found: str = (await api.http.get(f"/api/sessions/{session_id}")).json()["state"]
    return found


async def test_a_removed_project_is_off_the_list_and_comes_back_as_it_was(api: Api, repository: MakeRepository) -> None:
    made = (await api.http.post("/api/projects", json={"path": str(repository().path)})).json()
    first, other = [
        (await api.http.post("/api/sessions", json={"project_id": made["id"]})).json()["id"] for _ in range(2)
    ]
    await api.http.patch(f"/api/sessions/{other}", json={"state": "archived"})
    removed = await api.http.delete(f"/api/projects/{made['id']}")
    assert removed.status_code == 200
    assert removed.json()["archived_at"] is not None
    assert await listed(api) == []
    assert await listed(api, removed="true") == [made["id"]]
    assert [await state_of(api, one) for one in (first, other)] == ["archived", "archived"]
    assert (await api.http.delete(f"/api/projects/{made['id']}")).json() == removed.json()
    again = await api.http.post("/api/projects", json={"path": made["path"]})
    assert (again.status_code, again.json()) == (200, made)
    assert await listed(api) == [made["id"]]
    assert [await state_of(api, one) for one in (first, other)] == ["open", "archived"]


async def test_nothing_begins_in_a_removed_project(api: Api, repository: MakeRepository) -> None:
    made = (await api.http.post("/api/projects", json={"path": str(repository().path)})).json()
    session = (await api.http.post("/api/sessions", json={"project_id": made["id"]})).json()["id"]
    await api.http.delete(f"/api/projects/{made['id']}")
    refused = [
        await api.http.post("/api/sessions", json={"project_id": made["id"]}),
        await api.http.post("/api/tasks", json={"project_id": made["id"], "prompt": "go", "agent": "scripted"}),
        await api.http.patch(f"/api/sessions/{session}", json={"state": "open"}),
    ]
    assert {answer.json()["code"] for answer in refused} == {"project_archived"}
    assert made["path"] in refused[0].json()["cure"]


async def test_a_project_with_work_to_do_is_not_removed(api: Api) -> None:
    async with api.database.transaction() as conn:
        waits, runs = await add_place(conn), await add_place(conn)
        await add_running(conn, await add_host(conn), runs)
        await add_task(conn, waits)
    for place in (waits, runs):
        answer = await api.http.delete(f"/api/projects/{place.project_id}")
        assert (answer.status_code, answer.json()["code"]) == (409, "project_busy")
        assert await state_of(api, place.session_id) == "open"
    assert set(await listed(api)) == {str(waits.project_id), str(runs.project_id)}


async def test_an_unknown_project_is_not_removed(api: Api) -> None:
    answer = await api.http.delete(f"/api/projects/{new_id()}")
    assert (answer.status_code, answer.json()["code"]) == (404, "project_not_found")


async def test_a_removal_waits_for_what_is_being_queued_and_then_is_refused(api: Api) -> None:
    async with api.database.transaction() as conn:
        place = await add_place(conn)
    async with api.database.transaction() as queueing:
        await sessions.lock_session(queueing, place.session_id)
        await add_task(queueing, place)
        removing = asyncio.create_task(_remove(api, place.project_id))
        async with asyncio.timeout(60):
            while not await _somebody_waits(api):
                await asyncio.sleep(0.01)
    with pytest.raises(Conflict) as caught:
        await removing
    assert caught.value.code == "project_busy"
    async with api.database.connection() as conn:
        assert (await sessions.get_session(conn, place.session_id)).state is SessionState.OPEN


async def _remove(api: Api, project_id: ProjectId) -> None:
    async with api.database.transaction() as conn:
        await projects.remove_project(conn, project_id)


async def _somebody_waits(api: Api) -> bool:
    async with api.database.connection() as conn:
        return bool(await conn.fetchval("SELECT count(*) > 0 FROM pg_locks WHERE NOT granted"))


async def folders(api: Api, typed: str, **params: int) -> list[tuple[str, bool]]:
    answer = await api.http.get("/api/folders", params={"typed": typed, **params})
    assert answer.status_code == 200, answer.text
    return [(one["path"], one["repository"]) for one in answer.json()["folders"]]


async def test_folders_go_on_from_what_is_typed(api: Api, tmp_path: Path, repository: MakeRepository) -> None:
    root = tmp_path / "home"
    for name in ("Alpha", "alps/deep", "beta", ".hidden"):
        (root / name).mkdir(parents=True)
    (root / "alpine.txt").write_text("a file")
    (root / "alias").symlink_to(root / "beta")
    (root / "around").symlink_to(root / "around")
    repository(name="home/alpacas")
    assert await folders(api, f"{root}/al") == [
        (f"{root}/{name}", name == "alpacas") for name in ("alias", "alpacas", "alps", "Alpha")
    ]
    assert await folders(api, f"{root}/alps/") == [(f"{root}/alps/deep", False)]
    assert await folders(api, f"{root}/.") == [(f"{root}/.hidden", False)]
    assert len(await folders(api, f"{root}/", limit=2)) == 2
    answer = (await api.http.get("/api/folders", params={"typed": f"{root}/", "limit": 2})).json()
    assert answer["more"] is True


async def test_the_home_directory_is_understood(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work" / "one").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert ("~/work", False) in await folders(api, "")
    assert await folders(api, "~/work/") == [("~/work/one", False)]
    assert await folders(api, "wo") == await folders(api, "~/wo") == await folders(api, "~wo") == [("~/work", False)]


@pytest.mark.parametrize("typed", ["/nowhere/at/all/", "/etc/passwd/x", "a\0b", "/" + "x" * 4000 + "/"])
async def test_what_cannot_be_read_has_no_folders(api: Api, typed: str) -> None:
    assert await folders(api, typed) == []


async def test_names_that_cannot_be_shown_are_left_out(api: Api, tmp_path: Path) -> None:
    for name in (b"odd\xff", b"odd\n", b"odd"):
        (tmp_path / os.fsdecode(name)).mkdir()
    assert await folders(api, f"{tmp_path}/odd") == [(f"{tmp_path}/odd", False)]


async def starts(api: Api, project_id: str, **params: Any) -> list[tuple[str, str]]:
    answer = await api.http.get(f"/api/projects/{project_id}/starts", params=params)
    assert answer.status_code == 200, answer.text
    return [(one["kind"], one["name"]) for one in answer.json()]


async def test_branches_tags_and_commits_are_offered(api: Api, repository: MakeRepository) -> None:
    place = repository()
    for number in range(3):
        place.commit(f"step {number}")
    place.git("branch", "fix/login")
    place.git("tag", "v1.0", "HEAD~1")
    place.git("update-ref", "refs/remotes/origin/main", "HEAD~2")
    place.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    project = (await api.http.post("/api/projects", json={"path": str(place.path)})).json()["id"]
    found = await starts(api, project)
    assert [one for one in found if one[0] != "commit"] == [
        ("branch", "fix/login"),
        ("branch", "main"),
        ("tag", "v1.0"),
        ("remote", "origin/main"),
    ]
    assert [kind for kind, _ in found].count("commit") == 4
    assert await starts(api, project, query="LOG") == [("branch", "fix/login")]
    (step,) = await starts(api, project, query="step 1")
    assert await starts(api, project, query=step[1]) == [step]
    assert len(await starts(api, project, limit=1)) == 4
    named = await api.http.post("/api/sessions", json={"project_id": project, "start": {"from": step[1]}})
    assert named.status_code == 201


async def test_a_repository_without_a_commit_offers_nothing(api: Api, repository: MakeRepository) -> None:
    place = repository(commit=False)
    project = (await api.http.post("/api/projects", json={"path": str(place.path)})).json()["id"]
    assert await starts(api, project) == []


async def test_what_a_project_makes_agents_run_is_listed_and_trusted_as_it_was_shown(
    api: Api, repository: MakeRepository
) -> None:
    checkout = repository()
    made = (await api.http.post("/api/projects", json={"path": str(checkout.path)})).json()
    url = f"/api/projects/{made['id']}/trust"
    assert (await api.http.get(url)).json() == {"project_id": made["id"], "trusted": True, "files": []}
    checkout.write("other.json", "{}")
    checkout.write(".scripted/hook.sh", "echo")
    shown = (await api.http.get(url)).json()
    assert [(one["path"], one["agents"], one["trusted"]) for one in shown["files"]] == [
        (".scripted/hook.sh", ["scripted"], False),
        ("other.json", ["other"], False),
    ]
    seen = {"files": [{"path": one["path"], "sha256": one["sha256"]} for one in shown["files"]]}
    trusted = await api.http.post(url, json=seen)
    assert (trusted.status_code, trusted.json()["trusted"]) == (200, True)
    checkout.write("other.json", "[]")
    refused = await api.http.post(url, json=seen)
    assert (refused.status_code, refused.json()["code"]) == (409, "runnable_files_changed")
    again = (await api.http.get(url)).json()
    assert (again["trusted"], [one["trusted"] for one in again["files"]]) == (False, [True, False])
    assert (await api.http.delete(url)).json()["files"][0]["trusted"] is False
    wrong = await api.http.get(url, params={"session_id": "00000000-0000-4000-8000-000000000000"})
    assert wrong.status_code == 404
