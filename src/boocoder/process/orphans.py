"""Finds processes that the tools of a session's turns started below its agent and that still run."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from boocoder.process.child import Child
from boocoder.process.cwd_scan import works_in
from boocoder.process.proc_table import boot_time, start_ticks
from boocoder.process.programs.supervisor import descendants

_WAIT_S = 1.0  # an agent that ends its tools takes up to 0.3 s
_POLL_S = 0.05
_COMMAND_MAX_CHARS = 500
_WORDS_MAX = 50
END_GRACE_S = 3.0  # between SIGTERM and SIGKILL


@dataclass(frozen=True, slots=True)
class ToolProcess:
    """A process that a tool started.

    Args:
        pid: its id.
        command: its command line, cut.
        started_at: when it was started.
    """

    pid: int
    command: str
    started_at: datetime


class ToolDescendants:
    """The agent's descendants that the turn started; those that ran before it are excluded.

    Args:
        child: the agent. What runs below it and was not left by a turn is recorded as the agent's own.
    """

    def __init__(self, child: Child) -> None:
        self._child = child
        self._before = set(descendants(child.supervisor_pid))
        child.own_descendants |= self._before - child.tool_descendants

    async def remain(self, used_tools: bool) -> bool:
        """Whether a process that the turn started outlives it; waits a moment for it to end.

        Args:
            used_tools: whether the turn had any tool call; if not, there is no search.
        """
        deadline = asyncio.get_running_loop().time() + _WAIT_S
        while used_tools and set(descendants(self._child.supervisor_pid)) - self._before:
            if asyncio.get_running_loop().time() > deadline:
                return True
            await asyncio.sleep(_POLL_S)
        return False

    def settle(self) -> list[ToolProcess]:
        """The turn is over: what still runs of the tools of this turn and of earlier ones."""
        child = self._child
        child.tool_descendants = set(descendants(child.supervisor_pid)) - child.own_descendants
        return _described(child.tool_descendants - self._before)


def tool_processes(child: Child, worktree: Path) -> list[ToolProcess]:
    """What the tools of a session started below an agent and still runs, oldest first. It blocks for milliseconds.

    Args:
        child: the agent: of this worktree alone, or of all of them.
        worktree: the session's.
    """
    if child.worktree == worktree:
        return _described(
            set(descendants(child.supervisor_pid)) - child.own_descendants if child.own_descendants else ()
        )
    if child.worktree is None and child.of_agent:
        below = (pid for pid in descendants(child.supervisor_pid) if pid != child.pid)
        return _described({pid for pid in below if works_in(pid, worktree)})
    return []


async def end_process(pid: int) -> None:
    """End a process and all its descendants: SIGTERM, and SIGKILL after three seconds."""
    group = {one: start_ticks(one) for one in (pid, *descendants(pid))}
    _signal(group, signal.SIGTERM)
    deadline = time.monotonic() + END_GRACE_S
    while _alive(group) and time.monotonic() < deadline:
        await asyncio.sleep(_POLL_S)
    _signal(group, signal.SIGKILL)


def _alive(group: dict[int, int | None]) -> list[int]:
    return [pid for pid, started in group.items() if started is not None and start_ticks(pid) == started and _argv(pid)]


def _signal(group: dict[int, int | None], number: signal.Signals) -> None:
    for pid in _alive(group):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _described(pids: set[int] | tuple[()]) -> list[ToolProcess]:
    booted = boot_time()
    found: list[ToolProcess] = []
    for pid in pids:
        argv, ticks = _argv(pid), start_ticks(pid)
        if argv and ticks is not None:
            started = booted + ticks / os.sysconf("SC_CLK_TCK")
            command = shlex.join(argv)[:_COMMAND_MAX_CHARS]
            found.append(ToolProcess(pid, command, datetime.fromtimestamp(started, UTC)))
    return sorted(found, key=lambda one: (one.started_at, one.pid))


def _argv(pid: int) -> list[str]:
    """The command line; empty for a process that has ended and waits for its parent."""
    try:
        said = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return []
    words = said.rstrip(b"\0").decode("utf-8", "replace").split("\0")
    return words[:_WORDS_MAX] if said else []
