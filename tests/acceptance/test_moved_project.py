"""A project whose folder is moved: named wherever it is needed, and repaired by one command, with nothing lost."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path
from urllib.parse import parse_qsl

import msgspec
import pytest

from boocoder.client.http_client import Client
from boocoder.errors import BoocoderError, Conflict
from boocoder.events import frames
from boocoder.wire.projects import Project
from tests.acceptance.harness import ServiceHarness
from tests.fixtures.repository import MakeRepository, Repository
from tests.fixtures.service import Installation

Body = dict[str, str | int | bool]


async def moved(desk: ServiceHarness, to: Path) -> Path:
    """Move the project's folder; where it was."""
    before = desk.project
    await asyncio.to_thread(before.rename, to)
    return before


async def project_of(client: Client) -> Project:
    return (await client.items("/api/projects", Project))[0]


async def refusals(client: Client, calls: list[tuple[str, str, Body | None]]) -> dict[str, str]:
    """What each call is refused with; a call that succeeds is left out."""
    found = {}
    for method, path, body in calls:
        try:
            place, _, query = path.partition("?")
            await client.request(method, place, body=body, params=dict(parse_qsl(query)))
        except BoocoderError as error:
            assert isinstance(error, Conflict), (method, path, error.code, error.text)
            assert error.cure, (method, path)
            found[f"{method} {path}"] = error.code
    return found


async def test_a_moved_folder_is_named_everywhere_and_relinked(
    desk: ServiceHarness, home: Installation, repository: MakeRepository, tmp_path: Path
) -> None:
    first, _ = await desk.run("[[write a.txt|one]]")
    session = first.session_id
    running = await desk.queue("[[delay 0.05]] [[tokens 60]] [[write b.txt|two]]", session=session)
    await desk.follow(running, until=frames.DeltaFrame)
    before = await moved(desk, tmp_path / "moved here")
    await desk.follow(running)
    assert (await desk.task(running)).state == "completed"
    change = (await desk.changes(running))[0]
    assert change.additions == 2, "work done while the folder was away is in the change"

    project = await project_of(desk.client)
    assert project.moved
    of_session, of_change = f"/api/sessions/{session}", f"/api/changes/{change.id}"
    refused = await refusals(
        desk.client,
        [
            ("GET", f"/api/projects/{project.id}/starts", None),
            ("GET", f"/api/projects/{project.id}/files", None),
            ("GET", f"{of_session}/files", None),
            ("GET", f"{of_session}/terminal", None),
            ("POST", f"{of_session}/snapshots", {}),
            ("GET", f"{of_session}/snapshots/compare?from=base&to=now", None),
            ("POST", f"{of_session}/rewind", {"turns": 1}),
            ("POST", f"{of_session}/fork", {}),
            ("POST", f"{of_session}/worktree/remove", {}),
            ("POST", f"{of_session}/worktree/restore", {}),
            ("GET", of_change, None),
            ("GET", f"{of_change}/diff", None),
            ("GET", f"{of_change}/files", None),
            ("GET", f"{of_change}/review", None),
            ("GET", f"{of_change}/publish", None),
            ("POST", f"{of_change}/publish", {}),
            ("POST", f"{of_change}/apply", {"dry_run": True}),
            ("POST", f"{of_change}/apply", {}),
            ("POST", f"{of_change}/resolve", {}),
            ("POST", "/api/tasks", {"project_id": str(project.id), "prompt": "hello", "agent": "scripted"}),
            ("POST", "/api/worktrees/prune", {}),
        ],
    )
    assert {"project_moved"} == set(refused.values()), refused
    assert f"POST {of_change}/apply" in refused
    assert f"POST {of_session}/worktree/remove" in refused
    late, ended = await desk.run("[[say hello]]", session=session)
    assert (ended.outcome, (await desk.task(late)).error_code) == ("failed", "project_moved")

    listed = await asyncio.to_thread(home.run, "projects", "list", cwd=tmp_path)
    assert "moved" in listed.stdout and "boocoder projects relink" in listed.stdout
    checked = await asyncio.to_thread(home.run, "doctor", cwd=tmp_path)
    assert "is not at" in checked.stdout and "boocoder projects relink" in checked.stdout
    added = await asyncio.to_thread(home.run, "projects", "add", str(tmp_path / "moved here"), cwd=tmp_path)
    assert added.returncode == 1 and f"boocoder projects relink {str(project.id)[:8]}" in added.stderr
    other = repository({"other.txt": "x"}, name="other")
    with pytest.raises(Conflict) as refusal:
        await desk.client.post(f"/api/projects/{project.id}/relink", Project, {"path": str(other.path)})
    assert refusal.value.code == "project_other_repository"

    place = tmp_path / "moved here"
    said = await asyncio.to_thread(home.run, "projects", "relink", str(before), str(place), cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    now = await project_of(desk.client)
    assert (now.id, now.path, now.moved) == (project.id, str(place), False)
    again, ended = await desk.run("[[write c.txt|three]]", session=session)
    assert ended.outcome == "completed"
    change = (await desk.changes(again))[0]
    assert change.additions == 3
    await desk.client.request("POST", f"/api/changes/{change.id}/apply", body={})
    assert (place / "b.txt").read_text() == "two"
    assert not before.exists()
    removed = await asyncio.to_thread(home.run, "worktrees", "remove", session, cwd=tmp_path)
    assert removed.returncode == 0, removed.stderr
    desk.project = place
    await desk.run("[[write d.txt|four]]", session=session)
    assert (home.data_dir / "worktrees" / session / "a.txt").read_text() == "one"


async def test_a_folder_moves_while_no_service_runs(
    desk: ServiceHarness, home: Installation, project: Repository, tmp_path: Path
) -> None:
    running = await desk.queue("[[write a.txt|one]] [[delay 0.05]] [[tokens 400]]")
    await desk.follow(running, until=frames.DeltaFrame)
    home.kill()
    place = tmp_path / "moved here"
    await moved(desk, place)
    await asyncio.to_thread(home.start)
    async with home.client() as client:
        found = ServiceHarness(client, place)
        await found.follow(running)
        assert (await found.task(running)).state == "interrupted"
        assert [change.additions for change in await found.changes(running)] == [1], "measured without the folder"
        known = await project_of(client)
        # an earlier version added the folder as a new project; an empty project is no obstacle
        stranded = await client.post("/api/projects", Project, {"path": str(place), "separate": True})
        assert stranded.id != known.id
        now = await client.post(f"/api/projects/{known.id}/relink", Project, {"path": str(place)})
        assert (now.id, now.path) == (known.id, str(place))
        assert [one.id for one in await client.items("/api/projects", Project)] == [known.id]
        diff = await client.request("GET", f"/api/changes/{(await found.changes(running))[0].id}/diff")
        assert b"+one" in diff
        subprocess.run(["git", "-C", str(place), "apply", "--check"], input=diff, check=True)
        assert msgspec.json.decode(await client.request("GET", f"/api/projects/{known.id}"))["moved"] is False
