"""What the files were before a turn is kept, and needs no git where nobody touched them since the turn before."""

from __future__ import annotations

import asyncio
from pathlib import Path

from boocoder.db.core.pool import Database
from boocoder.db.files.snapshots import list_snapshots
from boocoder.dispatch.workspaces import known_worktree
from boocoder.model.session import SnapshotKind
from tests.fixtures.repository import GitCalls, MakeRepository
from tests.fixtures.turn_desk import TurnDesk, turn_desk
from tests.waiting import PATIENCE_S


async def starts(desk: TurnDesk) -> int:
    """How many snapshots of a turn's start the session has."""
    async with desk.services.database.connection() as conn:
        found = await list_snapshots(conn, desk.place.session_id)
    return sum(one.kind is SnapshotKind.TURN_START for one in found)


async def test_a_turn_in_untouched_files_starts_no_git_for_its_snapshots(
    database: Database, repository: MakeRepository, tmp_path: Path, git_calls: GitCalls
) -> None:
    desk = await turn_desk(database, repository().path, tmp_path)
    task = await desk.claim()
    await desk.run(task)
    index = tmp_path / "indexes" / f"{task.session_id}.index"
    async with asyncio.timeout(PATIENCE_S):  # until the look that follows each turn was in time
        while git_calls.taken(index):
            await asyncio.sleep(0.1)
            git_calls.taken(index)
            await desk.run(await desk.claim())
    before = await starts(desk)
    task = await desk.claim()
    worktree = known_worktree(task)
    assert worktree is not None
    (worktree.path / "README.md").write_text("by a person, between two turns")
    await desk.run(task)
    assert git_calls.taken(index)
    assert await starts(desk) == before + 1
    await desk.services.workspaces.stop()
