"""Files are found by a few letters: in the checkout, and in the worktree once there is one."""

from __future__ import annotations

from pathlib import Path

from boocoder.db.conversation import sessions
from boocoder.db.files import worktrees
from boocoder.db.registry import projects
from boocoder.git.shadow.registry import ShadowRegistry
from boocoder.git.worktree.session_worktrees import Worktree
from boocoder.model.ids import ProjectId, SessionId, new_id
from boocoder.model.session import WorktreeState
from boocoder.worktrees.history.file_content import FILE_MAX_BYTES
from tests.fixtures.api import Api
from tests.fixtures.repository import MakeRepository


async def place(api: Api, root: Path) -> tuple[ProjectId, SessionId]:
    project_id, session_id = ProjectId(new_id()), SessionId(new_id())
    async with api.database.transaction() as conn:
        await projects.insert_project(conn, project_id, "project", root)
        await sessions.insert_session(conn, session_id, project_id, "session")
    return project_id, session_id


async def worktree_of(api: Api, root: Path, project_id: ProjectId, session_id: SessionId, directory: Path) -> Worktree:
    """The session's worktree, made and stored."""
    shadow = await ShadowRegistry(root=directory / "shadows").of(project_id, root)
    worktree = await shadow.add_worktree(directory / "worktree")
    async with api.database.transaction() as conn:
        await worktrees.put_worktree(
            conn,
            session_id,
            path=worktree.path,
            base_commit=worktree.base_commit,
            base_tree=worktree.base_tree,
            state=WorktreeState.READY,
        )
    return worktree


async def test_tracked_and_untracked_files_are_found_and_ignored_ones_are_not(
    api: Api, repository: MakeRepository
) -> None:
    made = repository()
    made.write("src/new file.py", "")
    made.write("build/out.py", "")
    made.write("forced.log", "")
    made.git("add", "--force", "forced.log")
    (made.path / "inner").mkdir()
    made.git("init", "-q", cwd=made.path / "inner")
    project_id, session_id = await place(api, made.path)
    everything = (await api.http.get(f"/api/projects/{project_id}/files")).json()
    assert sorted(everything["paths"]) == [
        ".gitignore", "README.md", "forced.log", "src/lines.txt", "src/main.py", "src/new file.py",
    ]  # fmt: skip
    assert everything["files"] == 6
    found = await api.http.get(f"/api/sessions/{session_id}/files", params={"query": "srcpy", "limit": 1})
    assert found.json()["paths"] == ["src/main.py"]


async def test_a_sessions_worktree_is_looked_through_once_it_is_there(
    api: Api, repository: MakeRepository, tmp_path: Path
) -> None:
    made = repository()
    project_id, session_id = await place(api, made.path)
    worktree = await worktree_of(api, made.path, project_id, session_id, tmp_path)
    (worktree.path / "only_here.py").write_text("")
    url = f"/api/sessions/{session_id}/files"
    assert (await api.http.get(url, params={"query": "only"})).json()["paths"] == ["only_here.py"]
    assert "src/main.py" in (await api.http.get(url)).json()["paths"]
    other = await api.http.get(f"/api/projects/{project_id}/files", params={"query": "only"})
    assert other.json()["paths"] == []


async def test_an_index_that_cannot_be_read_is_done_without(api: Api, repository: MakeRepository) -> None:
    made = repository()
    (made.path / ".git" / "index").write_bytes(b"no index at all")
    project_id, _ = await place(api, made.path)
    found = (await api.http.get(f"/api/projects/{project_id}/files", params={"query": "main"})).json()
    assert found["paths"] == ["src/main.py"]


async def test_what_is_not_there_is_told(api: Api) -> None:
    for path, code in (("sessions", "session_not_found"), ("projects", "project_not_found")):
        answer = await api.http.get(f"/api/{path}/{new_id()}/files")
        assert (answer.status_code, answer.json()["code"]) == (404, code)
    assert (await api.http.get(f"/api/projects/{new_id()}/files", params={"limit": 101})).status_code == 422


async def test_a_file_is_read_as_it_is_now_and_only_if_it_is_text(
    api: Api, repository: MakeRepository, tmp_path: Path
) -> None:
    made = repository({"src/main.py": "one\n", "data.bin": "a\0b"})
    project_id, session_id = await place(api, made.path)
    address = f"/api/sessions/{session_id}/file"
    assert (await api.http.get(address, params={"path": "src/main.py"})).json()["code"] == "session_without_worktree"
    worktree = await worktree_of(api, made.path, project_id, session_id, tmp_path)
    (worktree.path / "src/main.py").write_text("two\nlines\n")
    (worktree.path / "src/out").symlink_to("/etc/hostname")
    (worktree.path / "src/long.txt").write_text("x" * (FILE_MAX_BYTES + 1))
    found = (await api.http.get(address, params={"path": "src/main.py"})).json()
    assert found == {"path": "src/main.py", "text": "two\nlines\n"}
    assert (await api.http.get(address, params={"path": "src/out"})).json()["text"] == "/etc/hostname"
    for path, code in {
        "src": "file_not_found",
        "../secret": "file_not_found",
        "/etc/hostname": "file_not_found",
        "data.bin": "file_not_text",
        "src/long.txt": "file_too_large",
    }.items():
        assert (await api.http.get(address, params={"path": path})).json()["code"] == code
