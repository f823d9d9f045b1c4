"""What a turn knows of its worktree before it begins, and that it never goes by what is not true any more."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from boocoder.db.core.pool import Database
from boocoder.dispatch.turn import worktree_checks
from boocoder.dispatch.turn.worktree_checks import check_worktree
from boocoder.model.task import TaskState
from boocoder.worktrees.trust.project_trust import ProjectTrust
from tests.fixtures.repository import MakeRepository
from tests.fixtures.turn_desk import TurnDesk, turn_desk

RUNS = ".agent/hooks.json"


@pytest.fixture
async def desk(database: Database, repository: MakeRepository, tmp_path: Path) -> TurnDesk:
    made = await turn_desk(database, repository().path, tmp_path)
    trust = ProjectTrust(database=database, patterns={"scripted": (RUNS,)})
    return replace(made, services=replace(made.services, trust=trust))


async def test_a_worktree_is_checked_ahead_once_it_is_there_and_in_order(desk: TurnDesk) -> None:
    first = await desk.claim()
    assert await check_worktree(first, "scripted", desk.services) is None
    assert (await desk.run(first)).state is TaskState.COMPLETED
    second = await desk.claim()
    check = await check_worktree(second, "scripted", desk.services)
    assert check is not None and check.refusal is None
    assert not replace(check, began=check.began - 2 * worktree_checks.CHECK_MAX_AGE_S).fresh
    (check.worktree.path / ".git").unlink()
    assert await check_worktree(second, "scripted", desk.services) is None
    assert (await desk.run(second)).state is TaskState.COMPLETED
    assert (check.worktree.path / ".git").is_file()
    third = await desk.claim()
    shutil.rmtree(check.worktree.path)
    assert await check_worktree(third, "scripted", desk.services) is None


async def test_an_untrusted_file_ends_the_turn_before_its_prompt(desk: TurnDesk) -> None:
    await desk.run(await desk.claim())
    second = await desk.claim()
    assert second.worktree_path is not None
    file = Path(second.worktree_path, RUNS)
    file.parent.mkdir()
    file.write_text("{}")
    check = await check_worktree(second, "scripted", desk.services)
    assert check is not None and check.refusal is not None
    assert check.refusal.error.code == "project_not_trusted"
    assert (await check_worktree(second, "another", desk.services) or check).refusal is None
    ended = await desk.run(second)
    assert (ended.state, ended.error_code) == (TaskState.FAILED, "project_not_trusted")
    third = await desk.claim()
    (file.parent.parent / ".git").unlink()  # repaired by the turn, which checks the files after that
    ended = await desk.run(third)
    assert (ended.state, ended.error_code) == (TaskState.FAILED, "project_not_trusted")


async def test_files_that_cannot_be_checked_end_the_turn_with_the_reason(desk: TurnDesk) -> None:
    await desk.run(await desk.claim())
    second = await desk.claim()
    assert second.worktree_path is not None
    Path(second.worktree_path, RUNS).mkdir(parents=True)
    ended = await desk.run(second)
    assert (ended.state, ended.error_code) == (TaskState.FAILED, "runnable_files_unclear")
