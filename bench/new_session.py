"""A task in a new session: from the request to the moment the agent may have the prompt, beside a bare git worktree."""

from __future__ import annotations

import time
from pathlib import Path

from bench.harness import Bench, scripted
from bench.numbers import Comparison, Row
from bench.records import Records, attached
from bench.repository import add_worktree
from bench.service import Service

SECTION = "new_session"
PROMPT = "[[say ready]]"
TARGET_S = 0.1


async def measure(bench: Bench) -> list[Row]:
    """A new session of boocoder and a bare worktree of the same repository, by turns."""
    ours: list[float] = []
    floor: list[float] = []
    async with scripted(bench) as (service, project_id, repository), attached(service.data_dir) as records:
        await _new_session(service, records, project_id)  # makes the project's shadow repository, once
        for number in range(bench.rounds):
            for side in ((0, 1), (1, 0))[number % 2]:
                if side:
                    ours.append(await _new_session(service, records, project_id))
                else:
                    floor.append(await _bare(repository, bench.directory / f"bare-{number}"))
    what = "request to prompt sent; floor: git worktree add, 2,000 files"
    return [Row(SECTION, what, "s", tuple(ours), tuple(floor), Comparison.DIFFERENCE, TARGET_S)]


async def _new_session(service: Service, records: Records, project_id: str) -> float:
    """Seconds from the request to `prompt_sent_at`; the database's clock is this machine's."""
    began = time.time()
    made = await service.enqueue("scripted", PROMPT, {"project_id": project_id})
    await records.wait_ended(made["task_id"])
    return (await records.attempt(made["task_id"])).prompt_sent - began


async def _bare(repository: Path, path: Path) -> float:
    began = time.monotonic()
    await add_worktree(repository, path)
    return time.monotonic() - began
