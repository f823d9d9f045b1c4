"""What an agent keeps of its own in the worktree is in no change, and is told once."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from boocoder.db.core.pool import Database
from boocoder.dispatch.workspaces import known_worktree
from tests.fixtures.repository import MakeRepository
from tests.fixtures.turn_desk import TurnDesk, turn_desk

OWN = {"scripted": ["/.scripted.history", "/.scripted.tags.v*/"]}
WRITE = "[[write .scripted.history|x]] [[write .scripted.tags.v4/cache|x]] [[write one.txt|one]]"


async def changed(desk: TurnDesk) -> set[str]:
    """The paths of the session's change."""
    async with desk.services.database.connection() as conn:
        row = await conn.fetchrow(
            "SELECT files FROM pending_changes WHERE session_id = $1 AND state = 'pending'", desk.place.session_id
        )
    return {file["path"] for file in json.loads(bytes(row[0]))}


async def test_own_files_are_left_out_and_told_once(
    database: Database, repository: MakeRepository, tmp_path: Path
) -> None:
    desk = await turn_desk(database, repository().path, tmp_path, own_files=OWN)
    await desk.run(await desk.claim(WRITE))
    again = await desk.claim(WRITE.replace("|x", "|y"))
    await desk.run(again)
    assert await changed(desk) == {"one.txt"}
    (told,) = await desk.notices("own_files_left_out")
    assert ".scripted.history, .scripted.tags.v4." in told
    worktree = known_worktree(again)
    assert worktree is not None
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=worktree.path, capture_output=True, text=True, check=True
    )
    assert status.stdout == "?? one.txt\n"


async def test_a_tracked_file_of_that_name_is_in_the_change(
    database: Database, repository: MakeRepository, tmp_path: Path
) -> None:
    project = repository({".scripted.history": "mine\n"})
    desk = await turn_desk(database, project.path, tmp_path, own_files=OWN)
    await desk.run(await desk.claim(WRITE))
    assert await changed(desk) == {".scripted.history", "one.txt"}


async def test_what_looks_like_the_agents_own_is_pointed_out_once(
    database: Database, repository: MakeRepository, tmp_path: Path
) -> None:
    project = repository({".gitignore": ".scripted-ignored/\n"})
    desk = await turn_desk(database, project.path, tmp_path)
    both = "[[write .scripted-notes/a|1]] [[write .scripted-ignored/a|1]] [[write .other/a|1]]"
    await desk.run(await desk.claim(both))
    await desk.run(await desk.claim("[[write .scripted-notes/b|2]]"))
    assert await changed(desk) == {".scripted-notes/a", ".scripted-notes/b", ".other/a"}
    (told,) = await desk.notices("own_files_suspected")
    assert told.startswith(".scripted-notes may be files that scripted keeps for itself.")
    assert 'own_files = ["/.scripted-notes"] under [agents.scripted]' in told
