"""Shell commands of a project in a worktree: what they see and say, and that nothing of them is left."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from boocoder.errors import ProcessError
from boocoder.model.ids import SessionId, new_id
from boocoder.model.turn import StopReason, StopSignal
from boocoder.process.host import ProcessHost
from boocoder.process.proc_table import marked
from boocoder.worktrees.create.commands import (
    HEAD_MAX_CHARS,
    TAIL_MAX_CHARS,
    CommandContext,
    CommandResult,
    CommandStatus,
    run_command,
)

LIMIT_S = 60.0  # no command of these tests needs a second; the machine may be busy


@pytest.fixture
async def processes(tmp_path: Path) -> AsyncIterator[ProcessHost]:
    host = ProcessHost(state_dir=tmp_path / "state", instance="test")
    await host.start()
    try:
        yield host
    finally:
        left = marked(f"BOOCODER_COOKIE={host.cookie}")
        await host.stop()
        assert left == []


@pytest.fixture
def place(tmp_path: Path) -> CommandContext:
    (tmp_path / "work tree").mkdir()
    return CommandContext(tmp_path / "work tree", tmp_path, SessionId(new_id()))


async def test_a_command_knows_where_it_is_and_no_secrets(
    processes: ProcessHost, place: CommandContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_API_KEY", "secret")
    text = (
        'pwd; echo "$BOOCODER_WORKTREE|$BOOCODER_PROJECT_PATH|$BOOCODER_SESSION_ID|$SOME_API_KEY"; echo bad >&2; exit 3'
    )
    ran = await run_command(text, place=place, processes=processes, timeout_s=LIMIT_S)
    assert ran.output == f"{place.worktree}\n{place.worktree}|{place.project}|{place.session_id}|\nbad\n"
    assert (ran.status, ran.exit_code, ran.ok) == (CommandStatus.DONE, 3, False)


async def test_output_is_shown_while_it_grows(processes: ProcessHost, place: CommandContext) -> None:
    shown: list[str] = []
    first = asyncio.Event()

    async def show(text: str) -> None:
        shown.append(text)
        first.set()

    text = "echo one; while [ ! -e go ]; do sleep 0.01; done; printf 'a\\rb\\r\\nlast'"
    running = asyncio.ensure_future(run_command(text, place=place, processes=processes, timeout_s=LIMIT_S, show=show))
    async with asyncio.timeout(LIMIT_S):
        await first.wait()
    assert shown == ["one\n"]
    (place.worktree / "go").touch()
    assert await running == CommandResult(CommandStatus.DONE, 0, "one\nb\nlast\n")


async def test_a_flood_keeps_its_beginning_and_its_end(processes: ProcessHost, place: CommandContext) -> None:
    ran = await run_command("seq 1 200000; echo end", place=place, processes=processes, timeout_s=LIMIT_S)
    assert ran.ok and ran.output.startswith("1\n2\n") and ran.output.endswith("200000\nend\n")
    assert len(ran.output) < HEAD_MAX_CHARS + TAIL_MAX_CHARS + 100 and "characters are left out" in ran.output


async def test_a_command_ends_at_its_limit_with_all_that_it_started(
    processes: ProcessHost, place: CommandContext
) -> None:
    began = time.monotonic()
    ran = await run_command("echo x; sleep 600 & sleep 600", place=place, processes=processes, timeout_s=1.0)
    assert ran == CommandResult(CommandStatus.TIMED_OUT, None, "x\n") and time.monotonic() - began < LIMIT_S


async def test_a_stop_ends_it(processes: ProcessHost, place: CommandContext) -> None:
    stop = StopSignal()

    async def show(_: str) -> None:
        stop.set(StopReason.CANCELLED)

    ran = await run_command(
        "echo x; sleep 600", place=place, processes=processes, timeout_s=LIMIT_S, stop=stop, show=show
    )
    assert ran == CommandResult(CommandStatus.STOPPED, None, "x\n")


async def test_an_error_of_the_watcher_ends_it(processes: ProcessHost, place: CommandContext) -> None:
    async def show(_: str) -> None:
        raise ProcessError("nobody_listens", "The turn is over.")

    with pytest.raises(ProcessError, match="The turn is over"):
        await run_command("echo x; sleep 600", place=place, processes=processes, timeout_s=LIMIT_S, show=show)


async def test_a_missing_worktree_is_said(processes: ProcessHost, place: CommandContext) -> None:
    place.worktree.rmdir()
    with pytest.raises(ProcessError, match="There is no directory"):
        await run_command("true", place=place, processes=processes, timeout_s=LIMIT_S)
