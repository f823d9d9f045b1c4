"""What a sandbox adds to the cold start of an agent's process; a warm turn starts none."""

from __future__ import annotations

import time
from pathlib import Path

from bench.harness import Bench
from bench.numbers import Comparison, Row
from boocoder.process.environment import agent_environment
from boocoder.process.host import Command, ProcessHost
from boocoder.process.sandbox.profile import SandboxMechanism, SandboxProfile, SandboxUse
from boocoder.process.sandbox.sandbox import Sandbox, SandboxPolicy
from boocoder.process.sandbox.support import find_support
from boocoder.process.supervised_run import run_supervised

SECTION = "sandbox"
COLD_START_MAX_MS = 100.0


async def measure(bench: Bench) -> list[Row]:
    """Each mechanism that works here against the same command without one, by turns."""
    rows: list[Row] = []
    for programs, mechanism in ((None, SandboxMechanism.BUBBLEWRAP), ((), SandboxMechanism.LANDLOCK)):
        support = await find_support(programs)
        if support.mechanism is not mechanism:
            continue
        home = Path.home()
        data_dir = bench.directory / mechanism
        sandbox = Sandbox(policy=SandboxPolicy(SandboxProfile.FILES), home=home, data_dir=data_dir, support=support)
        worktree = data_dir / "worktrees" / "one"
        worktree.mkdir(parents=True)
        host = ProcessHost(state_dir=data_dir, instance="bench", sandbox=sandbox)
        await host.start()
        try:
            rows.append(await _cold_start(bench, host, worktree, mechanism))
        finally:
            await host.stop()
    return rows


async def _cold_start(bench: Bench, host: ProcessHost, worktree: Path, mechanism: SandboxMechanism) -> Row:
    inside: list[float] = []
    outside: list[float] = []
    for _ in range(bench.rounds):
        for found, use in ((inside, SandboxUse("bench", worktree, project=worktree)), (outside, None)):
            began = time.monotonic()
            await run_supervised(host, Command(("true",), worktree, agent_environment(), use), timeout_s=60)
            found.append(1000 * (time.monotonic() - began))
    what = f"a process started and ended in {mechanism}; floor: without a sandbox"
    return Row(
        SECTION, what, "ms", tuple(inside), tuple(outside), compare=Comparison.DIFFERENCE, target=COLD_START_MAX_MS
    )
