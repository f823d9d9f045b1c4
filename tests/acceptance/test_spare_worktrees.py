"""The program makes a worktree ahead: the next session works in it, and a kill leaves nothing of one behind."""

from __future__ import annotations

import asyncio
from pathlib import Path

from boocoder.client.http_client import Client
from boocoder.wire.projects import SpareWorktree
from tests.acceptance.harness import Id, ServiceHarness
from tests.fixtures.repository import MakeRepository
from tests.fixtures.service import Installation, MakeInstallation
from tests.invariants import World, fingerprint, violations

READY_S = 90.0
POLL_S = 0.05


async def spare_of(client: Client, service: Installation, project: Path) -> Path:
    """Ask as the page does until the project's spare is there; its directory."""
    project_id = (await client.post("/api/projects", Id, {"path": str(project)})).id
    async with asyncio.timeout(READY_S):
        while not (await client.post(f"/api/projects/{project_id}/prepare", SpareWorktree)).ready:
            await asyncio.sleep(POLL_S)
    (mark,) = (service.data_dir / "spares").iterdir()
    return service.data_dir / "worktrees" / mark.name


async def test_the_next_session_works_in_the_spare_and_a_kill_leaves_none(
    installation: MakeInstallation, repository: MakeRepository, dsn: str
) -> None:
    project = repository().path
    before = fingerprint(project)
    service = installation({"BOOCODER_DATABASE_URL": dsn, "BOOCODER_WORKTREES_SPARES": "1"})
    await asyncio.to_thread(service.start)
    async with service.client() as client:
        taken = await spare_of(client, service, project)
        _, ended = await ServiceHarness(client, project).run("[[write a.txt|one]]")
        assert ended.outcome == "completed"
        assert (taken / "a.txt").read_text() == "one"
        left = await spare_of(client, service, project)
    service.kill()
    assert left.is_dir()
    service.settings = {"BOOCODER_DATABASE_URL": dsn, "BOOCODER_WORKTREES_SPARES": "0"}
    await asyncio.to_thread(service.start)
    async with asyncio.timeout(READY_S):
        while any((service.data_dir / "spares").iterdir()):
            await asyncio.sleep(POLL_S)
    assert sorted((service.data_dir / "worktrees").iterdir()) == [taken]
    assert (taken / "a.txt").read_text() == "one"
    assert await asyncio.to_thread(service.stop) == 0
    assert await violations(World(dsn, service.data_dir, {project: before})) == []
