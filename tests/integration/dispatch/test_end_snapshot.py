"""What a turn changed is measured when its agent is done, and again if it was not."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.backends.base import TurnPort
from boocoder.backends.scripted.backend import ScriptedBackend
from boocoder.db.core.pool import Database
from boocoder.dispatch.turn.end_snapshot import EndSnapshot
from boocoder.dispatch.workspaces import Workspace, known_worktree
from boocoder.events.agent_event import ToolCall, ToolKind, ToolStatus
from boocoder.events.transcript import Transcript, TurnIds
from boocoder.failpoints import Failpoints
from boocoder.model.ids import MessageId, new_id
from boocoder.model.task import TaskState
from boocoder.model.turn import Failed, Outcome, TurnError, TurnRequest
from tests.fixtures.repository import MakeRepository
from tests.fixtures.turn_desk import TurnDesk, turn_desk

LATE = ToolCall("late", "bash", ToolKind.EXECUTE, "late", ToolStatus.COMPLETED)


class LateBackend(ScriptedBackend):
    """Its agent writes a file after it was done, and says so by a tool call or by another end of the turn."""

    late: ToolCall | Failed

    async def run_turn(self, request: TurnRequest, port: TurnPort) -> Outcome:
        outcome = await super().run_turn(request, port)
        (request.worktree / "late.txt").write_text("late")
        if isinstance(self.late, Failed):
            return self.late
        await port.emit(self.late)
        return outcome


async def changed(desk: TurnDesk) -> int:
    """How many files the session's change has."""
    async with desk.services.database.connection() as conn:
        row = await conn.fetchrow(
            "SELECT jsonb_array_length(files) FROM pending_changes WHERE session_id = $1 AND state = 'pending'",
            desk.place.session_id,
        )
    return 0 if row is None else int(row[0])


@pytest.mark.parametrize("late", [LATE, Failed(TurnError("lost", "Lost.", "Again."))])
async def test_a_late_tool_and_another_end_have_the_files_measured_again(
    database: Database, repository: MakeRepository, tmp_path: Path, late: ToolCall | Failed
) -> None:
    desk = await turn_desk(database, repository().path, tmp_path, LateBackend)
    backend = desk.services.agents.backend("scripted")
    assert isinstance(backend, LateBackend)
    backend.late = late
    ended = await desk.run(await desk.claim("[[write one.txt|one]]"))
    assert ended.state is (TaskState.FAILED if isinstance(late, Failed) else TaskState.COMPLETED)
    assert await changed(desk) == 2


async def test_the_snapshot_is_of_the_moment_at_which_the_agent_was_done(
    database: Database, repository: MakeRepository, tmp_path: Path
) -> None:
    desk = await turn_desk(database, repository().path, tmp_path)
    await desk.run(await desk.claim())
    task = await desk.claim()
    worktree = known_worktree(task)
    assert worktree is not None
    transcript = Transcript(TurnIds(task.session_id, task.chat_id, task.id, MessageId(new_id())), agent="scripted")
    snapshot = EndSnapshot(task, desk.services.workspaces, Failpoints())
    workspace = Workspace(worktree)
    assert await snapshot.measure(None, transcript, anew=True) is None
    (worktree.path / "one.txt").write_text("one")
    snapshot.begin(workspace)
    early = await snapshot.measure(workspace, transcript, anew=False)
    (worktree.path / "two.txt").write_text("two")
    snapshot.begin(workspace)  # once only
    same = await snapshot.measure(workspace, transcript, anew=False)
    later = await snapshot.measure(workspace, transcript, anew=True)
    await snapshot.stop()
    assert early is not None and same is not None and later is not None
    assert (early.file_count, same.tree, later.file_count) == (1, early.tree, 2)
    assert transcript.empty


async def test_a_worktree_that_could_not_be_read_early_is_read_again(
    database: Database, repository: MakeRepository, tmp_path: Path
) -> None:
    desk = await turn_desk(database, repository().path, tmp_path)
    await desk.run(await desk.claim())
    task = await desk.claim()
    worktree = known_worktree(task)
    assert worktree is not None
    transcript = Transcript(TurnIds(task.session_id, task.chat_id, task.id, MessageId(new_id())), agent="scripted")
    away = worktree.path.rename(tmp_path / "away")
    snapshot = EndSnapshot(task, desk.services.workspaces, Failpoints())
    snapshot.begin(Workspace(worktree))
    await snapshot.stop()
    away.rename(worktree.path)
    assert await snapshot.measure(Workspace(worktree), transcript, anew=False) is not None
    assert transcript.empty
