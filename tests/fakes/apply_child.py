"""Applies changes in forked children, each of which may be killed: one line of JSON in, the child's process id out.

Importing takes long and dying takes none of it: the parent of the children is warm.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from uuid import UUID

from boocoder.changes.apply.planner import ApplyRequest, BranchStart
from boocoder.db.core.pool import Database
from boocoder.model.change import ApplyTarget
from boocoder.model.ids import ChangeId
from tests.fixtures.changes.change_harness import make_applier


async def apply(job: dict[str, str]) -> None:
    """Apply the job."""
    database = Database(dsn=job["dsn"])
    await database.open()
    request = ApplyRequest(
        target=ApplyTarget(job["target"]), branch=job["branch"] or None, start=BranchStart(job["start"])
    )
    applier = make_applier(database, Path(job["root"]), failpoints=job["failpoint"])
    await applier.apply(ChangeId(UUID(job["change"])), request)
    await database.close()


def main() -> None:
    """Print two lines per job: the child's id at its start, and how it ended."""
    for text in sys.stdin:
        job = json.loads(text)
        child = os.fork()
        if child == 0:
            try:
                asyncio.run(apply(job))
            except BaseException as error:  # noqa: BLE001 - the child must not go on as its parent
                print(repr(error), file=sys.stderr, flush=True)
                os._exit(1)
            os._exit(0)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
