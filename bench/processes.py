"""Memory of processes."""

from __future__ import annotations

from pathlib import Path


def pss_mib(pid: int) -> float:
    """Proportional set size: memory that processes share is counted once in all. 0 for a process that has gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    kib = next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kib / 1024
