"""Files of the user's checkout that change while a turn runs are named, and nothing else is."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from boocoder.events.agent_event import Notice
from boocoder.git.shadow.registry import ShadowRegistry
from boocoder.model.ids import ProjectId, new_id
from boocoder.worktrees.checkout_watch import CheckoutWatch, TurnWatch
from tests.fixtures.repository import MakeRepository, Repository

WAIT_S = 60.0  # a look takes milliseconds; the machine may be busy


@pytest.fixture
def project(repository: MakeRepository) -> Repository:
    return repository()


@pytest.fixture
async def watch(tmp_path: Path) -> AsyncIterator[CheckoutWatch]:
    made = CheckoutWatch(shadows=ShadowRegistry(root=tmp_path / "shadows"))
    yield made
    await made.stop()


PROJECT = ProjectId(new_id())


async def begun(watch: CheckoutWatch, project: Repository) -> TurnWatch:
    """A turn's watch whose first look is over."""
    turn = watch.turn(PROJECT, project.path)
    turn.begin()
    async with asyncio.timeout(WAIT_S):
        await watch.look(PROJECT, project.path)  # comes after the first one
    return turn


async def told(turn: TurnWatch) -> Notice | None:
    turn.look_again()
    return await turn.notice(WAIT_S)


async def test_new_changed_and_deleted_files_are_named(watch: CheckoutWatch, project: Repository) -> None:
    project.write("dirty.txt", "before\n")
    project.write("same.txt", "before\n")
    turn = await begun(watch, project)
    project.write("dirty.txt", "after, and longer\n")
    project.write("README.md", "changed\n")
    project.write("new.txt", "new\n")
    (project.path / "src/main.py").unlink()
    notice = await told(turn)
    assert notice is not None and notice.code == "checkout_changed"
    assert "4 files of your checkout changed: README.md, dirty.txt, new.txt, src/main.py." in notice.text


async def test_nothing_is_said_of_what_stayed_or_was_committed(watch: CheckoutWatch, project: Repository) -> None:
    project.write("README.md", "changed before the turn\n")
    project.write("untracked.txt", "before the turn\n")
    turn = await begun(watch, project)
    project.commit("What was there")
    project.write("build/out.log", "ignored\n")
    assert await told(turn) is None


async def test_a_file_put_back_in_order_is_named(watch: CheckoutWatch, project: Repository) -> None:
    project.write("README.md", "edited by the person\n")
    turn = await begun(watch, project)
    project.git("checkout", "--", "README.md")
    notice = await told(turn)
    assert notice is not None and "1 file of your checkout changed: README.md." in notice.text


async def test_names_are_shown_without_loss(watch: CheckoutWatch, project: Repository) -> None:
    turn = await begun(watch, project)
    (project.path / os.fsdecode(b"b\xffd")).write_bytes(b"x")
    notice = await told(turn)
    assert notice is not None and "b\\xffd" in notice.text


async def test_looks_that_are_asked_for_at_once_are_one(watch: CheckoutWatch, project: Repository) -> None:
    tasks = [watch.look(PROJECT, project.path) for _ in range(20)]
    assert len(set(tasks)) == 1
    async with asyncio.timeout(WAIT_S):
        await asyncio.gather(*tasks)
        assert watch.look(PROJECT, project.path) not in tasks


async def test_a_checkout_that_is_gone_ends_no_turn(watch: CheckoutWatch, project: Repository) -> None:
    turn = await begun(watch, project)
    project.path.rename(project.path.with_name("moved"))
    assert await told(turn) is None


async def test_what_changed_of_the_repository_is_named(watch: CheckoutWatch, project: Repository) -> None:
    project.git("branch", "feature")
    project.git("tag", "v1")
    project.write("second.txt", "second\n")
    project.commit("Second")
    project.write("README.md", "stashed\n")
    turn = await begun(watch, project)
    project.git("branch", "-D", "feature")
    project.git("tag", "-f", "v1")
    project.git("stash", "-q")
    project.git("config", "core.hooksPath", "hooks")
    project.write(".git/hooks/pre-commit", "exit 1\n")
    notice = await told(turn)
    assert notice is not None and notice.code == "checkout_changed"
    listed = ".git/config, .git/hooks/pre-commit, branch feature (deleted), the stash, tag v1 (moved)"
    assert f"n your repository these changed: {listed}." in notice.text


async def test_a_branch_that_gains_commits_is_no_news(watch: CheckoutWatch, project: Repository) -> None:
    turn = await begun(watch, project)
    project.commit("Another")
    assert await told(turn) is None
    turn = await begun(watch, project)
    project.git("reset", "-q", "--soft", "HEAD~1")
    notice = await told(turn)
    assert notice is not None
    assert "in your repository these changed: branch main (moved)." in notice.text
