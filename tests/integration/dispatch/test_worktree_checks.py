"""What a turn knows of its worktree before it begins, and that it never goes by what is not true any more."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from boocoder.db.core.pool import Database
from boocoder.db.registry import projects
from boocoder.db.tasks import tasks
from boocoder.db.tasks.claim import ClaimedTask, claim_tasks
from boocoder.db.tasks.tasks import Task
from boocoder.dispatch.attempt_key import AttemptKey
from boocoder.dispatch.turn import worktree_checks
from boocoder.dispatch.turn.run import run_turn
from boocoder.dispatch.turn.services import TurnServices
from boocoder.dispatch.turn.worktree_checks import check_worktree
from boocoder.model.ids import ProjectId, new_id
from boocoder.model.task import TaskState
from boocoder.model.turn import StopSignal
from boocoder.worktrees.trust.project_trust import ProjectTrust
from tests.fixtures.repository import MakeRepository
from tests.fixtures.row_builders import LEASE_S, Owner, Place, add_host, add_place, add_task
from tests.fixtures.turn_services import services_of

RUNS = ".agent/hooks.json"


@dataclass
class Desk:
    """A session of a real repository, whose agent is the scripted one."""

    services: TurnServices
    owner: Owner
    place: Place

    async def claim(self) -> ClaimedTask:
        """A new task, claimed."""
        async with self.services.database.connection() as conn:
            await add_task(conn, self.place, prompt="[[say hello]]")
            (task,) = await claim_tasks(conn, self.owner.host_id, self.owner.instance_id, 1, LEASE_S)
        return task

    async def run(self, task: ClaimedTask) -> Task:
        """Run it to its end."""
        key = AttemptKey(task.id, task.epoch, self.owner.host_id, self.owner.instance_id)
        await run_turn(task, key, StopSignal(), self.services)
        async with self.services.database.connection() as conn:
            return await tasks.get_task(conn, task.id)


@pytest.fixture
async def desk(database: Database, repository: MakeRepository, tmp_path: Path) -> Desk:
    async with database.connection() as conn:
        owner = await add_host(conn)
        project = await projects.insert_project(conn, ProjectId(new_id()), "project", repository().path)
        place = await add_place(conn, project.id)
    services = services_of(database, tmp_path, owner)
    trust = ProjectTrust(database=database, patterns={"scripted": (RUNS,)})
    return Desk(replace(services, trust=trust), owner, place)


async def test_a_worktree_is_checked_ahead_once_it_is_there_and_in_order(desk: Desk) -> None:
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


async def test_an_untrusted_file_ends_the_turn_before_its_prompt(desk: Desk) -> None:
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


async def test_files_that_cannot_be_checked_end_the_turn_with_the_reason(desk: Desk) -> None:
    await desk.run(await desk.claim())
    second = await desk.claim()
    assert second.worktree_path is not None
    Path(second.worktree_path, RUNS).mkdir(parents=True)
    ended = await desk.run(second)
    assert (ended.state, ended.error_code) == (TaskState.FAILED, "runnable_files_unclear")
