"""Memory and processor time of processes."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil


def pss_mib(pid: int) -> float:
    """Proportional set size: memory that processes share is counted once in all. 0 for a process that has gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    kib = next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kib / 1024


@dataclass(frozen=True, slots=True)
class CpuSeconds:
    """Processor time, user and system."""

    service_s: float
    postgres_s: float


class CpuClock:
    """Counts the processor time of a service's process and of the PostgreSQL processes below it, from now on.

    Args:
        pid: of the service.
    """

    def __init__(self, pid: int) -> None:
        self._service = psutil.Process(pid)
        self._began = self._now()

    def spent(self) -> CpuSeconds:
        """Since it was made. A PostgreSQL process that has ended counts until its end was last looked at."""
        now = self._now()
        service = now.pop(self._service.pid) - self._began[self._service.pid]
        return CpuSeconds(service, sum(used - self._began.get(pid, 0.0) for pid, used in now.items()))

    def _now(self) -> dict[int, float]:
        children = self._service.children(recursive=True)
        found: dict[int, float] = {}
        for process in (self._service, *(one for one in children if _is_postgres(one))):
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                found[process.pid] = times.user + times.system
        return found


def _is_postgres(process: psutil.Process) -> bool:
    try:
        return bool(process.name() == "postgres")
    except psutil.NoSuchProcess:
        return False
