"""Agents under the process host: lines, input, exit codes and orderly deaths."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import uvloop

from boocoder.errors import ProcessError
from boocoder.process.child import Child
from boocoder.process.environment import agent_environment
from boocoder.process.host import Command, ProcessHost
from boocoder.process.proc_table import marked, tree_bytes
from boocoder.process.programs.supervisor import descendants

DEADLINE_S = 60.0
DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(600)
    os._exit(0)
"""

PYTHON = shlex.quote(sys.executable)  # the checkout may stand in a path with spaces


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[ProcessHost]:
    host = ProcessHost(state_dir=tmp_path, instance="test")
    await host.start()
    try:
        yield host
    finally:
        await host.stop()
        assert marked(f"BOOCODER_COOKIE={host.cookie}") == []


def sh(script: str, cwd: Path = Path("/")) -> Command:
    return Command(("sh", "-c", script), cwd, agent_environment())


def left_of(host: ProcessHost) -> int:
    return len(marked(f"BOOCODER_COOKIE={host.cookie}"))


async def first_line(child: Child) -> bytes:
    async with asyncio.timeout(DEADLINE_S):
        return await anext(aiter(child.lines()))


@pytest.mark.parametrize(
    ("script", "code"),
    [("exit 0", 0), ("exit 1", 1), ("exit 137", 137), ("exit 255", 255)]
    + [(f"kill -{name} $$", -number) for name, number in (("SEGV", 11), ("KILL", 9), ("TERM", 15), ("PIPE", 13))],
)
async def test_the_exit_code_is_the_agents(host: ProcessHost, script: str, code: int) -> None:
    child = await host.spawn(sh(script))
    async with asyncio.timeout(DEADLINE_S):
        assert await child.wait() == code
    assert child.returncode == code
    assert await child.close() == code


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_it_works_in_either_event_loop(tmp_path: Path, new_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def scenario() -> None:
        host = ProcessHost(state_dir=tmp_path, instance=new_loop.__module__)
        await host.start()
        child = await host.spawn(Command(("cat",), tmp_path, agent_environment()), stdin=True)
        await child.write(b"x" * 300_000 + b"\nsecond\nend")
        child.close_stdin()
        lines = [line async for line in child.lines()]
        assert [len(line) for line in lines] == [300_000, 6, 3]
        assert await child.wait() == 0
        await host.stop()
        assert left_of(host) == 0

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(scenario())


async def test_it_runs_in_its_directory_with_its_environment(host: ProcessHost, tmp_path: Path) -> None:
    command = Command(("sh", "-c", 'pwd; echo "$GIVEN"'), tmp_path, agent_environment({"GIVEN": "value"}))
    child = await host.spawn(command)
    assert [line async for line in child.lines()] == [os.fsencode(tmp_path), b"value"]


async def test_stderr_is_drained_in_flat_memory(host: ProcessHost) -> None:
    before = tree_bytes(os.getpid())
    child = await host.spawn(sh("head -c 50000000 /dev/zero | tr '\\0' e >&2; echo end >&2; echo done"))
    assert await first_line(child) == b"done"
    await child.wait()
    await child.close()
    assert child.stderr_tail().endswith("eend\n")
    assert len(child.stderr_tail()) == 64 * 1024
    assert tree_bytes(os.getpid()) - before < 8_000_000


async def test_a_line_beyond_the_limit_is_dropped_and_the_next_one_read(host: ProcessHost) -> None:
    child = await host.spawn(sh("echo first; head -c 73400320 /dev/zero | tr '\\0' x; echo; echo next"))
    assert [line async for line in child.lines()] == [b"first", b"next"]
    assert child.dropped_lines == 1


async def test_a_slow_reader_makes_the_agent_wait_and_loses_nothing(host: ProcessHost, tmp_path: Path) -> None:
    done = tmp_path / "done"
    child = await host.spawn(sh(f"seq 1 1000000; touch '{done}'"))
    lines = aiter(child.lines())
    assert await anext(lines) == b"1"
    assert not done.exists()
    numbers = [int(line) async for line in lines]
    assert numbers == list(range(2, 1_000_001))
    assert done.exists()


async def test_output_that_nobody_wants_does_not_block(host: ProcessHost) -> None:
    child = await host.spawn(sh("echo ready; seq 1 1000000; exit 5"))
    assert await first_line(child) == b"ready"
    child.discard_output()
    async with asyncio.timeout(DEADLINE_S):
        assert await child.wait() == 5


async def test_input_that_is_never_read_ends_in_a_named_error(host: ProcessHost) -> None:
    child = await host.spawn(sh("sleep 600"), stdin=True)
    with pytest.raises(ProcessError) as stalled:
        await child.write(b"x" * 1_000_000, timeout_s=0.2)
    assert stalled.value.code == "agent_input_stalled"
    with pytest.raises(ProcessError) as closed:
        await child.write(b"more")
    assert closed.value.code == "agent_input_closed"


async def test_writing_to_an_agent_that_ended_is_a_named_error(host: ProcessHost) -> None:
    child = await host.spawn(sh("echo broken >&2; exit 1"), stdin=True)
    await child.wait()
    with pytest.raises(ProcessError) as caught:
        await child.write(b"hello\n")
    assert caught.value.code == "agent_input_closed"


async def test_a_cancelled_write_still_goes_out_whole(host: ProcessHost) -> None:
    child = await host.spawn(sh("read go < /dev/stdin; wc -c"), stdin=True)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.0):
            await child.write(b"go\n" + b"x" * 500_000)
    async with asyncio.timeout(DEADLINE_S):
        await child.write(b"y" * 10)
    child.close_stdin()
    assert int(await first_line(child)) == 500_010


async def test_a_grandchild_cannot_delay_the_end(host: ProcessHost) -> None:
    child = await host.spawn(sh("setsid sleep 600 & sleep 600 & echo bye; exit 3"))
    began = time.monotonic()
    assert [line async for line in child.lines()] == [b"bye"]
    assert await child.wait() == 3
    assert time.monotonic() - began < 60
    assert left_of(host) == 0


async def test_lines_end_although_a_stranger_holds_the_pipe(host: ProcessHost) -> None:
    child = await host.spawn(sh("echo up; read go"), stdin=True)
    assert await first_line(child) == b"up"
    stranger = os.open(f"/proc/{child.pid}/fd/1", os.O_WRONLY)
    try:
        child.close_stdin()
        async with asyncio.timeout(60):
            assert [line async for line in child.lines()] == []
            assert await child.wait() == 1
    finally:
        os.close(stranger)


async def test_an_agent_that_ends_with_its_input_is_not_signalled(host: ProcessHost) -> None:
    child = await host.spawn(sh("cat; exit 6"), stdin=True)
    assert await child.close() == 6


async def test_an_agent_that_ignores_sigterm_is_killed_in_time(host: ProcessHost) -> None:
    child = await host.spawn(sh("trap '' TERM HUP INT; echo up; while :; do sleep 1; done"), stdin=True)
    await first_line(child)
    began = time.monotonic()
    first, second = await asyncio.gather(child.close(0.5), child.close(0.5))
    assert first == second == -signal.SIGKILL
    assert time.monotonic() - began < 30
    assert await child.close() == -signal.SIGKILL


async def test_sigterm_lets_the_agent_end_by_itself(host: ProcessHost) -> None:
    child = await host.spawn(sh("trap 'echo saved; exit 9' TERM; echo up; while :; do sleep 0.05; done"))
    await first_line(child)
    assert await child.close() == 9


async def test_detached_daemons_are_gone_after_close(host: ProcessHost) -> None:
    script = f"env -i {PYTHON} -I -S -c '{DAEMON}'; (setsid setsid sleep 600 &); echo up; sleep 600"
    child = await host.spawn(sh(script))
    await first_line(child)
    supervisor = child.supervisor_pid
    async with asyncio.timeout(DEADLINE_S):
        while len(below := descendants(supervisor)) < 4:
            await asyncio.sleep(0.01)
    await child.close(0.2)
    assert not [pid for pid in below if Path(f"/proc/{pid}").exists()]


async def test_a_killed_supervisor_takes_everything_with_it(host: ProcessHost) -> None:
    child = await host.spawn(sh("(setsid sleep 600 &); sleep 600 & echo up; wait"))
    await first_line(child)
    os.kill(child.supervisor_pid, signal.SIGKILL)
    async with asyncio.timeout(60):
        assert await child.wait() == -signal.SIGKILL
    assert left_of(host) == 0


async def test_a_stopped_supervisor_does_not_save_the_agent(host: ProcessHost) -> None:
    child = await host.spawn(sh("(setsid sleep 600 &); echo up; sleep 600"))
    await first_line(child)
    os.kill(child.supervisor_pid, signal.SIGSTOP)
    async with asyncio.timeout(60):
        assert await child.close(0.1) in (-signal.SIGTERM, -signal.SIGKILL)
    assert left_of(host) == 0


async def test_memory_is_that_of_the_whole_tree(host: ProcessHost) -> None:
    hog = "import time; data = bytearray(40_000_000); print(1, flush=True); time.sleep(600)"
    child = await host.spawn(sh(f"{PYTHON} -I -S -c '{hog}' & wait"))
    await first_line(child)
    assert 40_000_000 < child.rss_bytes() < 90_000_000
    await child.close(0.1)
    assert child.rss_bytes() == 0
