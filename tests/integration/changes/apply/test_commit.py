"""Applying a change as a commit: the commit, the files, the index and the reflog, and what is never touched."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest

from boocoder.changes.apply.conflicts import ApplyConflict
from boocoder.changes.apply.planner import ApplyRequest
from boocoder.db.core.pool import Database
from boocoder.errors import Conflict
from boocoder.git.diff.merge import ConflictKind
from boocoder.git.user.index import index_lock
from boocoder.model.change import ApplyTarget
from boocoder.model.task import ChangeState
from tests.fixtures.changes.change_harness import ChangeHarness, make_desk
from tests.fixtures.changes.random_tree import content_of
from tests.fixtures.repository import MakeRepository

COMMIT = ApplyRequest(target=ApplyTarget.COMMIT)


@pytest.fixture
async def desk(database: Database, repository: MakeRepository, tmp_path: Path) -> ChangeHarness:
    return await make_desk(database, repository, tmp_path)


def git(desk: ChangeHarness, *args: str) -> str:
    return desk.project.git(*args).decode()


async def test_a_commit_holds_the_change_and_nothing_of_the_users_edits(desk: ChangeHarness) -> None:
    project, worktree = desk.project, desk.worktree.path
    lines = (project.path / "src/lines.txt").read_bytes()
    (worktree / "src/lines.txt").write_bytes(lines.replace(b"line 2\n", b"two\n"))
    (worktree / "new/deep.sh").parent.mkdir()
    (worktree / "new/deep.sh").write_bytes(b"#!/bin/sh\n")
    (worktree / "new/deep.sh").chmod(0o755)
    (worktree / "src/main.py").unlink()
    project.write("src/lines.txt", lines.replace(b"line 30\n", b"thirty\n"))
    project.write("staged.txt", b"staged\n")
    project.git("add", "staged.txt")
    project.write("untracked.txt", b"mine\n")
    config = (project.path / ".git/config").read_bytes()
    before, change_id = project.head(), await desk.store()
    report = await desk.applier.apply(change_id, COMMIT)
    assert (report.state, report.files, report.ref, report.left) == ("applied", 3, "refs/heads/main", ())
    assert project.head() == report.commit
    assert git(desk, "rev-parse", "HEAD^").strip() == before
    assert git(desk, "rev-parse", "HEAD^{tree}").strip() == (await desk.change(change_id)).tree
    assert git(desk, "status", "--porcelain").splitlines() == [" M src/lines.txt", "A  staged.txt", "?? untracked.txt"]
    both = lines.replace(b"line 2\n", b"two\n").replace(b"line 30\n", b"thirty\n")
    assert (project.path / "src/lines.txt").read_bytes() == both
    assert git(desk, "log", "-1", "--format=%an <%ae> %cn <%ce>").strip() == (
        "A Person <person@example.org> A Person <person@example.org>"
    )
    for name in ("HEAD", "main"):
        assert git(desk, "reflog", "-1", "--format=%gs", name).strip() == "boocoder: apply"
    assert (project.path / ".git/config").read_bytes() == config
    assert [
        path.name for path in (project.path / ".git").iterdir() if "boocoder" in path.name or "lock" in path.name
    ] == []
    assert git(desk, "fsck", "--strict").strip() == ""
    assert (await desk.applier.apply(change_id, COMMIT)).commit == report.commit
    assert (await desk.applier.apply(change_id)).state == "already_applied"
    assert project.head() == report.commit


async def test_the_message_is_written_from_the_session_or_given(desk: ChangeHarness) -> None:
    (desk.worktree.path / "README.md").write_bytes(b"one\n")
    await desk.applier.apply(await desk.store(), COMMIT)
    assert git(desk, "log", "-1", "--format=%B").strip() == "session\n\ndo it\n\nAgent: scripted"
    (desk.worktree.path / "README.md").write_bytes(b"two\n")
    given = ApplyRequest(target=ApplyTarget.COMMIT, message="Say two\x1b[31m\n\nBecause.\n", co_author=True)
    await desk.applier.apply(await desk.store(), given)
    wanted = "Say two [31m\n\nBecause.\n\nCo-authored-by: scripted <scripted@agents.invalid>"
    assert git(desk, "log", "-1", "--format=%B").strip() == wanted


async def test_staged_edits_of_a_changed_file_are_a_named_conflict(desk: ChangeHarness) -> None:
    (desk.worktree.path / "README.md").write_bytes(b"by the agent\n")
    (desk.worktree.path / "dir").write_bytes(b"a file\n")
    change_id = await desk.store()
    readme = (desk.project.path / "README.md").read_bytes()
    desk.project.write("README.md", b"staged\n")
    desk.project.git("add", "README.md")
    desk.project.write("README.md", readme)
    before, index = content_of(desk.project.path), (desk.project.path / ".git/index").read_bytes()
    head = desk.project.head()
    with pytest.raises(ApplyConflict) as error:
        await desk.applier.apply(change_id, COMMIT)
    assert [(one.path, one.kind) for one in error.value.conflicts] == [(b"README.md", ConflictKind.STAGED)]
    assert (content_of(desk.project.path), desk.project.head()) == (before, head)
    assert (desk.project.path / ".git/index").read_bytes() == index
    assert await desk.state(change_id) is ChangeState.PENDING
    desk.project.git("reset", "-q", "README.md")
    desk.project.write("dir/inside", b"x\n")
    desk.project.git("add", "dir/inside")
    (desk.project.path / "dir/inside").unlink()
    (desk.project.path / "dir").rmdir()
    with pytest.raises(ApplyConflict) as error:
        await desk.applier.apply(change_id, COMMIT)
    assert [(one.path, one.kind) for one in error.value.conflicts] == [(b"dir/inside", ConflictKind.STAGED)]
    desk.project.git("reset", "-q")
    assert (await desk.applier.apply(change_id, COMMIT)).state == "applied"
    assert git(desk, "status", "--porcelain") == ""


async def test_a_detached_head_moves_and_no_branch_does(desk: ChangeHarness) -> None:
    desk.project.git("checkout", "-q", "--detach")
    (desk.worktree.path / "README.md").write_bytes(b"by the agent\n")
    before = desk.project.head()
    report = await desk.applier.apply(await desk.store(), COMMIT)
    assert report.ref == "HEAD"
    assert desk.project.head() == report.commit
    assert git(desk, "rev-parse", "main").strip() == before
    assert git(desk, "status", "--porcelain") == ""


async def test_what_the_repository_is_not_ready_for_is_refused(desk: ChangeHarness) -> None:
    project = desk.project
    (desk.worktree.path / "README.md").write_bytes(b"by the agent\n")
    change_id = await desk.store()

    async def refused() -> str:
        with pytest.raises(Conflict) as error:
            await desk.applier.apply(change_id, COMMIT)
        assert error.value.cure
        return error.value.code

    (project.path / ".git/MERGE_HEAD").write_text(project.head() + "\n")
    assert await refused() == "git_operation_under_way"
    (project.path / ".git/MERGE_HEAD").unlink()
    (project.path / ".git/rebase-merge").mkdir()
    assert await refused() == "git_operation_under_way"
    (project.path / ".git/rebase-merge").rmdir()
    project.git("config", "user.email", "")
    assert await refused() == "git_identity_missing"
    project.git("config", "user.email", "person@example.org")
    project.git("checkout", "-q", "--orphan", "fresh")
    assert await refused() == "branch_unborn"
    project.git("checkout", "-q", "-f", "main")
    assert await desk.journal() == []
    assert (await desk.applier.apply(change_id, COMMIT)).state == "applied"


async def test_a_held_index_is_waited_for(desk: ChangeHarness) -> None:
    (desk.worktree.path / "README.md").write_bytes(b"by the agent\n")
    change_id = await desk.store()
    lock = desk.project.path / ".git/index.lock"
    lock.write_bytes(b"")
    before = content_of(desk.project.path)
    applying = asyncio.ensure_future(desk.applier.apply(change_id, COMMIT))
    while not await desk.journal():
        assert not applying.done()
    assert content_of(desk.project.path) == before
    lock.unlink()
    assert (await applying).state == "applied"


async def test_an_index_held_too_long_is_named_and_its_lock_left(desk: ChangeHarness) -> None:
    lock = desk.project.path / ".git/index.lock"
    lock.write_bytes(b"")
    with pytest.raises(Conflict) as error:
        async with index_lock(desk.shadow.checkout, "ours", wait_s=0.2):
            raise AssertionError("it is held")
    assert error.value.code == "index_locked"
    assert str(lock) in error.value.text
    assert lock.exists()
    lock.unlink()
    async with index_lock(desk.shadow.checkout, "ours"):
        done = subprocess.run(["git", "add", "README.md"], cwd=desk.project.path, capture_output=True, check=False)
        assert b"index.lock" in done.stderr
    assert not lock.exists()


async def test_a_branch_that_cannot_move_gives_the_files_back(desk: ChangeHarness) -> None:
    (desk.worktree.path / "README.md").write_bytes(b"by the agent\n")
    (desk.worktree.path / "src/main.py").unlink()
    change_id = await desk.store()
    (desk.project.path / ".git/refs/heads/main.lock").write_bytes(b"")
    before, index = content_of(desk.project.path), (desk.project.path / ".git/index").read_bytes()
    with pytest.raises(Conflict) as error:
        await desk.applier.apply(change_id, COMMIT)
    assert error.value.code == "reference_locked"
    assert content_of(desk.project.path) == before
    assert (desk.project.path / ".git/index").read_bytes() == index
    assert await desk.state(change_id) is ChangeState.PENDING
    (desk.project.path / ".git/refs/heads/main.lock").unlink()
    assert (await desk.applier.apply(change_id, COMMIT)).state == "applied"


async def test_what_is_committed_already_makes_no_commit(desk: ChangeHarness) -> None:
    (desk.worktree.path / "README.md").write_bytes(b"by the agent\n")
    change_id = await desk.store()
    desk.project.write("README.md", b"by the agent\n")
    head = desk.project.commit("The same by hand")
    report = await desk.applier.apply(change_id, COMMIT)
    assert (report.state, report.target, report.commit) == ("applied", ApplyTarget.CHECKOUT, None)
    assert desk.project.head() == head


async def test_no_hook_runs(desk: ChangeHarness, tmp_path: Path) -> None:
    for name in ("pre-commit", "commit-msg", "post-commit", "reference-transaction", "post-index-change"):
        hook = desk.project.write(f".git/hooks/{name}", f"#!/bin/sh\necho {name} >> {tmp_path}/ran\n")
        hook.chmod(0o755)
    (desk.worktree.path / "README.md").write_bytes(b"by the agent\n")
    assert (await desk.applier.apply(await desk.store(), COMMIT)).commit == desk.project.head()
    assert not (tmp_path / "ran").exists()


async def test_other_forms_of_index_and_objects_are_kept_right(desk: ChangeHarness) -> None:
    desk.project.git("update-index", "--split-index")
    desk.project.git("pack-refs", "--all")
    desk.project.git("gc", "-q")
    (desk.worktree.path / "README.md").write_bytes(b"by the agent\n")
    (desk.worktree.path / "src/main.py").unlink()
    desk.project.write("mine.txt", b"mine\n")
    desk.project.git("add", "mine.txt")
    await desk.applier.apply(await desk.store(), COMMIT)
    assert git(desk, "status", "--porcelain").splitlines() == ["A  mine.txt"]
    assert git(desk, "fsck", "--strict").strip() == ""


async def test_the_users_own_git_may_work_at_the_same_time(desk: ChangeHarness) -> None:
    project, numbers = desk.project, iter(range(1000))

    def user_commits() -> bool:
        number = next(numbers)
        project.write(f"mine/{number}.txt", b"%d\n" % number)
        commands = (["git", "add", f"mine/{number}.txt"], ["git", "commit", "-q", "-m", f"user {number}"])
        return all(
            subprocess.run(one, cwd=project.path, capture_output=True, check=False).returncode == 0 for one in commands
        )

    by_user = made = 0
    for number in range(4):
        (desk.worktree.path / f"agent{number}.txt").write_bytes(b"by the agent\n")
        change_id = await desk.store()
        for attempt in range(4):
            busy = asyncio.ensure_future(asyncio.to_thread(user_commits)) if attempt < 3 else None
            try:
                await desk.applier.apply(change_id, COMMIT)
            except Conflict as refused:
                assert refused.code in ("reference_moved", "index_locked", "apply_conflicts")
            by_user += await busy if busy else 0
            if await desk.state(change_id) is ChangeState.APPLIED:
                made += 1
                break
    assert made == 4
    subjects = git(desk, "log", "--format=%s").splitlines()
    assert sum(subject.startswith("user ") for subject in subjects) == by_user
    assert len(subjects) == by_user + made + 1
    assert not [path for path in git(desk, "diff", "--name-only", "HEAD").splitlines() if path.startswith("agent")]
    assert git(desk, "fsck", "--strict", "--no-dangling").strip() == ""


async def test_rules_that_the_commit_does_not_follow_are_warned_of(desk: ChangeHarness) -> None:
    (desk.worktree.path / "README.md").write_bytes(b"by the agent\n")
    change = await desk.store()
    assert (await desk.applier.preview(change, COMMIT)).warnings == ()
    hooks = desk.project.path / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for name, mode in (("pre-commit", 0o755), ("commit-msg", 0o755), ("post-commit", 0o644), ("pre-push", 0o755)):
        (hooks / name).write_text("#!/bin/sh\nexit 1\n")
        (hooks / name).chmod(mode)
    desk.project.git("config", "commit.gpgsign", "true")
    wanted = (
        "The commit is not signed, although commit.gpgsign is set; the setting sign_commits signs it.",
        "Hooks did not run: pre-commit, commit-msg; the project's setting commit_hooks runs them.",
    )
    assert (await desk.applier.preview(change, COMMIT)).warnings == wanted
    assert (await desk.applier.preview(change)).warnings == ()
    desk.project.git("config", "core.hooksPath", "nowhere")
    assert (await desk.applier.apply(change, COMMIT)).warnings == wanted[:1]
