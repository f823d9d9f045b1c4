"""What a person does with hooks, and what a delivery to one does."""

from __future__ import annotations

import base64
import re
import secrets
import time
from collections.abc import Mapping

import msgspec

from boocoder.broker.outbox import Outbox
from boocoder.db.core.pool import Connection
from boocoder.db.registry import hooks as rows
from boocoder.db.registry.hooks import HookRow
from boocoder.db.registry.projects import get_project
from boocoder.errors import BoocoderError, Conflict, InvalidInput, NotFound
from boocoder.intake.delegation import Starter
from boocoder.intake.enqueue import enqueue
from boocoder.intake.hooks.signature import SECRET_PREFIX, HookDelivery, is_signed
from boocoder.intake.hooks.template import check_path, check_template, fill, first_mismatch
from boocoder.intake.new_task import NAME_MAX_CHARS, NewTask
from boocoder.intake.task_resolver import TaskResolver
from boocoder.model.ids import ProjectId
from boocoder.model.limits import TITLE_MAX_CHARS
from boocoder.model.task import TaskOrigin
from boocoder.wire.webhooks import HookInfo, HookOrder, HookResult

HOOKS_MAX = 100
CONDITIONS_MAX = 20
SECRET_BYTES = 32
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class HookDraft(HookOrder, frozen=True):
    """A hook to add.

    Args:
        conditions: what fields of a delivery must say; `event` is the sender's name of what happened.
    """

    conditions: Mapping[str, str]


class HookBusy(BoocoderError):
    """A hook has started as many tasks as it may in an hour.

    Args:
        per_hour: how many that is.
        free_in_s: seconds until it may start the next one.
    """

    status = 429

    def __init__(self, text: str, per_hour: int, free_in_s: float) -> None:
        super().__init__("hook_busy", text, "Send the delivery again later, or raise the hook's limit.")
        self.per_hour = per_hour
        self.free_in_s = free_in_s


class Hooks:
    """The hooks of a database.

    Args:
        outbox: takes the tasks.
        resolver: completes and checks them.
    """

    def __init__(self, *, outbox: Outbox, resolver: TaskResolver) -> None:
        self._outbox = outbox
        self._database = outbox.database
        self._resolver = resolver

    async def all(self) -> list[HookInfo]:
        """All of them, by name."""
        async with self._database.connection() as conn:
            return [info_of(row) for row in await rows.list_hooks(conn)]

    async def add(self, new: HookDraft) -> tuple[HookInfo, str]:
        """Add one; its secret is told once, here.

        Raises:
            InvalidInput: hook_name_invalid, hook_template_invalid, hook_condition_invalid.
            NotFound: project_not_found.
            Conflict: hook_name_taken, too_many_hooks.
        """
        _check(new)
        secret = SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
        async with self._database.transaction() as conn:
            await get_project(conn, new.project_id)
            if await rows.find_hook(conn, new.name) is not None:
                text = f"A hook is called {new.name} already."
                raise Conflict("hook_name_taken", text, "Choose another name, or remove that one.")
            added = await rows.insert_hook(conn, new, conditions=new.conditions, secret=secret, at_most=HOOKS_MAX)
        if not added:
            raise Conflict("too_many_hooks", f"There are {HOOKS_MAX} hooks.", "Remove some: boocoder hooks list")
        return info_of(await self._get(new.name)), secret

    async def enable(self, name: str, *, enabled: bool) -> HookInfo:
        """Turn one on or off.

        Raises:
            NotFound: hook_not_found.
        """
        async with self._database.connection() as conn:
            await rows.enable_hook(conn, name, enabled=enabled)
        return info_of(await self._get(name))

    async def remove(self, name: str) -> HookInfo:
        """Forget one; the tasks that it started stay.

        Raises:
            NotFound: hook_not_found.
        """
        found = await self._get(name)
        async with self._database.connection() as conn:
            await rows.delete_hook(conn, name)
        return info_of(found)

    async def project_of_signed(self, name: str, headers: Mapping[str, str], body: bytes) -> ProjectId | None:
        """The project of a hook whose secret the sender of a delivery knows; None for anybody else.

        Args:
            headers: with names in lower case.
        """
        if _NAME.fullmatch(name) is None:
            return None
        async with self._database.connection() as conn:
            hook = await rows.find_hook(conn, name)
        if hook is None or not is_signed(headers, body, secret=hook.secret, now=time.time()):
            return None
        return hook.project_id

    async def deliver(self, name: str, payload: Mapping[str, object], delivery: HookDelivery) -> HookResult:
        """Start the task of a delivery that fits; a delivery that comes again gives the same task.

        Raises:
            NotFound: hook_not_found.
            Conflict: hook_disabled; idempotency_key_reused, another delivery had this id; as `enqueue`.
            InvalidInput: as `enqueue`, for example prompt_blank where the template's fields are missing.
            HookBusy: the hook has started as many tasks in the last hour as it may.
        """
        hook = await self._get(name)
        if not hook.enabled:
            raise Conflict("hook_disabled", f"The hook {name} is turned off.", f"boocoder hooks enable {name}")
        known = {"event": delivery.event, **payload}
        if skipped := first_mismatch(hook.wanted(), known):
            return HookResult(None, None, created=False, skipped=skipped)
        done = await enqueue(
            self._outbox,
            _task(hook, known, delivery),
            resolver=self._resolver,
            also=lambda conn, _: _check_rate(conn, hook),
            starter=Starter(TaskOrigin.HOOK, name),
        )
        return HookResult(done.task_id, done.session_id, created=done.created, skipped="")

    async def _get(self, name: str) -> HookRow:
        async with self._database.connection() as conn:
            found = await rows.find_hook(conn, name) if _NAME.fullmatch(name) else None
        if found is None:
            raise NotFound("hook_not_found", f"There is no hook {name[:NAME_MAX_CHARS]!r}.", "See: boocoder hooks list")
        return found


def info_of(row: HookRow) -> HookInfo:
    """A hook as people see it, without its secret."""
    given = msgspec.structs.asdict(row)
    del given["secret"]
    return HookInfo(**{**given, "conditions": row.wanted()})


def _task(hook: HookRow, payload: Mapping[str, object], delivery: HookDelivery) -> NewTask:
    title = "" if hook.title is None else " ".join(fill(hook.title, payload).split())[:TITLE_MAX_CHARS]
    return NewTask(
        prompt=fill(hook.prompt, payload),
        project_id=hook.project_id,
        agent=hook.agent,
        model=hook.model,
        mode=hook.mode,
        title=title or None,
        idempotency_key=f"hook:{hook.name}:{delivery.id}" if delivery.id else None,
    )


async def _check_rate(conn: Connection, hook: HookRow) -> None:
    """Undo a task that is one too many; it is counted already.

    Raises:
        HookBusy, or Conflict hook_disabled.
    """
    use = await rows.use_of_hour(conn, hook.name)
    if use is None:
        raise Conflict("hook_disabled", f"The hook {hook.name} is turned off.", f"boocoder hooks enable {hook.name}")
    if use.tasks > hook.per_hour:
        text = f"The hook {hook.name} has started {hook.per_hour} tasks in the last hour, which is its limit."
        raise HookBusy(text, hook.per_hour, use.free_in_s)


def _check(new: HookDraft) -> None:
    if _NAME.fullmatch(new.name) is None:
        text = f"{new.name[:NAME_MAX_CHARS]!r} cannot be the name of a hook."
        raise InvalidInput("hook_name_invalid", text, "Use lower-case letters, digits and dashes, at most 63.")
    for template in (new.prompt, new.title or ""):
        check_template(template)
    if len(new.conditions) > CONDITIONS_MAX:
        text = f"The hook has {len(new.conditions)} conditions; {CONDITIONS_MAX} are allowed."
        raise InvalidInput("hook_condition_invalid", text, "Leave some out.")
    for path in new.conditions:
        check_path(path)
