"""The process host when something dies unexpectedly: no process is left behind, and no other process is killed."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from boocoder.errors import ProcessError
from boocoder.process.environment import agent_environment
from boocoder.process.host import Command, ProcessHost
from boocoder.process.proc_table import ProcessId, marked
from boocoder.process.programs.supervisor import descendants
from tests.waiting import PATIENCE_S

OWNER = """
import asyncio, sys
from pathlib import Path
from boocoder.process.environment import agent_environment
from boocoder.process.host import Command, ProcessHost

AGENT = '''
trap '' TERM HUP
(setsid sh -c "trap '' TERM; sleep 600 & wait" &)
(env -i setsid setsid sleep 600 &)
sleep 600 &
echo up
wait
'''

async def main():
    host = ProcessHost(state_dir=Path(sys.argv[1]), instance=sys.argv[2])
    await host.start()
    for _ in range(2):
        child = await host.spawn(Command(("sh", "-c", AGENT), Path("/"), agent_environment()))
        await anext(aiter(child.lines()))
        print(child.supervisor_pid, host.cookie, flush=True)
    await child.wait()

asyncio.run(main())
"""


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[ProcessHost]:
    host = ProcessHost(state_dir=tmp_path, instance="test")
    await host.start()
    try:
        yield host
    finally:
        await host.stop()
        assert marked(f"BOOCODER_COOKIE={host.cookie}") == []


@contextmanager
def owner_with_agents(state_dir: Path, instance: str) -> Iterator[tuple[subprocess.Popen[bytes], list[int], str]]:
    """A boocoder process with two agents: itself, its supervisors' pids, the mark of all that it started."""
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(state_dir), instance], stdout=subprocess.PIPE)
    assert owner.stdout is not None
    try:
        supervisors, cookie = [], b""
        for _ in range(2):
            pid, cookie = owner.stdout.readline().split()
            supervisors.append(int(pid))
        yield owner, supervisors, f"BOOCODER_COOKIE={cookie.decode()}"
    finally:
        owner.stdout.close()
        owner.kill()
        owner.wait()


async def until(condition: Callable[[], bool]) -> None:
    """Wait until `condition` is true."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.01)


def below(supervisors: list[int]) -> list[int]:
    return [pid for supervisor in supervisors for pid in (supervisor, *descendants(supervisor))]


async def test_kill_9_of_the_owner_leaves_nothing(tmp_path: Path) -> None:
    for number in range(3):
        with owner_with_agents(tmp_path, f"run-{number}") as (owner, supervisors, mark):
            await until(lambda: len(below(supervisors)) >= 12)
            pids = below(supervisors)
            owner.kill()
            owner.wait()
            await until(lambda: not any(map(alive, pids)))  # noqa: B023
            assert marked(mark) == []


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return b") Z" not in Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False


async def test_the_next_start_kills_what_was_left_and_nobody_else(tmp_path: Path) -> None:
    with owner_with_agents(tmp_path, "first") as (owner, supervisors, mark):
        victims = (owner.pid, *supervisors)
        everything = below(supervisors)
        for number in (signal.SIGSTOP, signal.SIGKILL):  # stopped first, so that none sees another die
            for pid in victims:
                os.kill(pid, number)
    innocents = [
        subprocess.Popen(["sleep", "600"], env=agent_environment(extra), start_new_session=True)
        for extra in ({}, {"BOOCODER_COOKIE": "another:first"}, {"NOTE": mark})
    ]
    try:
        assert marked(mark)
        host = ProcessHost(state_dir=tmp_path, instance="second")
        await host.start()
        assert marked(mark) == []
        assert host.statistics().swept >= 2
        assert [innocent.poll() for innocent in innocents] == [None, None, None]
        await host.stop()
        assert list((tmp_path / "processes").iterdir()) == []
    finally:
        for innocent in innocents:
            innocent.kill()
            innocent.wait()
        for pid in filter(alive, everything):  # those that had emptied their environment cannot be found later
            os.kill(pid, signal.SIGKILL)


async def test_a_process_older_than_the_instance_is_spared(tmp_path: Path) -> None:
    older = subprocess.Popen(["sleep", "600"], env={"PATH": os.environ["PATH"], "MARK": "same"})
    try:
        found: list[ProcessId] = []

        def seen() -> bool:
            found[:] = marked("MARK=same")
            return bool(found)

        await until(seen)
        assert marked("MARK=same", not_before=found[0].started) == found
        assert marked("MARK=same", not_before=found[0].started + 1) == []
    finally:
        older.kill()
        older.wait()


async def test_a_second_living_host_of_the_directory_is_spared(host: ProcessHost, tmp_path: Path) -> None:
    child = await host.spawn(Command(("sleep", "600"), Path("/"), agent_environment()))
    other = ProcessHost(state_dir=tmp_path, instance="other")
    await other.start()
    assert other.statistics().swept == 0
    await other.stop()
    assert child.returncode is None


async def test_a_broken_record_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "processes").mkdir()
    (tmp_path / "processes" / "x.json").write_text('{"cookie": ')
    host = ProcessHost(state_dir=tmp_path, instance="test")
    await host.start()
    await host.stop()
    assert list((tmp_path / "processes").iterdir()) == []


@pytest.mark.parametrize(
    ("argv", "cwd", "code"),
    [
        (("no-such-program",), "/", "program_missing"),
        (("/no/such/program",), "/", "program_missing"),
        (("/etc/passwd",), "/", "program_not_executable"),
        (("/tmp",), "/", "program_not_executable"),
        (("true",), "/no/such/directory", "working_directory_missing"),
        (("true", "a\0b"), "/", "command_invalid"),
        ((), "/", "command_invalid"),
    ],
)
async def test_what_cannot_start_says_why(host: ProcessHost, argv: tuple[str, ...], cwd: str, code: str) -> None:
    with pytest.raises(ProcessError) as caught:
        await host.spawn(Command(argv, Path(cwd), agent_environment()))
    assert caught.value.code == code
    assert caught.value.cure
    assert host.statistics().running == 0


async def test_a_missing_interpreter_is_named(host: ProcessHost, tmp_path: Path) -> None:
    script = tmp_path / "agent"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    with pytest.raises(ProcessError, match="interpreter") as caught:
        await host.spawn(Command((str(script),), tmp_path, agent_environment()))
    assert caught.value.code == "program_missing"


async def test_cancelling_a_start_leaves_nothing(host: ProcessHost) -> None:
    files = _open_files()
    cancelled = 0
    for _ in range(25):
        try:
            async with asyncio.timeout(random.uniform(0.0, 0.03)):
                child = await host.spawn(Command(("sleep", "600"), Path("/"), agent_environment()))
            await child.close(0.0)
        except TimeoutError:
            cancelled += 1
    assert cancelled
    assert host.statistics().running == 0
    assert marked(f"BOOCODER_COOKIE={host.cookie}") == []
    await until(lambda: _open_files() == files)


def _open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def test_stop_ends_many_at_once(tmp_path: Path) -> None:
    host = ProcessHost(state_dir=tmp_path, instance="test")
    await host.start()
    script = "trap '' TERM; (setsid sleep 600 &); sleep 600"
    await asyncio.gather(*(host.spawn(Command(("sh", "-c", script), Path("/"), agent_environment())) for _ in range(8)))
    assert host.statistics().running == 8
    async with asyncio.timeout(60):
        await host.stop()
        await host.stop()
    assert marked(f"BOOCODER_COOKIE={host.cookie}") == []
    with pytest.raises(ProcessError) as caught:
        await host.spawn(Command(("true",), Path("/"), agent_environment()))
    assert caught.value.code == "host_not_running"


async def test_stop_before_start_is_harmless(tmp_path: Path) -> None:
    host = ProcessHost(state_dir=tmp_path / "new", instance="test")
    await host.stop()
    assert not (tmp_path / "new").exists()
