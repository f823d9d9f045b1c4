"""What tests of forks and rewinds ask of sessions through the API. No fixtures here."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

from boocoder.wire.changes import ApplyResult, ResolveResult
from boocoder.wire.snapshots import ForkResult, RewindResult, SnapshotInfo
from boocoder.wire.worktrees import WorktreeInfo
from tests.acceptance.harness import WAIT_S, ServiceHarness
from tests.acceptance.many_tasks import Created


async def fork(desk: ServiceHarness, created: Created, prompt: str, **body: str) -> Created:
    """A fork that has done a turn."""
    made = await desk.client.post(f"/api/sessions/{created.session_id}/fork", ForkResult, body)
    child, ended = await desk.run(prompt, session=str(made.session_id))
    assert ended.outcome == "completed"
    return child


async def changed(desk: ServiceHarness, created: Created) -> dict[str, str]:
    """Path -> the added lines, of the session's pending change; nothing where there is none."""
    pending = next((one for one in await desk.changes(created) if one.state == "pending"), None)
    if pending is None:
        return {}
    diff = (await desk.client.request("GET", f"/api/changes/{pending.id}/diff")).decode()
    files = diff.split("diff --git ")[1:]
    added = {one.split()[1].removeprefix("b/"): one.splitlines() for one in files}
    return {
        path: "".join(line[1:] for line in lines if line.startswith("+") and line[1:2] != "+")
        for path, lines in added.items()
    }


async def comes_to(desk: ServiceHarness, created: Created, wanted: dict[str, str]) -> None:
    """The fork's change becomes this; one that something else holds follows an apply a moment later."""
    with suppress(TimeoutError):
        async with asyncio.timeout(WAIT_S):
            while await changed(desk, created) != wanted:
                await asyncio.sleep(0.05)
    assert await changed(desk, created) == wanted


async def apply(desk: ServiceHarness, created: Created, target: str) -> None:
    """Apply the session's pending change; nothing conflicts."""
    (pending,) = [one for one in await desk.changes(created) if one.state == "pending"]
    applied = await desk.client.post(f"/api/changes/{pending.id}/apply", ApplyResult, {"target": target})
    assert (applied.conflicts, applied.already_applied) == ((), False)


async def worktree_of(desk: ServiceHarness, created: Created) -> Path:
    """Where the session's files are."""
    listed = await desk.client.items("/api/worktrees", WorktreeInfo)
    (path,) = [Path(one.path) for one in listed if str(one.session_id) == created.session_id]
    return path


def read(path: Path) -> str:
    """A file's text without white space around it."""
    return path.read_text().strip()


async def rewind(desk: ServiceHarness, created: Created, task: Created | None = None, **body: str) -> RewindResult:
    """Rewind to what a task left, or as the body says."""
    if task is not None:
        listed = await desk.client.items(f"/api/sessions/{created.session_id}/snapshots", SnapshotInfo)
        (body["snapshot_id"],) = [
            str(one.id) for one in listed if str(one.task_id) == task.task_id and one.kind == "turn_end"
        ]
    return await desk.client.post(f"/api/sessions/{created.session_id}/rewind", RewindResult, body)


async def update(desk: ServiceHarness, created: Created) -> ResolveResult:
    """Bring the session onto the newest commit of its branch."""
    return await desk.client.post(f"/api/sessions/{created.session_id}/worktree/update", ResolveResult, {})
