"""Reads the process table from /proc and kills processes by mark. Without /proc it finds nothing.

A mark is an entry of a process's environment (`NAME=value`), which its descendants inherit. Processes are never
identified by their name or parent.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from boocoder.process.programs.supervisor import descendants

SWEEP_POLL_S = 0.02
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A process, told apart from a later one with the same pid.

    Args:
        pid: its id.
        started: clock ticks between boot and its start; with the pid it identifies the process uniquely (proc(5)).
    """

    pid: int
    started: int


@dataclass(frozen=True, slots=True)
class ProcessEntry:
    """A process as the process table shows it.

    Args:
        id: which one.
        parent: pid of its parent.
        group: its process group.
    """

    id: ProcessId
    parent: int
    group: int


def boot_id() -> str:
    """Id of this run of the kernel; empty if unknown."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def boot_time() -> float:
    """When this run of the kernel began, in whole seconds since the epoch; 0 if unknown."""
    try:
        lines = Path("/proc/stat").read_text().splitlines()
    except OSError:
        return 0.0
    return next((float(line.split()[1]) for line in lines if line.startswith("btime ")), 0.0)


def start_ticks(pid: int) -> int | None:
    """When a process started, in clock ticks after boot; None if there is no such process."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[19])
    except (OSError, IndexError):
        return None


def has_mark(pid: int, mark: str) -> bool:
    """Whether a process was started with `mark` in its environment, as far as we may look."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
    return mark.encode() in environment and mark.encode() in environment.split(b"\0")


def marked(mark: str, not_before: int = 0) -> list[ProcessId]:
    """All live processes with a mark that started at `not_before` clock ticks or later, except this one."""
    found = []
    try:
        names = os.listdir("/proc")  # noqa: PTH208 -- names only, of hundreds
    except OSError:
        return []
    for name in names:
        if name.isdigit() and int(name) != os.getpid() and has_mark(int(name), mark):
            started = start_ticks(int(name))
            if started is not None and started >= not_before:
                found.append(ProcessId(int(name), started))
    return found


def all_processes() -> list[ProcessEntry]:
    """All live processes; empty without /proc."""
    try:
        names = os.listdir("/proc")  # noqa: PTH208 -- names only, of hundreds
    except OSError:
        return []
    return [entry for name in names if name.isdigit() and (entry := _entry(int(name))) is not None]


def family(root: int, among: Iterable[ProcessEntry] | None = None) -> list[ProcessEntry]:
    """All live descendants of a process, parents before their children.

    Args:
        root: its pid.
        among: all processes, if they have been read already.
    """
    children: dict[int, list[ProcessEntry]] = {}
    for entry in all_processes() if among is None else among:
        children.setdefault(entry.parent, []).append(entry)
    found = children.pop(root, [])
    for entry in found:
        found.extend(children.pop(entry.id.pid, ()))
    return found


def _entry(pid: int) -> ProcessEntry | None:
    """The line of a process (proc(5), stat); None if it has ended, even if it still waits for its parent."""
    try:
        words = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        state, parent, group, started = words[0], int(words[1]), int(words[2]), int(words[19])
    except (OSError, IndexError, ValueError):
        return None
    return None if state in (b"Z", b"X") else ProcessEntry(ProcessId(pid, started), parent, group)


def is_namespace_init(pid: int) -> bool:
    """Whether a process is the first of a pid namespace, which adopts all orphans in it (pid_namespaces(7))."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return False
    return next((line.split()[-1] == "1" for line in lines if line.startswith("NSpid:")), False)


def signal_process(process: ProcessId, number: signal.Signals, *, mark: str = "") -> None:
    """Signal a process if it still is the one that was found; a pidfd protects against reuse of its pid.

    Args:
        process: which one.
        number: the signal.
        mark: an entry that its environment must have; "" for none.
    """
    try:
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return
    except (AttributeError, OSError):  # a kernel or system without pidfd
        if _still(process, mark):
            with suppress(OSError):
                os.kill(process.pid, number)
        return
    try:
        if _still(process, mark):
            with suppress(OSError):
                signal.pidfd_send_signal(handle, number)
    finally:
        os.close(handle)


def _still(process: ProcessId, mark: str) -> bool:
    return start_ticks(process.pid) == process.started and (not mark or has_mark(process.pid, mark))


async def sweep(mark: str, *, not_before: int = 0, limit_s: float, spare: Callable[[int], bool] | None = None) -> int:
    """Kill all processes with a mark until none is left.

    Args:
        mark: entry of their environment.
        not_before: clock ticks after boot; older processes are spared.
        limit_s: seconds until it gives up.
        spare: pids for which it is true are left alone.

    Returns:
        How many processes were found.
    """
    deadline = time.monotonic() + limit_s
    seen: set[ProcessId] = set()
    while True:
        left = [process for process in marked(mark, not_before) if spare is None or not spare(process.pid)]
        seen.update(left)
        if not left or time.monotonic() > deadline:
            return len(seen)
        for process in left:
            signal_process(process, signal.SIGKILL, mark=mark)
        await asyncio.sleep(SWEEP_POLL_S)


def tree_bytes(root: int) -> int:
    """Memory of a process and its descendants in bytes, read in microseconds.

    The sum of their private memory and the largest shared part, mostly pages of the same program. The kernel's exact
    figure (smaps_rollup) takes 20 ms for an agent of 600 MB, during which this process would do nothing else.
    """
    sizes = [_resident_and_shared(pid) for pid in (root, *descendants(root))]
    return sum(resident - shared for resident, shared in sizes) + max(shared for _, shared in sizes)


def _resident_and_shared(pid: int) -> tuple[int, int]:
    """Bytes in memory, and how many of them are a file's or shared; 0 for a process that is gone (proc(5), statm)."""
    try:
        words = Path(f"/proc/{pid}/statm").read_text().split()
        return int(words[1]) * _PAGE_BYTES, int(words[2]) * _PAGE_BYTES
    except (OSError, IndexError):
        return 0, 0
