"""A slice of `make chaos`: nothing is lost, done twice, stuck or incomplete while PostgreSQL and a service die."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.hosts.chaos import QUICK, ChaosPlan, chaos, several_hosts
from tests.acceptance.hosts.leaving import LeavingRun, leaving_plan
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


@pytest.mark.slow
async def test_sessions_leave_a_killed_and_a_drained_host(repository: MakeRepository, tmp_path: Path) -> None:
    async with several_hosts(tmp_path, 3, QUICK) as (server, hosts):
        run = LeavingRun(leaving_plan(sessions=6, tasks=36), server=server, hosts=hosts, project=repository())
        left = await run.leave()
    assert run.report.wrong == []
    assert (run.report.lost, run.report.twice, run.report.stuck, run.report.missing_chars) == (0, 0, 0, 0)
    assert (left.left, left.other_trees) == (0, 0) and run.report.moved
