"""The user's hooks run for commits of changes where the project's settings ask for it, and only there."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from boocoder.changes.apply.planner import ApplyRequest
from boocoder.db.core.pool import Database
from boocoder.db.registry.project_settings import put_project_settings
from boocoder.errors import Conflict
from boocoder.model.change import ApplyTarget
from boocoder.wire.projects import ProjectSettings
from tests.fixtures.changes.change_harness import ChangeHarness, make_desk
from tests.fixtures.repository import MakeRepository

COMMIT = ApplyRequest(target=ApplyTarget.COMMIT, message="Say hello")
BRANCH = ApplyRequest(target=ApplyTarget.BRANCH, message="Say hello", branch="greeting")


@pytest.fixture
async def desk(database: Database, repository: MakeRepository, tmp_path: Path) -> ChangeHarness:
    """A change to apply, in a project whose commits run the user's hooks."""
    made = await make_desk(database, repository, tmp_path)
    made.project.git("config", "user.name", "A Person")
    made.project.git("config", "user.email", "person@example.org")
    async with database.transaction() as conn:
        await put_project_settings(conn, ProjectSettings(made.place.project_id, commit_hooks=True))
    (made.worktree.path / "README.md").write_bytes(b"by the agent\n")
    return made


def add_hook(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def hooks(desk: ChangeHarness) -> Path:
    return desk.project.path / ".git/hooks"


def leftovers(desk: ChangeHarness) -> list[Path]:
    return [*(desk.project.path / ".git").glob("boocoder-commit-*"), *(desk.project.path / ".git").glob("worktrees")]


@pytest.mark.parametrize("request_", [COMMIT, BRANCH])
async def test_they_see_the_commit_and_may_word_its_message(
    desk: ChangeHarness, tmp_path: Path, request_: ApplyRequest
) -> None:
    said = tmp_path / "said"
    branch = desk.project.git("branch", "--show-current").decode().strip()
    add_hook(hooks(desk), "pre-commit", f"cat README.md >{said}; git diff --cached --name-only >>{said}")
    add_hook(hooks(desk), "prepare-commit-msg", f'echo "$2" >>{said}; git branch --show-current >>{said}')
    add_hook(hooks(desk), "commit-msg", 'echo "Ticket: 7" >>"$1"')
    add_hook(hooks(desk), "post-commit", f"git log -1 --format=%H >>{said}")
    report = await desk.applier.apply(await desk.store(), request_)
    assert report.commit is not None and report.warnings == ()
    seen = [line for line in said.read_text().splitlines() if line]
    on_branch = request_.target is ApplyTarget.COMMIT
    assert seen == ["by the agent", "README.md", "message", *((branch, report.commit) if on_branch else ())]
    message = desk.project.git("log", "-1", "--format=%B", report.commit).decode()
    assert message.startswith("Say hello") and message.rstrip().endswith("Ticket: 7")
    assert leftovers(desk) == []


async def test_one_that_refuses_leaves_everything_as_it_was(desk: ChangeHarness) -> None:
    add_hook(hooks(desk), "pre-commit", "echo 'README.md:1 trailing space' >&2; exit 3")
    change_id, head = await desk.store(), desk.project.head()
    with pytest.raises(Conflict) as refused:
        await desk.applier.apply(change_id, COMMIT)
    assert refused.value.code == "commit_hook_failed" and "README.md:1 trailing space" in refused.value.text
    assert desk.project.head() == head and (await desk.pending()) is not None and await desk.journal() == []
    assert (desk.project.path / "README.md").read_bytes() != b"by the agent\n" and leftovers(desk) == []
    add_hook(hooks(desk), "pre-commit", "true")
    assert (await desk.applier.apply(change_id, COMMIT)).state == "applied"


async def test_one_that_changes_files_is_named_with_them(desk: ChangeHarness) -> None:
    add_hook(hooks(desk), "pre-commit", "echo formatted >README.md; git add README.md")
    with pytest.raises(Conflict, match=r"changed files of the commit: README\.md") as refused:
        await desk.applier.apply(await desk.store(), COMMIT)
    assert refused.value.code == "commit_hook_changed_files" and leftovers(desk) == []


async def test_a_failed_post_commit_is_a_warning(desk: ChangeHarness) -> None:
    add_hook(hooks(desk), "post-commit", "echo no network; exit 1")
    report = await desk.applier.apply(await desk.store(), COMMIT)
    assert report.state == "applied"
    assert report.warnings == ("The hook post-commit failed. It said: no network",)


async def test_the_hooks_are_the_checkouts_and_not_those_that_the_change_brings(
    desk: ChangeHarness, tmp_path: Path
) -> None:
    desk.project.git("config", "core.hooksPath", "githooks")
    add_hook(desk.project.path / "githooks", "pre-commit", f"touch {tmp_path}/mine")
    add_hook(desk.worktree.path / "githooks", "commit-msg", f"touch {tmp_path}/planted")
    await desk.applier.apply(await desk.store(), BRANCH)
    assert (tmp_path / "mine").exists() and not (tmp_path / "planted").exists()


async def test_what_a_killed_process_left_is_removed_and_what_a_live_one_uses_stays(desk: ChangeHarness) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    branch = desk.project.git("branch", "--show-current").decode().strip()
    for pid in (ended.pid, os.getpid()):
        root = desk.project.path / ".git" / f"boocoder-commit-{pid}-0a0b0c0d"
        desk.project.git("worktree", "add", "-q", "--detach", "--no-checkout", str(root), "HEAD")
        desk.project.git("symbolic-ref", "HEAD", f"refs/heads/{branch}", cwd=root)
    add_hook(hooks(desk), "pre-commit", "true")
    assert (await desk.applier.apply(await desk.store(), COMMIT)).state == "applied"
    assert [path.name.split("-")[2] for path in leftovers(desk)[:-1]] == [str(os.getpid())]
    assert [path.name for path in (desk.project.path / ".git/worktrees").iterdir()] == [leftovers(desk)[0].name]
