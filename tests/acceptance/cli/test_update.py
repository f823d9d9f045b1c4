"""`boocoder update` on the running program: newer commits come in, conflicts are resolved by the agent."""

from __future__ import annotations

import json

from tests.fixtures.repository import Repository
from tests.fixtures.service import Installation


def test_a_session_is_updated_and_its_agent_resolves(shared_service: Installation, project: Repository) -> None:
    ran = shared_service.run("run", "[[write README.md|by the agent\n]]", "--json", "-a", "scripted", cwd=project.path)
    session = json.loads(ran.stdout.splitlines()[0])["session_id"]
    nothing = shared_service.run("update", session[:8], cwd=project.path)
    assert nothing.returncode == 0 and "have all of commit" in nothing.stdout, nothing.stderr
    project.write("newer.txt", b"newer\n")
    project.commit("Newer")
    updated = shared_service.run("update", session[:8], cwd=project.path)
    assert f"goes on from commit {project.head()[:10]}; 1 file changed" in updated.stdout, updated.stderr
    worktree = shared_service.data_dir / "worktrees" / session
    assert (worktree / "newer.txt").exists() and (worktree / "README.md").read_text() == "by the agent\n"
    project.write("README.md", b"by the user\n")
    project.commit("Mine")
    met = json.loads(shared_service.run("update", session[:8], "--json", cwd=project.path).stdout)
    assert met["conflicts"] == ["README.md"] and "<<<<<<<" in (worktree / "README.md").read_text()
    waited = shared_service.run("wait", met["task_id"], cwd=project.path)
    assert waited.returncode == 0, waited.stderr
    unknown = shared_service.run("update", session[:8], "--onto", "no-such-branch", cwd=project.path)
    assert unknown.returncode == 2 and "no-such-branch" in unknown.stderr
