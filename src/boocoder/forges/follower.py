"""Has sessions answer what forges say of their branches: rounds of task, gate and push, within bounds."""

from __future__ import annotations

import asyncio
import logging
from uuid import UUID

from boocoder.broker.outbox import Outbox
from boocoder.changes.publish.service import PublishRequest
from boocoder.changes.services import ChangeServices
from boocoder.changes.worktree.base_merge import branch_conflicts
from boocoder.db.core.pool import Connection, Database
from boocoder.db.files import changes as change_rows
from boocoder.db.files.changes import Change
from boocoder.db.registry import follows as rows
from boocoder.db.registry.follows import DueFollow
from boocoder.errors import BoocoderError, Conflict, Unavailable
from boocoder.forges.gate import Gate
from boocoder.forges.prompt import round_prompt
from boocoder.git.user.push import Remote
from boocoder.intake.delegation import Starter
from boocoder.intake.enqueue import enqueue
from boocoder.intake.new_task import NAME_MAX_CHARS, NewTask
from boocoder.model.ids import HostId, TaskId
from boocoder.model.task import ChangeState, TaskOrigin, TaskState
from boocoder.model.webhook import FollowState, ForgeEventKind
from boocoder.net.backoff import jittered
from boocoder.service import TaskSupervisor
from boocoder.wire.webhooks import ForgeEventInfo

log = logging.getLogger(__name__)

POLL_S = 5.0  # without a notification
AT_ONCE = 4  # steps; each may run a gate or a push
DETAIL_MAX_CHARS = 2_000
STARTER_PREFIX = "forge:"  # no hook has a colon in its name


class BranchFollower:
    """Moves the published branches of this host's sessions on. A `service.Service`.

    Each step ends in one guarded statement, so that a crash repeats a step and never skips one.
    """

    def __init__(
        self,
        *,
        database: Database,
        outbox: Outbox,
        changes: ChangeServices,
        gate: Gate,
        host_id: HostId,
        poll_s: float = POLL_S,
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._changes = changes
        self._gate = gate
        self._host_id = host_id
        self._poll_s = poll_s
        self._supervisor = TaskSupervisor("forges")
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._wake = asyncio.Event()

    async def start(self) -> None:
        """Begin to look."""
        self._supervisor.spawn(self._loop(), "look")

    async def stop(self) -> None:
        """Stop looking; a gate that runs is ended and runs again later. Safe twice and before start."""
        await self._supervisor.stop()

    def wake(self) -> None:
        """Something may be due."""
        self._wake.set()

    async def _loop(self) -> None:
        while True:
            self._wake.clear()
            try:
                moved = await self.look()
            except Unavailable as error:
                log.warning("published branches wait for the database", extra={"code": error.code})
                moved = 0
            if not moved:
                await self._wait()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(jittered(self._poll_s)):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def look(self) -> int:
        """Take one step with every branch that has something to do; returns how many moved.

        Raises:
            Unavailable: the database is away.
        """
        async with self._database.connection() as conn:
            due = await rows.list_due(conn, self._host_id)
        return sum(await asyncio.gather(*(self._step(one) for one in due)))

    async def _step(self, follow: DueFollow) -> bool:
        async with self._slots:
            try:
                match follow.state:
                    case FollowState.WATCHING:
                        await self._begin(follow)
                    case FollowState.WORKING:
                        await self._end(follow)
                    case _:
                        await self._publish(follow)
            except Unavailable as error:
                if error.code not in ("program_missing", "program_failed"):  # it may be there in a moment
                    log.warning("a published branch waits", extra={"code": error.code})
                    return False
                await self._stop(follow, error.code, error.text)
            except Conflict as error:
                if error.code == "session_busy":
                    return False
                await self._stop(follow, error.code, error.text)
            except BoocoderError as error:
                log.warning("a published branch is not followed any more", extra={"code": error.code}, exc_info=error)
                await self._stop(follow, error.code, error.text)
        return True

    async def _begin(self, follow: DueFollow) -> None:
        """Begin a round about everything that waits, or find that there is nothing to do."""
        async with self._database.connection() as conn:
            events = await rows.list_waiting(conn, follow.session_id)
        moved = [one for one in events if one.kind is ForgeEventKind.BASE]
        asked = [one for one in events if one.kind is not ForgeEventKind.BASE]
        if not asked:
            await self._bring_base(follow, moved)
            return
        if await self._over_bounds(follow):
            return

        async def begin(conn: Connection, task_id: TaskId) -> None:
            if not await rows.begin_round(conn, follow.session_id, task_id, _ids(asked), follow.merge_commit):
                raise Conflict("follow_stopped", f"The branch {follow.branch} is not followed any more.", "")

        await enqueue(
            self._outbox,
            NewTask(prompt=round_prompt(follow.branch, asked), session_id=follow.session_id),
            also=begin,
            starter=Starter(TaskOrigin.HOOK, f"{STARTER_PREFIX}{follow.branch}"[:NAME_MAX_CHARS]),
        )

    async def _bring_base(self, follow: DueFollow, moved: list[ForgeEventInfo]) -> None:
        """Where the base has moved: nothing if git merges it, else a round about the conflicts."""
        session_id, ref = follow.session_id, f"refs/heads/{follow.branch}"
        shadow, commit = await self._changes.publisher.fetch(follow.project_id, follow.remote, follow.base)
        if commit is None or not await branch_conflicts(shadow, ref, commit):
            async with self._database.connection() as conn:
                await rows.dismiss_events(conn, session_id, _ids(moved))
            return
        if await self._over_bounds(follow):
            return

        async def begin(conn: Connection, task_id: TaskId) -> None:
            # Where a person has stopped it meanwhile, the task stays: the worktree has the conflicts already.
            await rows.begin_round(conn, session_id, task_id, _ids(moved), commit)

        if await self._changes.merger.merge(session_id, ref, commit, also=begin) is None:
            text = "The branch conflicts with its base, and the session's files do not."
            raise Conflict("worktree_differs", text, "Publish the session's change first.")

    async def _over_bounds(self, follow: DueFollow) -> bool:
        if follow.rounds >= follow.rounds_max:
            await self._stop(follow, "rounds", f"{follow.rounds} of {follow.rounds_max} rounds are used up.")
            return True
        if follow.cost_max_usd and follow.cost_usd >= follow.cost_max_usd:
            await self._stop(follow, "cost", f"The rounds cost ${follow.cost_usd:.2f} of ${follow.cost_max_usd:.2f}.")
            return True
        return False

    async def _end(self, follow: DueFollow) -> None:
        """The round's turn has ended: go on with what it left, or let a person look."""
        if follow.task_state is not TaskState.COMPLETED:
            how = "deleted" if follow.task_state is None else follow.task_state.value
            await self._stop(follow, "turn", f"The turn of round {follow.rounds} is {how}.")
            return
        if await self._pending(follow) is None:
            await self._stop(follow, "no_change", f"The agent changed nothing in round {follow.rounds}.")
            return
        async with self._database.connection() as conn:
            await rows.end_round(conn, follow.session_id, follow.task_cost_usd)

    async def _publish(self, follow: DueFollow) -> None:
        """Push what the round left, once its gate has ended with 0."""
        if follow.gate:
            ran = await self._gate.run(follow)
            if not ran.ok:
                await self._answer_gate(follow, ran.exit_code, ran.output)
                return
        change = await self._pending(follow) or await self._newest(follow)
        publisher = self._changes.publisher
        if follow.merge_commit is not None and change.state is ChangeState.PENDING:
            await publisher.merge_base(change.id, f"refs/heads/{follow.branch}", follow.merge_commit)

        async def note(_remote: Remote, _ref: str, commit: str) -> None:
            async with self._database.connection() as conn:
                await rows.set_commit(conn, follow.session_id, commit)

        request = PublishRequest(remote=follow.remote, only_push=True)
        await publisher.publish(change.id, request, before_push=note)
        async with self._database.connection() as conn:
            await rows.end_publishing(conn, follow.session_id, pushed=True)

    async def _answer_gate(self, follow: DueFollow, exit_code: int | None, output: str) -> None:
        how = "was ended before its time" if exit_code is None else f"ended with {exit_code}"
        text = f"$ {follow.gate}\n{output.strip()[-16_000:]}\n({how})".replace("\0", "")
        key = f"gate:{follow.rounds}"
        async with self._database.transaction() as conn:
            await rows.add_event(conn, follow.session_id, ForgeEventKind.GATE, key=key, author="", text=text, url="")
            await rows.end_publishing(conn, follow.session_id, pushed=False)

    async def _pending(self, follow: DueFollow) -> Change | None:
        async with self._database.connection() as conn:
            found = await change_rows.list_changes(
                conn, session_id=follow.session_id, state=ChangeState.PENDING, limit=1
            )
        return found[0] if found else None

    async def _newest(self, follow: DueFollow) -> Change:
        """What a crash left after the branch was made and before that was noted."""
        async with self._database.connection() as conn:
            found = await change_rows.list_changes(conn, session_id=follow.session_id, limit=1)
        if not found:
            raise Conflict("no_change", f"Session {follow.session_id} has no change.", "")
        return found[0]

    async def _stop(self, follow: DueFollow, reason: str, detail: str) -> None:
        async with self._database.connection() as conn:
            await rows.stop_follow(conn, follow.session_id, reason, detail[:DETAIL_MAX_CHARS])


def _ids(events: list[ForgeEventInfo]) -> list[UUID]:
    return [one.id for one in events]
