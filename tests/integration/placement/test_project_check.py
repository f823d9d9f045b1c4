"""Which projects a host can serve: a repository is at the path, and it is the project's."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from boocoder.db.core.pool import Database
from boocoder.db.registry import host_projects, projects
from boocoder.db.registry.host_projects import ProjectState
from boocoder.db.tasks.claim import claim_tasks
from boocoder.errors import Conflict
from boocoder.model.ids import HostId, ProjectId, new_id
from boocoder.placement.project_check import ProjectCheck
from boocoder.placement.watch import PlacementWatch
from tests.fixtures.repository import MakeRepository, Repository
from tests.fixtures.row_builders import LEASE_S, Owner, add_host, add_place, add_task, offer


async def add_project(database: Database, path: Path) -> ProjectId:
    async with database.connection() as conn:
        return (await projects.insert_project(conn, ProjectId(new_id()), "project", path)).id


async def hosts_of(database: Database, number: int) -> list[Owner]:
    async with database.connection() as conn:
        return [await add_host(conn) for _ in range(number)]


async def looked(database: Database, host: Owner, project_id: ProjectId) -> ProjectState:
    return await ProjectCheck(database=database, host_id=host.host_id).check_one(project_id)


def swap(one: Path, other: Path) -> None:
    """What another machine has at the same path: the folders change places."""
    aside = one.with_name("aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)


async def test_tasks_stay_with_the_repository_that_was_added(database: Database, repository: MakeRepository) -> None:
    here, stranger = repository(), repository({"other.txt": "another history"}, name="stranger")
    has, other, lacks = await hosts_of(database, 3)
    project_id = await add_project(database, here.path)
    assert await looked(database, has, project_id) is ProjectState.READY
    swap(here.path, stranger.path)
    assert await looked(database, other, project_id) is ProjectState.OTHER_REPOSITORY
    swap(here.path, stranger.path)
    away = here.path.rename(here.path.with_name("away"))
    assert await looked(database, lacks, project_id) is ProjectState.MISSING
    away.rename(here.path)
    async with database.connection() as conn:
        for host in (has, other, lacks):
            await offer(conn, host)
        made = [await add_task(conn, await add_place(conn, project_id)) for _ in range(30)]
        for host in (other, lacks):
            assert await claim_tasks(conn, host.host_id, host.instance_id, 100, LEASE_S) == []
        claimed = await claim_tasks(conn, has.host_id, has.instance_id, 100, LEASE_S)
    assert [task.id for task in claimed] == made


async def test_a_project_that_moved_is_looked_for_again(database: Database, repository: MakeRepository) -> None:
    here, there = repository(), repository(name="there")
    (host,) = await hosts_of(database, 1)
    project_id = await add_project(database, here.path)
    assert await looked(database, host, project_id) is ProjectState.READY
    async with database.transaction() as conn:
        await projects.relink_project(conn, project_id, there.path)
        before = await host_projects.put_host_project(
            conn, host.host_id, project_id, ProjectState.READY, str(here.path)
        )
    assert not before, "what was seen at the old path says nothing"
    assert await state_of(database, host.host_id, project_id) is ProjectState.UNKNOWN


async def test_a_clone_is_the_same_repository_and_a_shallow_one_by_a_commit_of_a_session(
    database: Database, repository: MakeRepository
) -> None:
    original = repository()
    second = (original.write("more.txt", "more"), original.commit("Second"))[1]
    project_id = await add_project(database, original.path)
    first_host, clone_host, shallow_host = await hosts_of(database, 3)
    assert await looked(database, first_host, project_id) is ProjectState.READY
    aside = original.path.rename(original.path.with_name("original"))
    Repository(aside).git("clone", "-q", aside, original.path)
    assert await looked(database, clone_host, project_id) is ProjectState.READY
    original.path.rename(original.path.with_name("clone"))
    Repository(aside).git("clone", "-q", "--depth", "1", f"file://{aside}", original.path)
    assert await looked(database, shallow_host, project_id) is ProjectState.OTHER_REPOSITORY
    async with database.connection() as conn:
        place = await add_place(conn, project_id)
        await conn.execute(
            "INSERT INTO session_worktrees VALUES ($1, '/w', $2, repeat('b', 40), 'ready')", place.session_id, second
        )
    assert await looked(database, shallow_host, project_id) is ProjectState.READY


async def test_adding_another_repository_at_the_path_is_refused_while_a_host_has_the_project(
    database: Database, repository: MakeRepository
) -> None:
    here, stranger = repository(), repository({"other.txt": "another history"}, name="stranger")
    has, other = await hosts_of(database, 2)
    project_id = await add_project(database, here.path)
    await looked(database, has, project_id)
    swap(here.path, stranger.path)
    await looked(database, other, project_id)
    with pytest.raises(Conflict) as refused:
        await ProjectCheck(database=database, host_id=other.host_id).require_same(here.path)
    assert refused.value.code == "project_other_repository"
    await looked(database, has, project_id)  # it was replaced there, too: now nobody has the first one
    await ProjectCheck(database=database, host_id=other.host_id).require_same(here.path)
    assert await looked(database, other, project_id) is ProjectState.READY


async def test_a_folder_that_comes_later_is_found_and_missing_agents_are_named(
    database: Database, repository: MakeRepository
) -> None:
    here = repository()
    away = here.path.rename(here.path.with_name("away"))
    (host,) = await hosts_of(database, 1)
    project_id = await add_project(database, here.path)
    found = asyncio.Event()

    async def find_agent(name: str) -> None:
        """No agent is missing here."""

    watch = PlacementWatch(
        database=database,
        host_id=host.host_id,
        check=ProjectCheck(database=database, host_id=host.host_id),
        find_agent=find_agent,
        on_found=found.set,
        look_every_s=0.05,
    )
    await watch.start()
    try:
        async with asyncio.timeout(60):
            while await state_of(database, host.host_id, project_id) is not ProjectState.MISSING:
                await asyncio.sleep(0.02)
        assert not found.is_set()
        away.rename(here.path)
        async with asyncio.timeout(60):
            await found.wait()
        assert await state_of(database, host.host_id, project_id) is ProjectState.READY
    finally:
        await watch.stop()
    async with database.connection() as conn:
        await add_task(conn, await add_place(conn, project_id))
        assert await host_projects.list_missing_agents(conn, host.host_id) == ["scripted"]
        await offer(conn, host)
        assert await host_projects.list_missing_agents(conn, host.host_id) == []


async def state_of(database: Database, host_id: HostId, project_id: ProjectId) -> ProjectState:
    async with database.connection() as conn:
        return (await host_projects.list_host_projects(conn, host_id, project_id))[0].state


async def test_a_host_stores_the_commits_that_its_clone_has(database: Database, repository: MakeRepository) -> None:
    project = repository()
    project.git("branch", "other")
    first = project.head()
    newest = project.commit("newer")
    (host,) = await hosts_of(database, 1)
    assert await looked(database, host, await add_project(database, project.path)) is ProjectState.READY
    async with database.connection() as conn:
        assert await conn.fetchval("SELECT tips FROM host_projects") == [newest, first]
