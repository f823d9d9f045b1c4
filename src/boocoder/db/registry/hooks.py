"""Hooks as rows, and the count of their tasks."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.model.ids import ProjectId
from boocoder.wire.webhooks import HookFields, HookOrder


class HookRow(HookFields, frozen=True):
    """A hook with its secret; `conditions` is a JSON object."""

    conditions: msgspec.Raw
    secret: str

    def wanted(self) -> dict[str, str]:
        """What fields of a delivery must say."""
        return msgspec.json.decode(self.conditions, type=dict[str, str])


class HookUse(msgspec.Struct, frozen=True):
    """Tasks of a hook in the last hour; the oldest of them stops counting in `free_in_s` seconds."""

    tasks: int
    free_in_s: float


_LIST = statement("hooks", "list_hooks", row=HookRow, params=(str | None,))
_INSERT = statement(
    "hooks",
    "insert_hook",
    row=Done,
    params=(
        str,
        ProjectId,
        str,
        str | None,
        str | None,
        str | None,
        str | None,
        msgspec.Raw,
        int,
        str,
        int,
    ),
)
_ENABLE = statement("hooks", "enable_hook", row=Done, params=(str, bool))
_DELETE = statement("hooks", "delete_hook", row=Done, params=(str,))
_HOLD = statement("hooks", "hold_hook", row=Done, params=(str,))
_TASKS = statement("hooks", "tasks_of_hour", row=HookUse, params=(str,))


async def list_hooks(conn: Connection) -> list[HookRow]:
    """All of them, by name."""
    return await _LIST.all(conn, None)


async def find_hook(conn: Connection, name: str) -> HookRow | None:
    """One of them."""
    return await _LIST.first(conn, name)


async def insert_hook(
    conn: Connection, order: HookOrder, *, conditions: Mapping[str, str], secret: str, at_most: int
) -> bool:
    """Add one; False if there are `at_most` already, or its name is taken."""
    return await _INSERT.changed(
        conn,
        order.name,
        order.project_id,
        order.prompt,
        order.title,
        order.agent,
        order.model,
        order.mode,
        msgspec.json.encode(conditions),
        order.per_hour,
        secret,
        at_most,
    )


async def enable_hook(conn: Connection, name: str, *, enabled: bool) -> bool:
    """Turn one on or off; False if it is not there."""
    return await _ENABLE.changed(conn, name, enabled)


async def delete_hook(conn: Connection, name: str) -> bool:
    """Forget one; False if it is not there."""
    return await _DELETE.changed(conn, name)


async def use_of_hour(conn: Connection, name: str) -> HookUse | None:
    """How many tasks a hook has started in the last hour; no other is counted until the transaction ends.

    Returns:
        None where the hook is off or gone.
    """
    if await _HOLD.first(conn, name) is None:
        return None
    return await _TASKS.one(conn, name)
