"""A turn's life as a client sees it, on the running program with the scripted agent."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from uuid import UUID

import pytest

from boocoder.client.http_client import Client
from boocoder.errors import BoocoderError, InvalidInput
from boocoder.events import frames
from boocoder.events.agent_event import ToolStatus
from boocoder.wire.tasks import TaskInfo
from tests.acceptance.harness import ServiceHarness, of_kind, text_of
from tests.acceptance.many_tasks import Created
from tests.fixtures.repository import Repository
from tests.fixtures.service import Installation


async def test_frames_of_a_whole_turn(desk: ServiceHarness) -> None:
    created = await desk.queue(
        "[[think let me see]] [[say hello]] [[write a.txt|one]] [[plan read; write]] [[say done]]"
    )
    seen = await desk.follow(created)
    kinds = [frames.type_of(frame) for frame in seen]
    assert kinds[0] == "queue_changed" and kinds[-1] == "turn_ended"
    assert kinds.index("turn_started") < kinds.index("message_started") < kinds.index("delta")
    assert kinds.index("message_complete") < kinds.index("change_updated") < kinds.index("turn_ended")
    assert text_of(seen) == await desk.answer(created)
    assert "hello" in text_of(seen) and "done" in text_of(seen)
    plan = of_kind(seen, frames.PlanFrame)[-1]
    assert isinstance(plan, frames.PlanFrame) and [entry.text for entry in plan.entries] == ["read", "write"]
    numbers = [frame.seq for frame in seen if frame.seq is not None]
    assert numbers == sorted(set(numbers))


async def test_the_second_turn_knows_the_first_and_the_change_accumulates(
    desk: ServiceHarness, project: Repository
) -> None:
    first, _ = await desk.run("[[say apples]] [[write a.txt|one\n]]")
    second, ended = await desk.run("[[recall]] [[write b.txt|two\n]]", session=first.session_id)
    assert ended.outcome == "completed" and "apples" in await desk.answer(second)
    newest, oldest = await desk.changes(second)
    assert (newest.state, oldest.state) == ("pending", "superseded")
    assert newest.additions == 2 and not (project.path / "a.txt").exists()
    await desk.client.request("POST", f"/api/changes/{newest.id}/apply", body={})
    await desk.client.request("POST", f"/api/changes/{newest.id}/apply", body={})
    assert (project.path / "a.txt").read_text() == "one\n" and (project.path / "b.txt").read_text() == "two\n"
    assert (await desk.changes(second))[0].state == "applied"
    third, _ = await desk.run("[[write c.txt|three\n]]", session=first.session_id)
    only_new = (await desk.changes(third))[0]
    assert (only_new.state, only_new.additions) == ("pending", 1), "what was applied is not reviewed again"
    await desk.client.request("POST", f"/api/changes/{only_new.id}/apply", body={})
    assert (project.path / "c.txt").read_text() == "three\n"


async def test_a_change_that_the_agent_reverts_is_withdrawn(desk: ServiceHarness) -> None:
    first, _ = await desk.run("[[write a.txt|one]]")
    second, _ = await desk.run("[[bash rm a.txt]]", session=first.session_id)
    assert [change.state for change in await desk.changes(second)] == ["withdrawn"]


async def test_cancel_of_a_running_turn_keeps_its_text(desk: ServiceHarness) -> None:
    created = await desk.queue("[[say before]] [[hang]]")
    await desk.follow(created, until=frames.DeltaFrame)
    await desk.cancel(created)
    seen = await desk.follow(created)
    ended = seen[-1]
    assert isinstance(ended, frames.TurnEndedFrame) and ended.outcome == "cancelled"
    assert "before" in await desk.answer(created)
    assert (await desk.messages(created))[-1].status == "cancelled"


async def test_cancel_of_a_waiting_task_never_runs_it(desk: ServiceHarness) -> None:
    running = await desk.queue("[[say busy]] [[hang]]")
    await desk.follow(running, until=frames.DeltaFrame)
    waiting = await desk.queue("[[say never]]", session=running.session_id)
    await desk.cancel(waiting)
    assert (await desk.task(waiting)).state == "cancelled"
    await desk.cancel(running)
    assert (await desk.follow(running))[-1].outcome == "cancelled"  # type: ignore[union-attr]
    assert (await desk.task(waiting)).epoch == 0


async def test_an_agent_that_says_nothing_times_out_with_a_reason_and_a_cure(desk: ServiceHarness) -> None:
    _, ended = await desk.run("[[say begin]] [[hang]]")
    assert (ended.outcome, ended.code) == ("timed_out", "agent_silent")
    assert ended.cure
    _, stubborn = await desk.run("[[stubborn]]")
    assert (stubborn.outcome, stubborn.code) == ("timed_out", "agent_silent")


async def test_an_agent_that_dies_fails_by_name_and_the_next_turn_works(desk: ServiceHarness) -> None:
    created, ended = await desk.run("[[say half]] [[crash]]")
    assert (ended.outcome, ended.code) == ("failed", "agent_died") and ended.cure
    assert (await desk.messages(created))[-1].status == "failed"
    _, after = await desk.run("[[say fine]]", session=created.session_id)
    assert after.outcome == "completed"


async def test_an_unknown_agent_is_refused_with_the_nearest_name(desk: ServiceHarness) -> None:
    with pytest.raises(InvalidInput) as refused:
        await desk.run("[[say x]]", agent="scriptd")
    assert refused.value.code == "agent_unknown" and "Did you mean scripted?" in refused.value.cure
    assert await desk.client.items("/api/tasks", TaskInfo) == []


async def test_a_flood_a_long_output_and_bad_characters_arrive_whole(desk: ServiceHarness) -> None:
    created, ended = await desk.run("[[flood 20000]] [[bash seq 1 20000]] [[bash printf 'a\\000b']] [[say end]]")
    assert ended.outcome == "completed"
    newest = (await desk.messages(created))[-1]
    assert sum(part.text_chars for part in newest.parts if part.kind == "text") >= 20_000
    tool = next(part for part in newest.parts if part.kind == "tool_call")
    assert tool.data is not None and tool.data["status"] == ToolStatus.COMPLETED
    whole = "".join(f"{n}\n" for n in range(1, 20_001))
    chars = tool.data["output_chars"]
    assert isinstance(chars, int) and chars >= len(whole) - 1
    page = await desk.client.request(
        "GET", f"/api/messages/{newest.id}/parts/{tool.part}/text", params={"field": "output", "limit": 200_000}
    )
    assert b"19999\\n20000" in page


async def test_a_worktree_deleted_by_hand_comes_back_from_its_snapshot(
    desk: ServiceHarness, home: Installation
) -> None:
    created, _ = await desk.run("[[write kept.txt|precious]]")
    worktree = home.data_dir / "worktrees" / created.session_id
    shutil.rmtree(worktree)
    _, ended = await desk.run("[[bash cat kept.txt]]", session=created.session_id)
    assert ended.outcome == "completed"
    assert (worktree / "kept.txt").read_text() == "precious"
    notices = [
        part.data["code"] for part in (await desk.messages(created))[-1].parts if part.data and part.kind == "notice"
    ]
    assert "worktree_restored" in notices


async def test_uncommitted_files_of_the_user_are_named_and_left_alone(
    desk: ServiceHarness, project: Repository
) -> None:
    project.write("README.md", "my own edit\n")
    created = await desk.queue("[[write a.txt|one]]")
    seen = await desk.follow(created)
    assert "base_is_dirty" in [frame.code for frame in seen if isinstance(frame, frames.NoticeFrame)]
    assert (project.path / "README.md").read_text() == "my own edit\n"


async def test_a_stop_interrupts_what_does_not_end_and_keeps_the_work(
    desk: ServiceHarness, home: Installation, project: Repository
) -> None:
    created = await desk.queue("[[write a.txt|half]] [[say waiting]] [[delay 0.2]] [[tokens 1000]]")
    await desk.follow(created, until=frames.DeltaFrame)
    assert await asyncio.to_thread(home.stop) == 0
    await asyncio.to_thread(home.start)
    async with home.client() as client:
        again = ServiceHarness(client, project.path)
        task = await again.task(created)
        assert (task.state, task.error_code) == ("interrupted", "host_stopped")
        assert [change.state for change in await again.changes(created)] == ["pending"]
        _, ended = await again.run("[[recall]]", session=created.session_id)
        assert ended.outcome == "completed"


async def test_a_project_that_is_gone_fails_the_turn_by_name(desk: ServiceHarness, project: Repository) -> None:
    created = await desk.queue("[[say x]]")
    await desk.follow(created)
    shutil.rmtree(project.path)
    moved = await desk.queue("[[say y]]", session=created.session_id)
    ended = (await desk.follow(moved))[-1]
    assert isinstance(ended, frames.TurnEndedFrame)
    assert ended.outcome in ("completed", "failed")
    if ended.outcome == "failed":
        assert ended.code and ended.cure


async def test_one_sessions_thousand_tasks_do_not_delay_anothers_first(desk: ServiceHarness) -> None:
    busy = await desk.queue("[[say first]] [[sleep 0.2]]")
    for _ in range(60):
        await desk.queue("[[sleep 0.2]] [[say more]]", session=busy.session_id)
    other, ended = await desk.run("[[say quick]]")
    assert ended.outcome == "completed"
    assert (await desk.task(other)).state == "completed"
    first_states = await _states(desk.client, busy)
    assert first_states.count("pending") > 40
    for _ in range(80):
        pending = await _pending(desk.client, busy)
        if not pending:
            break
        await asyncio.gather(*(desk.client.request("POST", f"/api/tasks/{task}/cancel", body={}) for task in pending))


async def _states(client: Client, created: Created) -> list[str]:
    rows = await client.items("/api/tasks", dict[str, object], session_id=created.session_id, limit=100)
    return [str(row["state"]) for row in rows]


async def _pending(client: Client, created: Created) -> list[UUID]:
    rows = await client.items("/api/tasks", dict[str, object], session_id=created.session_id, limit=100)
    return [UUID(str(row["id"])) for row in rows if row["state"] in ("pending", "running")]


async def test_bad_requests_are_named_and_queue_nothing(desk: ServiceHarness, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    for path, code in [
        (tmp_path / "missing", "project_path_missing"),
        (tmp_path / "file", "project_path_not_a_directory"),
        (tmp_path / "empty", "project_not_a_repository"),
    ]:
        with pytest.raises(BoocoderError) as caught:
            await desk.client.post("/api/projects", Created, {"path": str(path)})
        assert caught.value.code == code and caught.value.cure
    for prompt in ("", "   ", "with \x00 NUL"):
        with pytest.raises(BoocoderError) as caught:
            await desk.queue(prompt)
        assert caught.value.code
    assert await desk.client.items("/api/tasks", dict[str, object]) == []
