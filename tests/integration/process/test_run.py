"""One-shot programs: their results, limits and ends."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest
import uvloop

from boocoder.errors import ProcessError
from boocoder.process.environment import agent_environment
from boocoder.process.proc_table import marked
from boocoder.process.run import ProcessResult, run


async def _sh(script: str, *, timeout_s: float = 20.0, mark: str = "", **limits: int) -> ProcessResult:
    env = agent_environment({"RUN_MARK": mark})
    return await run(["sh", "-c", script], cwd=Path("/"), env=env, timeout_s=timeout_s, **limits)


async def _until_unmarked(mark: str) -> None:
    async with asyncio.timeout(60):
        while marked(f"RUN_MARK={mark}"):
            await asyncio.sleep(0.01)


def _open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def test_output_errors_and_code_come_back() -> None:
    assert await _sh("echo out; echo err >&2; exit 7") == (7, b"out\n", "err\n")


def test_it_works_under_uvloop() -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(_sh("cat; echo done >&2; sleep 600 & exit 2")) == (2, b"", "done\n")


async def test_a_signal_is_a_negative_code() -> None:
    assert (await _sh("kill -SEGV $$")).returncode == -11


async def test_input_of_any_size_passes_through() -> None:
    data = os.urandom(5_000_000)
    result = await run(["cat"], cwd=Path("/"), env=agent_environment(), stdin=data, timeout_s=60)
    assert result.stdout == data


async def test_output_can_be_taken_as_it_comes() -> None:
    pieces: list[bytes] = []
    result = await run(
        ["sh", "-c", "echo one; echo two >&2; cat"],
        cwd=Path("/"),
        env=agent_environment(),
        stdin=b"x" * 1_000_000,
        timeout_s=20,
        sink=pieces.append,
    )
    assert result == (0, b"", "two\n")
    assert b"".join(pieces) == b"one\n" + b"x" * 1_000_000
    assert len(pieces) > 1


async def test_input_that_nobody_reads_is_no_error() -> None:
    result = await run(["true"], cwd=Path("/"), env=agent_environment(), stdin=b"x" * 5_000_000, timeout_s=60)
    assert result == (0, b"", "")


async def test_only_the_end_of_stderr_is_kept() -> None:
    result = await _sh("head -c 3000000 /dev/zero | tr '\\0' e >&2; echo last >&2")
    assert len(result.stderr) == 64 * 1024
    assert result.stderr.endswith("elast\n")


async def test_the_deadline_kills_the_whole_group() -> None:
    began = time.monotonic()
    with pytest.raises(ProcessError) as caught:
        await _sh("trap '' TERM; echo hello >&2; sleep 600 & sleep 600", timeout_s=0.3, mark="deadline")
    assert caught.value.code == "process_timed_out"
    assert "hello" in caught.value.cure
    await _until_unmarked("deadline")
    assert time.monotonic() - began < 60


async def test_cancelling_kills_before_it_is_raised() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await _sh("sleep 600 & sleep 600", mark="cancelled")
    await _until_unmarked("cancelled")


async def test_too_much_output_is_an_error() -> None:
    with pytest.raises(ProcessError) as caught:
        await _sh("yes", max_bytes=100_000, mark="flood")
    assert caught.value.code == "process_output_too_large"
    await _until_unmarked("flood")


async def test_a_grandchild_that_keeps_the_output_open_does_not_delay() -> None:
    began = time.monotonic()
    assert await _sh("echo done; sleep 600 & exit 4", mark="grandchild") == (4, b"done\n", "")
    assert time.monotonic() - began < 60
    await _until_unmarked("grandchild")


@pytest.mark.parametrize(
    ("argv", "cwd", "code"),
    [
        (["no-such-program"], "/", "program_missing"),
        (["/etc/passwd"], "/", "program_not_executable"),
        (["true"], "/no/such/directory", "working_directory_missing"),
        (["true", "a\0b"], "/", "command_invalid"),
        ([], "/", "command_invalid"),
        (["true", "x" * 3_000_000], "/", "arguments_too_long"),
    ],
)
async def test_what_cannot_start_says_why(argv: list[str], cwd: str, code: str) -> None:
    before = _open_files()
    with pytest.raises(ProcessError) as caught:
        await run(argv, cwd=Path(cwd), env=agent_environment(), timeout_s=5)
    assert caught.value.code == code
    assert caught.value.cure
    assert _open_files() == before


async def test_many_at_once_leak_nothing() -> None:
    await _sh("true")
    before = _open_files()
    results = await asyncio.gather(*(_sh(f"echo {number}") for number in range(40)))
    assert [int(result.stdout) for result in results] == list(range(40))
    assert _open_files() == before
