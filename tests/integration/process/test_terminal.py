"""Children on a pseudo-terminal: what they see of it, and that their end is their own and not the terminal's."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from boocoder.process.child import Child
from boocoder.process.environment import agent_environment
from boocoder.process.host import COOKIE, Command, ProcessHost
from boocoder.process.proc_table import marked
from boocoder.process.terminal import TerminalSize


@pytest_asyncio.fixture
async def host(tmp_path: Path) -> AsyncIterator[ProcessHost]:
    """A started process host that must have nothing left at the end."""
    host = ProcessHost(state_dir=tmp_path / "host", instance="terminal")
    await host.start()
    yield host
    await host.stop()
    assert marked(f"{COOKIE}={host.cookie}") == []


async def run_in_terminal(host: ProcessHost, directory: Path, program: str, *argv: str) -> tuple[list[bytes], Child]:
    """All lines of a program on a terminal, and the program, ended."""
    command = Command((program, *argv), directory, agent_environment())
    child = await host.spawn(command, terminal=TerminalSize(30, 120))
    async with asyncio.timeout(60):
        lines = [line async for line in child.lines()]
        await child.wait()
    await child.close()
    return lines, child


async def test_a_program_sees_a_terminal_of_its_size(host: ProcessHost, tmp_path: Path) -> None:
    seen = "sys.stdin.isatty(), sys.stdout.isatty(), os.get_terminal_size(), os.getsid(0) == os.getpid()"
    script = f"import os, sys; print({seen})"
    lines, child = await run_in_terminal(host, tmp_path, sys.executable, "-c", script)
    assert lines == [b"True True os.terminal_size(columns=120, lines=30) True"]
    assert child.returncode == 0


async def test_all_output_comes_although_the_program_ends_at_once(host: ProcessHost, tmp_path: Path) -> None:
    script = "import sys; sys.stdout.write(''.join(f'line {n} ' + 'x' * 90 + '\\n' for n in range(5000)))"
    lines, _ = await run_in_terminal(host, tmp_path, sys.executable, "-c", script)
    assert len(lines) == 5000
    assert lines[-1].startswith(b"line 4999 ")


async def test_a_grandchild_that_keeps_the_terminal_does_not_keep_the_turn(host: ProcessHost, tmp_path: Path) -> None:
    lines, child = await run_in_terminal(host, tmp_path, "/bin/sh", "-c", "setsid sleep 300 & echo said; exit 4")
    assert lines == [b"said"]
    assert child.returncode == 4


@pytest.mark.parametrize("asks", ["exec 3</dev/tty", "read -r answer </dev/tty"])
async def test_nobody_can_be_asked_for_a_password(host: ProcessHost, tmp_path: Path, asks: str) -> None:
    lines, _ = await run_in_terminal(host, tmp_path, "/bin/sh", "-c", f"({asks}) 2>/dev/null || echo refused")
    assert lines == [b"refused"]


async def test_stderr_stays_apart(host: ProcessHost, tmp_path: Path) -> None:
    lines, child = await run_in_terminal(host, tmp_path, "/bin/sh", "-c", "echo out; echo err >&2")
    assert lines == [b"out"]
    assert child.stderr_tail() == "err\n"
