"""What only the scripted backend can do: directives of failure modes, its journal and its limits."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from boocoder.backends.scripted.backend import ScriptedBackend
from boocoder.events.agent_event import FileDiff, Notice, NoticeLevel, PermissionAnswer, TextDelta, ToolStatus
from boocoder.model.ids import ChatId, SessionId, TaskId, new_id
from boocoder.model.turn import Completed, Failed, Interrupted, Outcome, ResumeStep, StopReason, TurnRequest
from tests.contract.port import RecordingPort
from tests.fixtures.processes import idle_host
from tests.waiting import PATIENCE_S


@pytest.fixture
def worktree(tmp_path: Path) -> Path:
    path = tmp_path / "worktree"
    path.mkdir()
    return path


def turn(prompt: str, worktree: Path) -> TurnRequest:
    return TurnRequest(
        task_id=TaskId(new_id()),
        epoch=1,
        session_id=SessionId(new_id()),
        chat_id=ChatId(new_id()),
        agent="scripted",
        prompt=prompt,
        worktree=worktree,
    )


async def play(backend: ScriptedBackend, prompt: str, worktree: Path) -> tuple[RecordingPort, Outcome]:
    request = turn(prompt, worktree)
    port = RecordingPort(stop=request.stop)
    return port, await backend.run_turn(request, port)


async def test_two_words_a_delta(scripted_backend: ScriptedBackend, worktree: Path) -> None:
    port, _ = await play(scripted_backend, "[[say one two three four five]]", worktree)
    assert [delta.text for delta in port.of(TextDelta)] == ["one two ", "three four ", "five"]


async def test_edit_replaces_the_first_place_only(scripted_backend: ScriptedBackend, worktree: Path) -> None:
    (worktree / "a.txt").write_text("cat cat")
    port, outcome = await play(scripted_backend, "[[edit a.txt|cat|dog]][[edit a.txt|bird|x]]", worktree)
    done, refused = port.final_tools
    assert outcome == Completed()
    assert (worktree / "a.txt").read_text() == "dog cat"
    assert (done.status, done.diffs) == (ToolStatus.COMPLETED, (FileDiff("a.txt", "cat cat", "dog cat"),))
    assert (refused.status, refused.diffs) == (ToolStatus.FAILED, ())


@pytest.mark.parametrize("path", ["../out.txt", "/tmp/boocoder-outside.txt", ".", "link/out.txt", "a\0b"])
async def test_files_outside_the_worktree_are_refused(
    scripted_backend: ScriptedBackend, worktree: Path, path: str
) -> None:
    (worktree / "link").symlink_to(worktree.parent)
    port, outcome = await play(scripted_backend, f"[[write {path}|x]]", worktree)
    (tool,) = port.final_tools
    assert (tool.status, outcome) == (ToolStatus.FAILED, Completed())
    assert not (worktree.parent / "out.txt").exists()
    assert not Path("/tmp/boocoder-outside.txt").exists()


async def test_permission_to_run_a_command_runs_it(scripted_backend: ScriptedBackend, worktree: Path) -> None:
    port, _ = await play(scripted_backend, "[[permission bash|echo hi > x.txt]][[permission deploy|now]]", worktree)
    assert (worktree / "x.txt").read_text() == "hi\n"
    assert [(asked.tool, asked.argument) for asked in port.permission_requests] == [
        ("bash", "echo hi > x.txt"),
        ("deploy", "now"),
    ]
    request = turn("[[permission bash|echo hi > y.txt]]", worktree)
    refusing = RecordingPort(stop=request.stop, permission=PermissionAnswer(allowed=False))
    assert await scripted_backend.run_turn(request, refusing) == Completed()
    assert not (worktree / "y.txt").exists()


async def test_notice_and_flaky_are_notices(scripted_backend: ScriptedBackend, worktree: Path) -> None:
    port, outcome = await play(scripted_backend, "[[notice look here]][[flaky 2 503]][[say fine]]", worktree)
    notices = [(notice.code, notice.level) for notice in port.of(Notice)]
    assert notices == [("scripted_notice", NoticeLevel.INFO), *[("model_retry", NoticeLevel.WARNING)] * 2]
    assert (port.text, outcome) == ("fine", Completed())


@pytest.mark.parametrize(
    ("directive", "code"),
    [
        ("crash", "agent_died"),
        ("fail 503", "model_failed"),
        ("fail", "model_failed"),
        ("fail my_own_code", "my_own_code"),
        ("drop", "model_stream_cut"),
        ("cut", "model_stream_cut"),
    ],
)
async def test_failures_have_codes(
    scripted_backend: ScriptedBackend, worktree: Path, directive: str, code: str
) -> None:
    port, outcome = await play(scripted_backend, f"[[say so far]][[{directive}]][[say never]]", worktree)
    assert isinstance(outcome, Failed)
    assert outcome.error.code == code
    assert outcome.error.cure
    assert port.text == "so far"


async def test_flood_is_quick_and_leaves_room_for_others(scripted_backend: ScriptedBackend, worktree: Path) -> None:
    request = turn("[[flood 50000]]", worktree)
    port = RecordingPort(stop=request.stop)
    playing = asyncio.create_task(scripted_backend.run_turn(request, port))
    turns_of_others = 0
    while not playing.done():
        await asyncio.sleep(0)
        turns_of_others += 1
    assert await playing == Completed()
    assert len(port.of(TextDelta)) == 50_000
    assert turns_of_others > 100


async def test_flood_can_be_stopped(scripted_backend: ScriptedBackend, worktree: Path) -> None:
    request = turn("[[flood 1000000]]", worktree)
    port = RecordingPort(stop=request.stop)
    playing = asyncio.create_task(scripted_backend.run_turn(request, port))
    await port.wait_until(lambda seen: len(seen.events) > 1000)
    request.stop.set(StopReason.SHUTDOWN)
    assert isinstance(await asyncio.wait_for(playing, PATIENCE_S), Interrupted)


async def test_stubborn_ignores_the_stop_until_cancelled(scripted_backend: ScriptedBackend, worktree: Path) -> None:
    request = turn("[[say mine]][[stubborn]]", worktree)
    port = RecordingPort(stop=request.stop)
    playing = asyncio.create_task(scripted_backend.run_turn(request, port))
    await port.wait_until(lambda seen: seen.text == "mine")
    assert not await scripted_backend.reconcile(request, port)
    started = time.monotonic()
    async with asyncio.timeout(PATIENCE_S):
        await scripted_backend.stop()
    assert time.monotonic() - started >= scripted_backend.stop_grace_s
    assert not playing.done()
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing


async def test_reconcile_tells_working_from_hanging(scripted_backend: ScriptedBackend, worktree: Path) -> None:
    for directive, working in (("sleep 60", True), ("hang", False)):
        request = turn(f"[[say x]][[{directive}]]", worktree)
        port = RecordingPort(stop=request.stop)
        playing = asyncio.create_task(scripted_backend.run_turn(request, port))
        await port.wait_until(lambda seen: seen.text == "x")
        await asyncio.sleep(0)
        assert await scripted_backend.reconcile(request, port) is working
        request.stop.set(StopReason.CANCELLED)
        await playing


async def test_recovery_survives_a_torn_journal(
    scripted_backend: ScriptedBackend, worktree: Path, tmp_path: Path
) -> None:
    request = turn("[[say one two three]][[bash true]][[say four]]", worktree)
    live = RecordingPort(stop=request.stop)
    assert await scripted_backend.run_turn(request, live) == Completed()
    (journal,) = (tmp_path / "scripted-agent" / "turns").iterdir()
    whole = journal.read_bytes()
    full_text = live.text
    for length in range(0, len(whole), 7):
        journal.write_bytes(whole[:length])
        found = RecordingPort(stop=request.stop)
        outcome = await scripted_backend.recover(request, live.agent_session, found)
        assert isinstance(outcome, Interrupted)
        assert full_text.startswith(found.text)
        assert all(tool.status.final for tool in found.final_tools)
    journal.write_bytes(whole)
    found = RecordingPort(stop=request.stop)
    assert await scripted_backend.recover(request, live.agent_session, found) == Completed()
    assert found.text == full_text


async def test_only_the_newest_turn_of_a_conversation_is_kept(
    scripted_backend: ScriptedBackend, worktree: Path, tmp_path: Path
) -> None:
    first, _ = await play(scripted_backend, "[[say one]]", worktree)
    for _ in range(5):
        again = replace(turn("[[say more]]", worktree), agent_session=first.agent_session)
        assert await scripted_backend.run_turn(again, RecordingPort(stop=again.stop)) == Completed()
    assert len(list((tmp_path / "scripted-agent" / "turns").iterdir())) == 1


async def test_a_damaged_memory_is_a_fresh_start(
    scripted_backend: ScriptedBackend, worktree: Path, tmp_path: Path
) -> None:
    first, _ = await play(scripted_backend, "[[say one]]", worktree)
    (memory,) = (tmp_path / "scripted-agent" / "sessions").iterdir()
    memory.write_bytes(b'{"native_id": ')
    again = replace(turn("[[recall]]", worktree), agent_session=first.agent_session)
    port = RecordingPort(stop=again.stop)
    assert await scripted_backend.run_turn(again, port) == Completed()
    assert port.opened.step is ResumeStep.FRESH
    assert [notice.code for notice in port.of(Notice)] == ["session_not_resumed"]


async def test_a_store_that_cannot_be_written_is_a_named_failure(tmp_path: Path, worktree: Path) -> None:
    (tmp_path / "a file").write_text("in the way")
    backend = ScriptedBackend(state_dir=tmp_path / "a file", processes=idle_host(tmp_path))
    _, outcome = await play(backend, "[[say x]]", worktree)
    assert isinstance(outcome, Failed)
    assert outcome.error.code == "agent_store_broken"
