"""Results as a table and as JSON, with a description of the machine."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from bench.numbers import Comparison, Row, median, quantile

OUT = Path(__file__).resolve().parent / "out"
HEADS = ("section", "what", "n", "boocoder", "floor", "result", "target", "")


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and when it was measured."""

    at: str
    cpu: str
    cores: int
    memory_gib: float
    system: str
    python: str
    git: str
    commit: str
    load_before: float


def this_machine() -> Machine:
    """What matters for comparing runs; `load_before` is the load average of the last minute."""
    return Machine(
        at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        cpu=_cpu(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 0,
        memory_gib=round(psutil.virtual_memory().total / 2**30, 1),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        git=_said("git", "--version").removeprefix("git version "),
        commit=_said("git", "-C", str(OUT.parent), "describe", "--always", "--dirty"),
        load_before=round(os.getloadavg()[0], 2),
    )


def described(machine: Machine) -> str:
    """The machine in two lines."""
    hardware = f"{machine.cpu}, {machine.cores} cores, {machine.memory_gib} GiB, {machine.system}"
    return (
        f"{hardware}, load {machine.load_before}\nboocoder {machine.commit}, Python {machine.python}, git {machine.git}"
    )


def table(rows: Sequence[Row]) -> str:
    """The rows in aligned columns: medians with quartiles, and the 95th percentile where a row asks for it."""
    lines = [HEADS, *(cells(row) for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(HEADS))]
    drawn = [" | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
    drawn.insert(1, "-|-".join("-" * width for width in widths))
    return "\n".join(f"| {line} |" for line in drawn)


def save(rows: Sequence[Row], machine: Machine) -> Path:
    """Write all samples and results below bench/out and return the file's path."""
    OUT.mkdir(exist_ok=True)
    found = [asdict(row) | {"result": row.result, "ok": row.ok, "median": median(row.ours)} for row in rows]
    path = OUT / f"{machine.at.replace(':', '')}.json"
    path.write_text(json.dumps({"machine": asdict(machine), "rows": found}, indent=1) + "\n")
    return path


def cells(row: Row) -> tuple[str, ...]:
    """A row as texts, under HEADS."""
    verdict = {True: "ok", False: "OVER", None: ""}[row.ok]
    return (
        row.section,
        row.what,
        str(len(row.ours)),
        _spread(row.ours, row),
        _spread(row.floor, row) if row.floor else "",
        _result(row, row.result),
        "" if row.target is None else (">= " if row.compare is Comparison.RATE else "<= ") + _result(row, row.target),
        verdict,
    )


def _result(row: Row, value: float) -> str:
    match row.compare:
        case Comparison.RATIO:
            return f"x {value:.2f}"
        case Comparison.DIFFERENCE:
            return f"{_figure(value, signed=True)} {row.unit}"
        case Comparison.VALUE | Comparison.RATE:
            return f"{_figure(value)} {row.unit}"


def _spread(values: Sequence[float], row: Row) -> str:
    if len(values) == 1:
        return f"{_figure(values[0])} {row.unit}"
    middle, low, high = (_figure(quantile(values, share)) for share in (0.5, 0.25, 0.75))
    tail = f", p95 {_figure(quantile(values, 0.95))}" if row.tail else ""
    return f"{middle} ({low}..{high}{tail}) {row.unit}"


def _figure(value: float, *, signed: bool = False) -> str:
    """Three significant digits, without an exponent."""
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3
    return f"{value:+.{digits}f}" if signed else f"{value:.{digits}f}"


def _said(*argv: str) -> str:
    try:
        return subprocess.run(argv, capture_output=True, text=True, timeout=10, check=False).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
