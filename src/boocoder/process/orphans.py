"""Finds processes that the tools of a session's turns started below its agent and that still run, and ends them."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from boocoder.process.child import Child
from boocoder.process.cwd_scan import works_in
from boocoder.process.proc_table import (
    ProcessEntry,
    ProcessId,
    all_processes,
    boot_time,
    family,
    is_namespace_init,
    signal_process,
)

_WAIT_S = 1.0  # an agent that ends its tools takes up to 0.3 s
_POLL_S = 0.05
_HOLD_POLL_S = 0.02
_COMMAND_MAX_CHARS = 500
_WORDS_MAX = 50
END_GRACE_S = 3.0  # between SIGTERM and SIGKILL
_END_POLL_S = 0.02  # what is started and orphaned between two looks is found by its process group only
_KILL_S = 2.0  # for stopping and killing; a process that is not gone by then hangs in the kernel


@dataclass(frozen=True, slots=True)
class ToolProcess:
    """A process that a tool started.

    Args:
        id: which one.
        command: its command line, cut.
        started_at: when it was started.
    """

    id: ProcessId
    command: str
    started_at: datetime

    @property
    def pid(self) -> int:
        """Its pid."""
        return self.id.pid


class ToolDescendants:
    """What the tools of a turn start below the agent; begins with the turn.

    Args:
        child: the agent. What runs below it and was not left by a turn is recorded as the agent's own.
    """

    def __init__(self, child: Child) -> None:
        self._child = child
        before = family(child.supervisor_pid)
        child.tool_descendants = _left_by_tools(before, child)
        child.own_descendants = {entry.id for entry in before} - child.tool_descendants
        child.in_turn = True

    async def remain(self, used_tools: bool) -> bool:
        """Whether a process that the turn started outlives it; waits a moment for it to end.

        Args:
            used_tools: whether the turn had any tool call; if not, there is no search.
        """
        deadline = asyncio.get_running_loop().time() + _WAIT_S
        while used_tools and self.started():
            if asyncio.get_running_loop().time() > deadline:
                return True
            await asyncio.sleep(_POLL_S)
        return False

    def settle(self, used_tools: bool) -> list[ToolProcess]:
        """The turn is over: what its tools started and still runs. It blocks for milliseconds.

        Args:
            used_tools: as for `remain`.
        """
        child = self._child
        new = self.started() if used_tools else []
        child.tool_descendants |= {entry.id for entry in new}
        child.in_turn = False
        return _described(new)

    def started(self) -> list[ProcessEntry]:
        """What the turn has started and still runs.

        That is what was not there before it; what a server left by an earlier turn starts now does not count.
        """
        found: list[ProcessEntry] = []
        earlier: set[int] = set()
        for entry in family(self._child.supervisor_pid):
            if entry.id in self._child.tool_descendants or entry.parent in earlier:
                earlier.add(entry.id.pid)
            elif entry.id not in self._child.own_descendants:
                found.append(entry)
        return found


class ToolHold:
    """Stops what the tools of a turn have started and start from now on.

    Args:
        descendants: of the turn.

    Attributes:
        began: set once a process is stopped.
    """

    def __init__(self, descendants: ToolDescendants) -> None:
        self._descendants = descendants
        self._stopped: set[ProcessId] = set()
        self.began = asyncio.Event()

    async def keep(self) -> None:
        """Stop new processes until this is cancelled."""
        while True:
            await asyncio.to_thread(self._stop_new)
            if self._stopped:
                self.began.set()
            await asyncio.sleep(_HOLD_POLL_S)

    def let_go(self) -> None:
        """Let all of them run on."""
        self._signal(signal.SIGCONT)

    def end(self) -> None:
        """Kill all of them, and what they had started."""
        self._stop_new()
        self._signal(signal.SIGKILL)

    def _stop_new(self) -> None:
        while new := {entry.id for entry in self._descendants.started()} - self._stopped:
            for process in new:
                signal_process(process, signal.SIGSTOP)
            self._stopped |= new

    def _signal(self, number: signal.Signals) -> None:
        for process in self._stopped:
            signal_process(process, number)
        self._stopped.clear()


def tool_processes(child: Child, worktree: Path) -> list[ToolProcess]:
    """What the tools of a session started below an agent and still runs, oldest first. It blocks for milliseconds.

    Args:
        child: the agent: of this worktree alone, or of all of them.
        worktree: the session's.
    """
    if child.worktree == worktree:
        below = family(child.supervisor_pid)
        if child.in_turn:
            return _described(entry for entry in below if entry.id not in child.own_descendants)
        left = _left_by_tools(below, child)
        return _described(entry for entry in below if entry.id in left)
    if child.worktree is None and child.of_agent:
        others = (entry for entry in family(child.supervisor_pid) if entry.id.pid != child.pid)
        return _described(entry for entry in others if works_in(entry.id.pid, worktree))
    return []


def _left_by_tools(below: Sequence[ProcessEntry], child: Child) -> set[ProcessId]:
    """Which processes below an agent between two turns are its tools'.

    They are what the last turn left, what that has started since, and what has lost its parent since. What the agent
    itself has started since is its own, and so is everything before its first turn.

    Args:
        below: the agent's supervisor, as `family` gives it.
    """
    found: set[ProcessId] = set()
    pids: set[int] = set()
    for entry in below if child.own_descendants else ():
        if entry.id not in child.own_descendants and (
            entry.id in child.tool_descendants or entry.parent in pids or _adopts(entry.parent, child)
        ):
            found.add(entry.id)
            pids.add(entry.id.pid)
    return found


def _adopts(pid: int, child: Child) -> bool:
    """Whether a process of an agent is the one that orphans come to, in its sandbox or without one."""
    return pid == child.supervisor_pid or (pid != child.pid and is_namespace_init(pid))


async def end_process(process: ProcessId) -> None:
    """End a process and all its descendants: SIGTERM, and SIGKILL after three seconds.

    What they start meanwhile ends with them, unless it loses its parent within a fiftieth of a second and is in a
    process group that others share.
    """
    await asyncio.to_thread(_end, process)


def _end(process: ProcessId) -> None:
    tree = _ProcessTree(process)
    tree.signal(signal.SIGTERM)
    deadline = time.monotonic() + END_GRACE_S
    while tree.alive() and time.monotonic() < deadline:
        time.sleep(_END_POLL_S)
    deadline = time.monotonic() + _KILL_S
    while tree.alive() and time.monotonic() < deadline:
        tree.stop()
        tree.signal(signal.SIGKILL)
        time.sleep(_END_POLL_S)


class _ProcessTree:
    """A process, its descendants, and what those start.

    Args:
        root: the process.
    """

    def __init__(self, root: ProcessId) -> None:
        entries = all_processes()
        self._members = {root, *(entry.id for entry in family(root.pid, entries))}
        self._groups: set[int] = set()
        self._shared_groups = {entry.group for entry in entries if entry.id not in self._members}

    def alive(self) -> list[ProcessId]:
        """Those that run, new ones included: children, and orphans in process groups that are the tree's alone."""
        entries = all_processes()
        pids: set[int] = set()
        while found := [entry for entry in entries if entry.id.pid not in pids and self._is_member(entry, pids)]:
            pids.update(entry.id.pid for entry in found)
            self._members.update(entry.id for entry in found)
            self._groups.update(entry.group for entry in found)
        return [entry.id for entry in entries if entry.id in self._members]

    def _is_member(self, entry: ProcessEntry, pids: set[int]) -> bool:
        in_group = entry.group in self._groups and entry.group not in self._shared_groups
        return entry.id in self._members or entry.parent in pids or in_group

    def signal(self, number: signal.Signals) -> None:
        """Signal all that run."""
        for one in self.alive():
            signal_process(one, number)

    def stop(self) -> None:
        """Stop all until none is new, so that none can fork while another is killed."""
        stopped: set[ProcessId] = set()
        while new := set(self.alive()) - stopped:
            for one in new:
                signal_process(one, signal.SIGSTOP)
            stopped |= new


def _described(entries: Iterable[ProcessEntry]) -> list[ToolProcess]:
    booted = boot_time()
    found: list[ToolProcess] = []
    for entry in entries:
        if argv := _argv(entry.id.pid):
            started = booted + entry.id.started / os.sysconf("SC_CLK_TCK")
            command = shlex.join(argv)[:_COMMAND_MAX_CHARS]
            found.append(ToolProcess(entry.id, command, datetime.fromtimestamp(started, UTC)))
    return sorted(found, key=lambda one: (one.started_at, one.pid))


def _argv(pid: int) -> list[str]:
    """The command line; empty for a process that has ended."""
    try:
        said = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return []
    words = said.rstrip(b"\0").decode("utf-8", "replace").split("\0")
    return words[:_WORDS_MAX] if said else []
