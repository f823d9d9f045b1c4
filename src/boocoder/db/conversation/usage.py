"""Tokens and cost of turns, summed over days from the tasks' rows."""

from __future__ import annotations

from uuid import UUID

from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import statement
from boocoder.model.ids import ProjectId, SessionId
from boocoder.wire.search import UsageSum

_SUM = statement("usage", "sum_usage", row=UsageSum, params=(int, UUID | None, UUID | None))


async def sum_usage(
    conn: Connection, days: int, *, project_id: ProjectId | None = None, session_id: SessionId | None = None
) -> list[UsageSum]:
    """The sums of the turns that ended in the last `days` days, of a project, a session or all; the most turns of each
    kind first."""
    return await _SUM.all(conn, days, project_id, session_id)
