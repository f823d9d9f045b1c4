"""The long forms of the chaos test; `make chaos` runs one, which writes its row into docs/hosts.md."""

from __future__ import annotations

import os
import re
from pathlib import Path

from tests.acceptance.hosts.chaos import HEAD, ChaosPlan, ChaosReport, chaos
from tests.fixtures.repository import MakeRepository
from tests.paths import ROOT

FORMS = {
    "10 minutes": ChaosPlan("10 minutes", seconds=600, sessions=20, tasks=300),
    "an hour": ChaosPlan("an hour", seconds=3_600, sessions=100, tasks=10_000),
}
RECOVERY_S = 20.0
_TABLE = re.compile(r"(<!-- chaos: [^\n]*-->\n)(.*?)(<!-- end -->)", re.DOTALL)


async def check_chaos(repository: MakeRepository, tmp_path: Path) -> None:
    plan = FORMS[os.environ.get("BOOCODER_TEST_CHAOS") or "10 minutes"]
    async with chaos(plan, tmp_path, repository(), hosts=3) as run:
        report = await run.run()
    print(f"\n{HEAD}\n{report.row()}\n{report.faults}")
    _write_row(report)
    assert report.wrong == []
    assert (report.lost, report.twice, report.stuck, report.missing_chars) == (0, 0, 0, 0)
    assert max(report.recoveries_s) < RECOVERY_S


def _write_row(report: ChaosReport) -> None:
    """Put the run into the table of the documentation, in the place of the last one of its form."""
    page = ROOT / "docs" / "hosts.md"
    text = page.read_text("utf-8")
    found = _TABLE.search(text)
    assert found is not None
    rows = {row.split("|")[1].strip(): row for row in found.group(2).splitlines()[2:]}
    rows[report.plan.name] = report.row()
    table = "\n".join([HEAD, *(rows[name] for name in FORMS if name in rows)])
    page.write_text(text[: found.start()] + found.group(1) + table + "\n" + found.group(3) + text[found.end() :])
