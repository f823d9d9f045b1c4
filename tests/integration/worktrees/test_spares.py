"""Worktrees made ahead: taken by one session each, never stale, bounded, and nothing left by a crash."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from boocoder.db.core.pool import Database
from boocoder.db.registry import projects
from boocoder.db.registry.project_settings import put_project_settings
from boocoder.events.agent_event import AgentEvent
from boocoder.failpoints import Failpoints
from boocoder.git.shadow.registry import ShadowRegistry
from boocoder.git.worktree.session_worktrees import Worktree
from boocoder.model.ids import ProjectId, SessionId, new_id
from boocoder.model.turn import StopSignal
from boocoder.process.host import ProcessHost
from boocoder.wire.projects import ProjectSettings
from boocoder.worktrees.create.factory import WorktreeFactory
from boocoder.worktrees.create.setup import WorktreeSetup
from boocoder.worktrees.create.spares import SpareHooks, SpareLimits, SpareWorktrees
from tests.fixtures.repository import MakeRepository, Repository
from tests.fixtures.row_builders import add_place

LIMITS = SpareLimits(number=2)


@dataclass
class SpareDesk:
    """A host's spares and the factory that hands them to sessions; `restarted` is the same host's next run."""

    database: Database
    root: Path
    limits: SpareLimits = LIMITS
    warmed: list[Path] = field(default_factory=list)
    forgotten: list[Path] = field(default_factory=list)
    now: float = 0.0
    warm_error: Exception | None = None

    def __post_init__(self) -> None:
        self.shadows = ShadowRegistry(root=self.root / "shadows")
        self.spares = SpareWorktrees(
            database=self.database,
            shadows=self.shadows,
            root=self.root / "worktrees",
            marks=self.root / "spares",
            limits=self.limits,
            hooks=SpareHooks(warm=self._warm, forget=self._forget),
            make_after_s=0.0,
            clock=lambda: self.now,
        )
        processes = ProcessHost(state_dir=self.root, instance="test")
        self.factory = WorktreeFactory(
            database=self.database,
            shadows=self.shadows,
            setup=WorktreeSetup(database=self.database, processes=processes),
            root=self.root / "worktrees",
            indexes=self.root / "indexes",
            failpoints=Failpoints(),
            spares=self.spares,
        )

    def restarted(self, limits: SpareLimits | None = None) -> SpareDesk:
        return SpareDesk(self.database, self.root, limits or self.limits)

    async def add_project(self, project: Repository) -> ProjectId:
        async with self.database.connection() as conn:
            return (await projects.insert_project(conn, ProjectId(new_id()), "project", project.path)).id

    async def open_session(self, project_id: ProjectId) -> tuple[SessionId, Worktree]:
        """A new session with its worktree, as its first turn makes it."""
        async with self.database.connection() as conn:
            place = await add_place(conn, project_id)
        made = await self.factory.ensure(place.session_id, emit=_ignore, stop=StopSignal())
        assert isinstance(made, Worktree)
        return place.session_id, made

    async def make(self, project_id: ProjectId) -> Path:
        """Have the project's spare made now; its directory."""
        before = set(self.directories)
        self.spares.want(project_id, at_once=True)
        await self.spares.look()
        (path,) = set(self.directories) - before
        assert self.spares.waiting(project_id)
        return path

    @property
    def directories(self) -> list[Path]:
        return sorted((self.root / "worktrees").glob("*"))

    @property
    def marks(self) -> list[str]:
        return sorted(path.name for path in (self.root / "spares").glob("*"))

    @property
    def repositories(self) -> list[str]:
        return sorted(path.name for path in self.root.glob("shadows/*/sessions/*"))

    async def _warm(self, project_id: ProjectId, worktree: Path) -> None:
        self.warmed.append(worktree)
        if self.warm_error is not None:
            raise self.warm_error

    async def _forget(self, worktree: Path) -> None:
        self.forgotten.append(worktree)


async def _ignore(event: AgentEvent) -> None:
    pass


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> SpareDesk:
    return SpareDesk(database, tmp_path.resolve() / "data")


async def test_the_next_session_gets_the_spare_with_a_repository_of_its_own(
    desk: SpareDesk, repository: MakeRepository
) -> None:
    project = repository()
    project_id = await desk.add_project(project)
    spare = await desk.make(project_id)
    assert desk.warmed == [spare]
    project.git("tag", "made-since")
    session_id, worktree = await desk.open_session(project_id)
    assert worktree == Worktree(spare, project.head(), project.tree())
    assert desk.marks == []
    assert project.git("status", "--porcelain", cwd=spare) == b""
    assert (
        project.git("branch", "--show-current", cwd=spare).decode().strip() == f"boocoder/session-{session_id.hex[-4:]}"
    )
    assert project.git("tag", cwd=spare) == b"made-since\n"
    assert (spare / "README.md").read_bytes() == (project.path / "README.md").read_bytes()
    assert await (await desk.shadows.of(project_id, project.path)).worktrees.in_order(spare)


async def test_of_two_sessions_at_once_one_gets_the_spare_and_the_other_makes_its_own(
    desk: SpareDesk, repository: MakeRepository
) -> None:
    project = repository()
    project_id = await desk.add_project(project)
    spare = await desk.make(project_id)
    opened = await asyncio.gather(*(desk.open_session(project_id) for _ in range(3)))
    paths = [worktree.path for _, worktree in opened]
    assert paths.count(spare) == 1
    assert len(set(paths)) == 3
    assert all(project.git("status", "--porcelain", cwd=path) == b"" for path in paths)
    assert desk.marks == []


async def test_a_commit_makes_the_spare_stale(desk: SpareDesk, repository: MakeRepository) -> None:
    project = repository()
    project_id = await desk.add_project(project)
    stale = await desk.make(project_id)
    project.write("new.txt", "new")
    project.commit()
    _, worktree = await desk.open_session(project_id)
    assert worktree.path != stale
    assert worktree.base_commit == project.head()
    await desk.spares.stop()  # what removed the stale one has ended, or is done by the next start
    again = desk.restarted()
    await again.spares.sweep()
    assert again.directories == [worktree.path]
    first = await again.make(project_id)
    project.write("newer.txt", "newer")
    project.commit()
    await again.spares.look()
    assert again.forgotten == [first]
    assert first not in again.directories
    _, newest = await again.open_session(project_id)
    assert (newest.path / "newer.txt").read_text() == "newer"


async def test_a_start_removes_what_a_crash_left_and_no_worktree_of_a_session(
    desk: SpareDesk, repository: MakeRepository
) -> None:
    project = repository()
    project_id = await desk.add_project(project)
    taken = await desk.make(project_id)
    await desk.open_session(project_id)
    (desk.root / "spares" / taken.name).write_text(str(project_id))  # as if it had died before it was released
    (taken / "work.txt").write_text("of the session")
    left = await desk.make(project_id)
    again = desk.restarted()
    await again.spares.sweep()
    assert again.marks == []
    assert again.directories == [taken]
    assert (taken / "work.txt").read_text() == "of the session"
    assert left.name not in again.repositories
    assert taken.name in again.repositories


async def test_a_mark_that_a_power_failure_left_empty_is_removed_with_its_worktree(
    desk: SpareDesk, repository: MakeRepository
) -> None:
    left = await desk.make(await desk.add_project(repository()))
    (desk.root / "spares" / left.name).write_bytes(b"")
    again = desk.restarted()
    await again.spares.sweep()
    assert again.marks == []
    assert again.directories == []


async def test_an_agent_loads_a_worktree_after_its_setup(desk: SpareDesk, repository: MakeRepository) -> None:
    project_id = await desk.add_project(repository())
    before = await desk.make(project_id)
    async with desk.database.connection() as conn:
        await put_project_settings(conn, ProjectSettings(project_id, copy_patterns=[".env"]))
    assert (await desk.open_session(project_id))[1].path == before
    assert desk.forgotten == [before]
    await desk.make(project_id)
    assert desk.warmed == [before]


async def test_an_agent_that_cannot_load_the_worktree_costs_no_second_one(
    desk: SpareDesk, repository: MakeRepository
) -> None:
    desk.warm_error = OSError("no agent")
    spare = await desk.make(await desk.add_project(repository()))
    desk.now += 60.0
    await desk.spares.look()
    assert desk.directories == [spare]


async def test_only_the_projects_used_last_have_spares(desk: SpareDesk, repository: MakeRepository) -> None:
    one = desk.restarted(SpareLimits(number=1))
    older, newer = [await one.add_project(repository(name=name)) for name in ("older", "newer")]
    first = await one.make(older)
    one.now += 1.0
    one.spares.want(newer, at_once=True)
    await one.spares.look()
    assert one.spares.waiting(newer)
    assert not one.spares.waiting(older)
    assert first not in one.directories
    assert len(one.directories) == len(one.marks) == 1


@pytest.mark.parametrize("limits", [SpareLimits(number=0), SpareLimits(number=1, free_bytes=2**62)])
async def test_nothing_is_made_where_it_is_turned_off_or_the_disk_is_full(
    desk: SpareDesk, repository: MakeRepository, limits: SpareLimits
) -> None:
    off = desk.restarted(limits)
    project_id = await off.add_project(repository())
    off.spares.want(project_id, at_once=True)
    await off.spares.look()
    assert off.directories == []
    assert off.marks == []


async def test_a_project_that_is_not_used_any_more_has_no_spare(desk: SpareDesk, repository: MakeRepository) -> None:
    project_id = await desk.add_project(repository())
    spare = await desk.make(project_id)
    desk.now += desk.limits.idle_s
    await desk.spares.look()
    assert desk.directories == [spare]
    desk.now += 1.0
    await desk.spares.look()
    assert desk.directories == []
    assert desk.marks == []
