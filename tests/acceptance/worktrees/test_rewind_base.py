"""A rewind to before the base moved: the change is the session's own work alone, nothing of the person's is lost."""

from __future__ import annotations

import pytest

from tests.acceptance.harness import ServiceHarness
from tests.acceptance.many_tasks import Created
from tests.acceptance.worktrees.sessions import apply, changed, fork, read, rewind, update, worktree_of
from tests.fixtures.repository import Repository


async def plain_git(desk: ServiceHarness, project: Repository, created: Created) -> set[str]:
    """The files that differ from HEAD in the session's worktree, as the person's git says."""
    path = await worktree_of(desk, created)
    listed = project.git("status", "--porcelain", "-uall", cwd=path).decode().splitlines()
    return {line[3:] for line in listed}


def commit(project: Repository, name: str, text: str) -> str:
    """A commit of the person's."""
    project.write(name, text)
    return project.commit(f"Mine: {name}")


async def test_the_persons_newer_files_are_no_part_of_a_rewound_change(
    desk: ServiceHarness, project: Repository
) -> None:
    first, _ = await desk.run("[[write one.txt|one]]")
    await desk.run("[[write two.txt|two]]", session=first.session_id)
    old = project.head()
    new = commit(project, "user.txt", "user")
    assert (await update(desk, first)).commit == new
    done = await rewind(desk, first, first)
    files = await worktree_of(desk, first)
    assert not (files / "user.txt").exists() and not (files / "two.txt").exists()
    assert project.git("rev-parse", "HEAD", cwd=files).decode().strip() == old
    assert await changed(desk, first) == {"one.txt": "one"}
    assert await plain_git(desk, project, first) == {"one.txt"}
    child = await fork(desk, first, "[[write child.txt|child]]")
    assert await changed(desk, child) == {"one.txt": "one", "child.txt": "child"}
    # the rewind is undone
    await rewind(desk, first, snapshot_id=str(done.before.id))
    assert project.git("rev-parse", "HEAD", cwd=files).decode().strip() == new
    assert await changed(desk, first) == {"one.txt": "one", "two.txt": "two"}
    assert await plain_git(desk, project, first) == {"one.txt", "two.txt"}
    # and done again; the session goes on from there, is brought forward, and applied
    await rewind(desk, first, first)
    await desk.run("[[write three.txt|three]]", session=first.session_id)
    assert await changed(desk, first) == {"one.txt": "one", "three.txt": "three"}
    assert (await update(desk, first)).conflicts == ()
    assert read(files / "user.txt") == "user"
    assert await changed(desk, first) == {"one.txt": "one", "three.txt": "three"}
    await apply(desk, first, "checkout")
    assert read(project.path / "user.txt") == "user" and not (project.path / "two.txt").exists()


@pytest.mark.parametrize("target", ["checkout", "commit"])
async def test_what_was_applied_is_neither_taken_back_nor_shown_again(
    desk: ServiceHarness, project: Repository, target: str
) -> None:
    first, _ = await desk.run("[[write one.txt|one]]")
    await desk.run("[[write two.txt|two]]", session=first.session_id)
    commit(project, "user.txt", "user")
    await apply(desk, first, target)
    await rewind(desk, first, first)
    files = await worktree_of(desk, first)
    assert [read(files / "one.txt"), (files / "two.txt").exists(), (files / "user.txt").exists()] == [
        "one",
        False,
        False,
    ]
    assert await changed(desk, first) == {}
    child = await fork(desk, first, "[[write child.txt|child]]")
    assert await changed(desk, child) == {"child.txt": "child"}
    await desk.run("[[write three.txt|three]] [[write two.txt|two]]", session=first.session_id)
    assert await changed(desk, first) == {"three.txt": "three", "two.txt": "two"}, "the agent did it once more"
    await apply(desk, first, target)
    names = ("one.txt", "two.txt", "three.txt", "user.txt")
    assert [read(project.path / name) for name in names] == ["one", "two", "three", "user"]
    assert await changed(desk, first) == {}


async def test_what_was_not_applied_is_in_the_change_after_a_rewind(desk: ServiceHarness, project: Repository) -> None:
    first, _ = await desk.run("[[write one.txt|one]] [[write rest.txt|rest]]")
    await desk.run("[[write two.txt|two]]", session=first.session_id)
    (pending,) = [one for one in await desk.changes(first) if one.state == "pending"]
    body = {"verdict": "accepted", "paths": ["one.txt", "two.txt"]}
    await desk.client.request("POST", f"/api/changes/{pending.id}/review", body=body)
    await apply(desk, first, "commit")
    assert await changed(desk, first) == {"rest.txt": "rest"}
    await rewind(desk, first, first)
    assert await changed(desk, first) == {"rest.txt": "rest"}
    await apply(desk, first, "commit")
    assert project.git("status", "--porcelain") == b""
    assert [read(project.path / name) for name in ("one.txt", "two.txt", "rest.txt")] == ["one", "two", "rest"]


async def test_a_merge_of_the_agent_is_gone_with_the_rewind(desk: ServiceHarness, project: Repository) -> None:
    first, _ = await desk.run("[[write one.txt|one]]")
    commit(project, "user.txt", "user")
    merge = f"git add -A && git commit -qm mine && git fetch -q {project.path} HEAD && git merge -q FETCH_HEAD"
    await desk.run(f"[[bash {merge}]]", session=first.session_id)
    files = await worktree_of(desk, first)
    assert read(files / "user.txt") == "user" and await changed(desk, first) == {"one.txt": "one"}
    await rewind(desk, first, first)
    assert not (files / "user.txt").exists()
    await desk.run("[[write two.txt|two]]", session=first.session_id)
    assert await changed(desk, first) == {"one.txt": "one", "two.txt": "two"}
    assert await plain_git(desk, project, first) == {"one.txt", "two.txt"}
    assert b"refs/boocoder/left" in project.git("for-each-ref", cwd=files), "its commits are not lost"


async def test_a_merge_with_conflicts_that_the_agent_left_is_ended(desk: ServiceHarness, project: Repository) -> None:
    first, _ = await desk.run("[[write README.md|agent]]")
    commit(project, "README.md", "user")
    commit(project, "user.txt", "user")
    merge = f"git commit -qam mine && git fetch -q {project.path} HEAD; git merge -q FETCH_HEAD; true"
    await desk.run(f"[[bash {merge}]]", session=first.session_id)
    files = await worktree_of(desk, first)
    assert b"Unmerged" in project.git("status", cwd=files) or b"unmerged" in project.git("status", cwd=files)
    await rewind(desk, first, first)
    assert b"merg" not in project.git("status", cwd=files)
    await desk.run("[[bash git commit -qam again; true]]", session=first.session_id)
    assert await changed(desk, first) == {"README.md": "agent"}


async def test_a_rewind_goes_behind_an_update_with_conflicts(desk: ServiceHarness, project: Repository) -> None:
    first, _ = await desk.run("[[write README.md|agent]]")
    commit(project, "README.md", "user")
    commit(project, "user.txt", "user")
    updated = await update(desk, first)
    assert updated.conflicts == ("README.md",) and updated.task_id is not None
    await desk.follow(Created(str(updated.task_id), first.session_id, first.chat_id))
    await rewind(desk, first, first)
    assert await changed(desk, first) == {"README.md": "agent"}
    assert await plain_git(desk, project, first) == {"README.md"}
    assert (await update(desk, first)).conflicts == ("README.md",)
