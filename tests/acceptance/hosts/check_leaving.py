"""200 sessions and 1,000 tasks on three hosts, of which one is killed and one drained; `make hosts-leaving` runs it."""

from __future__ import annotations

from pathlib import Path

from tests.acceptance.hosts.chaos import HEAD, several_hosts
from tests.acceptance.hosts.leaving import LeavingRun, leaving_plan
from tests.fixtures.repository import MakeRepository

MOVED_S = 60.0  # of which a host is silent for 15 s before it counts as dead, and 15 s before others go on


async def check_leaving(repository: MakeRepository, tmp_path: Path) -> None:
    async with several_hosts(tmp_path, 3) as (server, hosts):
        run = LeavingRun(leaving_plan(sessions=200, tasks=1_000), server=server, hosts=hosts, project=repository())
        left = await run.leave()
    print(f"\n{HEAD}\n{run.report.row()}\n{run.report.faults}\n{left}")
    report = run.report
    assert report.wrong == []
    assert (report.lost, report.twice, report.stuck, report.missing_chars) == (0, 0, 0, 0)
    assert (left.left, left.other_trees) == (0, 0)
    assert left.moved_s < MOVED_S
