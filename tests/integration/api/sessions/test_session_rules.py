"""The rule files of a session over the API, with real files and trust in a database; its sandbox and its processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from boocoder.db.conversation import chats
from boocoder.db.files import worktrees
from boocoder.model.ids import SessionId
from boocoder.model.session import WorktreeState
from tests.fixtures.api import Api
from tests.fixtures.repository import MakeRepository, Repository


async def opened(api: Api, repository: Repository) -> tuple[str, str]:
    """The ids of a project and of a session in it, whose files are those of the checkout."""
    project = (await api.http.post("/api/projects", json={"path": str(repository.path)})).json()["id"]
    session = (await api.http.post("/api/sessions", json={"project_id": project})).json()["id"]
    return project, session


async def rules(api: Api, session: str, **params: str) -> dict[str, Any]:
    answer = await api.http.get(f"/api/sessions/{session}/rules", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def states(found: dict[str, Any]) -> dict[str, tuple[bool, str]]:
    return {one["path"]: (one["in_force"], one["reason"]) for one in found["files"]}


async def test_the_first_of_a_group_is_in_force_and_the_others_say_why_not(
    api: Api, repository: MakeRepository, tmp_path: Path
) -> None:
    made = repository()
    for name in ("AGENTS.md", "CLAUDE.md", ".cursorrules"):
        made.write(name, "Use tabs.\n")
    own = tmp_path / "config" / "rules.md"
    own.parent.mkdir(parents=True)
    own.write_text("Be brief.")
    _, session = await opened(api, made)
    found = await rules(api, session, agent="scripted")
    assert (found["agent"], found["known"], found["refusal"]) == ("scripted", True, "")
    assert states(found) == {
        "AGENTS.md": (True, ""),
        "CLAUDE.md": (False, "AGENTS.md comes first."),
        str(own): (True, ""),
        ".cursorrules": (False, "scripted does not read it."),
    }
    first = found["files"][0]
    assert (first["owner"], first["kind"], first["read_by"], first["size_bytes"], first["trusted"]) == (
        *("project", "words", "agent", 10),
        None,
    )
    assert found["sandbox"]["profile"] == "off"
    assert "sandbox.profile" in found["sandbox"]["cure"]


async def test_an_untrusted_file_keeps_all_files_of_the_project_out_of_force(
    api: Api, repository: MakeRepository
) -> None:
    made = repository()
    made.write("AGENTS.md", "Use tabs.\n")
    made.write(".scripted/plugin.js", "run()")
    made.write("other.json", "{}")
    project, session = await opened(api, made)
    found = await rules(api, session, agent="scripted")
    assert f"boocoder projects trust {project} --session {session}" in found["refusal"]
    assert {path: force for path, (force, _) in states(found).items()} == {
        "AGENTS.md": False,
        ".scripted/plugin.js": False,
    }
    assert "not trusted" in states(found)["AGENTS.md"][1]
    seen = (await api.http.get(f"/api/projects/{project}/trust")).json()["files"]
    body = {"files": [{"path": one["path"], "sha256": one["sha256"]} for one in seen]}
    assert (await api.http.post(f"/api/projects/{project}/trust", json=body)).status_code == 200
    found = await rules(api, session, agent="scripted")
    assert found["refusal"] == ""
    assert all(force for force, _ in states(found).values())
    made.write(".scripted/plugin.js", "run_more()")
    assert (await rules(api, session, agent="scripted"))["refusal"]


async def test_the_files_are_those_of_the_worktree_and_the_agent_that_of_the_newest_chat(
    api: Api, repository: MakeRepository, tmp_path: Path
) -> None:
    made = repository()
    made.write("AGENTS.md", "Use tabs.\n")
    _, session = await opened(api, made)
    assert await rules(api, session) == {
        "session_id": session,
        "agent": None,
        "known": False,
        "refusal": "",
        "files": [],
        "sandbox": None,
    }
    worktree = tmp_path / "worktree"
    worktree.mkdir()
    (worktree / "CLAUDE.md").write_text("Use spaces.")
    await api.http.post(f"/api/sessions/{session}/chats")
    async with api.database.transaction() as conn:
        await worktrees.put_worktree(
            conn,
            SessionId(UUID(session)),
            path=worktree,
            base_commit="0" * 40,
            base_tree="0" * 40,
            state=WorktreeState.READY,
        )
        chat = await chats.newest_chat(conn, SessionId(UUID(session)))
        assert chat is not None
        await chats.remember_choice(conn, chat.id, agent="scripted", model=None, mode=None, thinking=None)
    assert states(await rules(api, session)) == {"CLAUDE.md": (True, "")}


async def test_an_agent_without_known_habits_says_so(api: Api, repository: MakeRepository) -> None:
    made = repository()
    made.write("AGENTS.md", "Use tabs.\n")
    _, session = await opened(api, made)
    found = await rules(api, session, agent="other")
    assert (found["known"], found["files"]) == (False, [])
    unknown = await api.http.get(f"/api/sessions/{session}/rules", params={"agent": "nobody"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "agent_unknown")


async def test_the_sandbox_of_an_agent_is_told(api: Api) -> None:
    said = (await api.http.get("/api/agents/scripted/sandbox")).json()
    assert (said["profile"], said["mechanism"]) == ("off", "none")
    assert "everything that you can" in said["text"] and "sandbox.profile" in said["cure"]
    unknown = await api.http.get("/api/agents/nobody/sandbox")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "agent_unknown")


async def test_a_session_without_processes(api: Api, repository: MakeRepository) -> None:
    _, session = await opened(api, repository())
    listed = await api.http.get(f"/api/sessions/{session}/processes")
    assert (listed.status_code, listed.json()) == (200, [])
    ended = await api.http.delete(f"/api/sessions/{session}/processes/1")
    assert (ended.status_code, ended.json()["code"]) == (404, "process_not_found")
