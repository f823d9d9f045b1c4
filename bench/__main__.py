"""`python -m bench`: runs the sections one after another and prints one table; `make bench` calls it."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from tools.install_agents import install_opencode

from bench import (
    burst,
    chunk_delay,
    dispatch,
    floods,
    growth,
    large_repository,
    many_files,
    memory_growth,
    native_turn,
    new_session,
    ready_session,
    real_agents,
    sandbox,
    session_worktree,
    startup,
    streaming,
    structured_diff,
    ten_sessions,
    warm_claude,
    warm_turn,
)
from bench.document import write_document
from bench.harness import Bench
from bench.numbers import Row
from bench.table import described, save, table, this_machine

QUICK_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Section:
    """One file's measurement and how many rounds give quiet medians in about a minute."""

    measure: Callable[[Bench], Awaitable[list[Row]]]
    rounds: int


SECTIONS = {
    warm_turn.SECTION: Section(warm_turn.measure, 30),
    warm_claude.SECTION: Section(warm_claude.measure, 30),
    native_turn.SECTION: Section(native_turn.measure, 30),
    new_session.SECTION: Section(new_session.measure, 20),
    ready_session.SECTION: Section(ready_session.measure, 5),
    growth.SECTION: Section(growth.measure, 3),
    chunk_delay.SECTION: Section(chunk_delay.measure, 10),
    ten_sessions.SECTION: Section(ten_sessions.measure, 8),
    burst.SECTION: Section(burst.measure, 8),
    streaming.SECTION: Section(streaming.measure, 5),
    startup.SECTION: Section(startup.measure, 8),
    dispatch.SECTION: Section(dispatch.measure, 40),
    floods.SECTION: Section(floods.measure, 1),
    session_worktree.SECTION: Section(session_worktree.measure, 7),
    large_repository.SECTION: Section(large_repository.measure, 5),
    many_files.SECTION: Section(many_files.measure, 3),
    memory_growth.SECTION: Section(memory_growth.measure, 3),
    structured_diff.SECTION: Section(structured_diff.measure, 15),
    real_agents.SECTION: Section(real_agents.measure, 5),
    sandbox.SECTION: Section(sandbox.measure, 40),
}


def main() -> None:
    """Read the command line, measure, print, save."""
    parser = argparse.ArgumentParser(prog="bench", description="Measure boocoder against the parts it is made of.")
    parser.add_argument("--only", action="append", choices=tuple(SECTIONS), help="this section; may be repeated")
    parser.add_argument("--rounds", type=int, help="rounds of every section (default: each its own)")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ROUNDS} rounds: shows that it runs, no more")
    parser.add_argument("--write", action="store_true", help="put the table of this run into docs/performance.md")
    given = parser.parse_args()
    rounds = QUICK_ROUNDS if given.quick else given.rounds
    if rounds is not None and rounds < 1:
        parser.error("--rounds must be at least 1")
    try:
        asyncio.run(_run(given.only or list(SECTIONS), rounds, write=given.write))
    except KeyboardInterrupt:
        sys.exit(130)


async def _run(names: list[str], rounds: int | None, *, write: bool) -> None:
    machine = this_machine()
    opencode = install_opencode()
    rows: list[Row] = []
    for name in names:
        section = SECTIONS[name]
        print(f"{name}: {rounds or section.rounds} rounds", flush=True)
        with tempfile.TemporaryDirectory(prefix="boocoder-bench-", ignore_cleanup_errors=True) as directory:
            rows += await section.measure(Bench(Path(directory).resolve(), opencode, rounds or section.rounds))
    where = f"{described(machine)}, opencode {opencode_version(opencode)}"
    print(f"\n{where}\n\n{table(rows)}")
    print(f"\nall samples: {save(rows, machine)}")
    if write:
        write_document(rows, where)


def opencode_version(program: Path) -> str:
    """As its folder says."""
    return next((part.removeprefix("opencode-") for part in program.parts if part.startswith("opencode-1")), "?")


if __name__ == "__main__":
    main()
