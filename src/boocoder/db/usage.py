"""What turns cost, summed over days. It keeps nothing of its own: the tasks hold it."""

from __future__ import annotations

import msgspec

from boocoder.db.pool import Connection
from boocoder.db.sql import statement
from boocoder.model.ids import ProjectId


class UsageSum(msgspec.Struct, frozen=True):
    """Turns that share an agent, a model or a project.

    Args:
        kind: `agent`, `model`, `project` or `total`: what they share.
        agent: of kind `agent` and `model`, else "".
        model: of kind `model`: the one that was asked for, "" for the agent's default.
        project_id: of kind `project`.
        turns: how many were begun and have ended; `completed` of them as they should.
        seconds: from their begin to their end, waiting for a person included.
    """

    kind: str
    agent: str
    model: str
    project_id: ProjectId | None
    turns: int
    completed: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cost_usd: float
    seconds: float


_SUM = statement("usage", "sum_usage", row=UsageSum, params=(int,))


async def sum_usage(conn: Connection, days: int) -> list[UsageSum]:
    """The sums of the turns that ended in the last `days` days; of each kind the most turns first."""
    return await _SUM.all(conn, days)
