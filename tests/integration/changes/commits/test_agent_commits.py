"""The commits that an agent made: named with the change, and kept as they are where all of it is applied."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from boocoder.changes.apply.planner import ApplyReport, ApplyRequest, BranchStart
from boocoder.changes.commits.agent_commits import agent_commits
from boocoder.db.core.pool import Database
from boocoder.model.change import ApplyTarget, Verdict
from boocoder.model.ids import ChangeId
from tests.fixtures.changes.change_harness import ChangeHarness, make_desk
from tests.fixtures.repository import MakeRepository

AUTHOR = ("-c", "user.name=Agnes Agent", "-c", "user.email=agnes@example.org")


@pytest.fixture
async def desk(database: Database, repository: MakeRepository, tmp_path: Path) -> ChangeHarness:
    return await make_desk(database, repository, tmp_path)


def agent(desk: ChangeHarness, *args: str) -> str:
    """What the agent's own git does in its worktree."""
    command = ["git", *AUTHOR, *args]
    return subprocess.run(command, cwd=desk.worktree.path, check=True, capture_output=True, text=True).stdout.strip()


def commit(desk: ChangeHarness, message: str, **files: str) -> None:
    for name, text in files.items():
        (desk.worktree.path / f"{name}.txt").write_text(text)
    agent(desk, "add", "-A")
    agent(desk, "commit", "-q", "-m", message)


def log(desk: ChangeHarness, revisions: str) -> list[str]:
    form = "--format=%an <%ae> %cn: %B%x00"
    printed = desk.project.git("log", "--reverse", form, revisions).decode().split("\0")
    return [one.strip() for one in printed if one.strip()]


async def keep(desk: ChangeHarness, change_id: ChangeId, **fields: object) -> ApplyReport:
    asked = {"target": ApplyTarget.COMMIT, "keep_commits": True} | fields
    return await desk.applier.apply(change_id, ApplyRequest(**asked))  # type: ignore[arg-type]


async def test_a_change_names_the_commits_of_its_agent(desk: ChangeHarness) -> None:
    commit(desk, "Add one\n\nBecause.", one="1\n")
    commit(desk, "Add two and three", two="2\n", three="3\n")
    change = await desk.change(await desk.store())
    made = (await agent_commits(desk.database, desk.shadow, change)).commits
    assert [(one.subject, one.author_name, one.author_email) for one in made] == [
        ("Add one", "Agnes Agent", "agnes@example.org"),
        ("Add two and three", "Agnes Agent", "agnes@example.org"),
    ]
    assert [one.paths for one in made] == [(b"one.txt",), (b"three.txt", b"two.txt")]
    assert made[0].message.strip() == "Add one\n\nBecause."


@pytest.mark.parametrize("target", [ApplyTarget.COMMIT, ApplyTarget.BRANCH])
async def test_commits_are_kept_with_message_author_and_files(desk: ChangeHarness, target: ApplyTarget) -> None:
    head = desk.project.head()
    commit(desk, "Add one\n\nBecause.", one="1\n")
    commit(desk, "Add two", two="2\n")
    change_id = await desk.store()
    report = await keep(desk, change_id, target=target)
    user = desk.project.git("log", "-1", "--format=%cn", head).decode().strip()
    assert log(desk, f"{head}..{report.commit}") == [
        f"Agnes Agent <agnes@example.org> {user}: Add one\n\nBecause.",
        f"Agnes Agent <agnes@example.org> {user}: Add two",
    ]
    assert (report.commits, report.state) == (2, "applied")
    tree = desk.project.git("rev-parse", f"{report.commit}^{{tree}}").decode().strip()
    assert tree == (await desk.change(change_id)).tree
    names = desk.project.git("show", "--format=", "--name-only", f"{report.commit}^").decode().split()
    assert names == ["one.txt"]
    assert desk.project.git("fsck", "--strict") == b""


async def test_commits_go_onto_newer_ones_and_what_is_not_committed_is_one_more(desk: ChangeHarness) -> None:
    commit(desk, "Add one", one="1\n")
    (desk.worktree.path / "left.txt").write_text("not committed\n")
    change_id = await desk.store()
    desk.project.write("src/main.py", b"committed since\n")
    head = desk.project.commit("Meanwhile")
    report = await keep(desk, change_id, message="The rest", co_author=True)
    assert report.commits == 2
    first, second = log(desk, f"{head}..{report.commit}")
    assert first.startswith("Agnes Agent") and "Co-authored-by: scripted <scripted@agents.invalid>" in first
    assert "The rest" in second and "Agnes" not in second
    whole = desk.project.git("diff", "--name-only", head, report.commit or "").decode().split()
    assert whole == ["left.txt", "one.txt"]


async def test_a_conflicting_commit_makes_one_of_them_all(desk: ChangeHarness) -> None:
    commit(desk, "Say one", shared="agent's first\n")
    commit(desk, "Take it back", shared="what both say\n")
    change_id = await desk.store()
    desk.project.write("shared.txt", b"what both say\n")
    desk.project.write("other.txt", b"x\n")
    desk.project.commit("The same")
    commit(desk, "Add more", more="m\n")
    change_id = await desk.store()
    report = await keep(desk, change_id, target=ApplyTarget.BRANCH, start=BranchStart.HEAD)
    assert report.commits == 1
    assert any("conflicts with what you have" in warning for warning in report.warnings)


async def test_a_file_that_only_a_commit_has_is_not_brought_along(desk: ChangeHarness) -> None:
    commit(desk, "Add a key", secret="hunter2\n", one="1\n")
    (desk.worktree.path / "secret.txt").unlink()
    commit(desk, "Remove it")
    report = await keep(desk, await desk.store())
    assert report.commits == 1 and any("has a file that the change has not" in one for one in report.warnings)
    everything = desk.project.git("log", "-p", "--format=%B", f"{desk.worktree.base_commit}..HEAD")
    assert b"hunter2" not in everything


async def test_a_merge_or_a_part_is_one_commit(desk: ChangeHarness) -> None:
    agent(desk, "checkout", "-q", "-b", "side")
    commit(desk, "Add side", side="s\n")
    agent(desk, "checkout", "-q", "-")
    commit(desk, "Add one", one="1\n")
    agent(desk, "merge", "-q", "--no-edit", "side")
    change_id = await desk.store()
    preview = await desk.applier.preview(change_id, ApplyRequest(target=ApplyTarget.COMMIT, keep_commits=True))
    assert preview.commits == 1 and any("contain a merge" in one for one in preview.warnings)
    await desk.decide(change_id, Verdict.ACCEPTED, b"one.txt")
    report = await keep(desk, change_id)
    assert report.commits == 1 and any("Only a part" in one for one in report.warnings)


async def test_one_commit_gets_its_message_from_the_agents(desk: ChangeHarness) -> None:
    commit(desk, "Fix the parser\n\nIt failed on tabs.", one="1\n")
    first = await keep(desk, await desk.store(), keep_commits=False)
    assert (
        log(desk, f"{first.commit}^!")[0].split(": ", 1)[1].startswith("Fix the parser\n\nIt failed on tabs.\n\nAgent:")
    )
    commit(desk, "Add two", two="2\n")
    commit(desk, "Add three", three="3\n")
    second = await keep(desk, await desk.store(), keep_commits=False)
    assert "\n\n- Add two\n- Add three\n\nAgent:" in log(desk, f"{second.commit}^!")[0]
    assert second.commits == 1


async def test_what_is_applied_is_not_named_again(desk: ChangeHarness) -> None:
    commit(desk, "Add one", one="1\n")
    await keep(desk, await desk.store(), target=ApplyTarget.CHECKOUT, keep_commits=False)
    commit(desk, "Add two", two="2\n")
    change = await desk.change(await desk.store())
    assert [one.subject for one in (await agent_commits(desk.database, desk.shadow, change)).commits] == ["Add two"]


async def test_commits_that_the_agent_has_deleted_are_not_named(desk: ChangeHarness) -> None:
    commit(desk, "Add one", one="1\n")
    change_id = await desk.store()
    agent(desk, "reset", "-q", "--soft", "HEAD~1")
    agent(desk, "reflog", "expire", "--expire=now", "--all")
    agent(desk, "gc", "-q", "--prune=now")
    report = await keep(desk, change_id)
    assert (report.commits, report.warnings) == (1, ())
    assert desk.project.git("show", "HEAD:one.txt") == b"1\n"
