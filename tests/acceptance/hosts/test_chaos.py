"""A slice of `make chaos`: nothing is lost, done twice, stuck or incomplete while PostgreSQL and a service die."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.hosts.chaos import ChaosPlan, chaos
from tests.fixtures.repository import MakeRepository

SLICE = ChaosPlan(
    "slice", seconds=20, sessions=6, tasks=60, database_every_s=(3, 6), kill_every_s=(8, 10), down_s=(0, 1)
)


@pytest.mark.slow
async def test_a_slice_of_chaos(repository: MakeRepository, tmp_path: Path) -> None:
    async with chaos(SLICE, tmp_path, repository(), hosts=2) as run:
        report = await run.run()
    assert report.faults["kill"] and report.faults["fast"] + report.faults["immediate"]
    assert report.wrong == []
    assert (report.lost, report.twice, report.stuck, report.missing_chars) == (0, 0, 0, 0)
    assert report.ends["completed"] >= SLICE.tasks // 2
