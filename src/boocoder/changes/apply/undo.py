"""Undoes an apply to the checkout: takes the change out of the files again and makes it pending once more.

Edits that were made since stay. Branch, index and the agent's worktree are not touched. What the session's change is
measured against loses what was applied where it has moved since, by an update or a rewind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from boocoder.broker.outbox import Outbox
from boocoder.changes.apply.conflicts import ConflictFile, conflict_of
from boocoder.changes.apply.plan import ApplyPlan, plan_apply, resume_apply, write_plan
from boocoder.changes.diff.statistics import ChangeMeasure, measure, path_text
from boocoder.changes.pending import put_change
from boocoder.db.conversation import sessions
from boocoder.db.core.pool import Connection
from boocoder.db.files import applies, changes, worktrees
from boocoder.db.files.applies import Applied, WritingApply
from boocoder.db.files.changes import Change, PastBase
from boocoder.db.tasks.session_host import hold_session
from boocoder.errors import BoocoderError, Conflict
from boocoder.events import frames
from boocoder.failpoints import Failpoints
from boocoder.git.diff.merge import MergeConflict
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.transfer.packs import existing
from boocoder.model.change import ApplyState, ApplyTarget
from boocoder.model.ids import ChangeId, HostId
from boocoder.model.task import ChangeState

TRIES = 5  # a turn may end, and change the session's change, while it is being measured


@dataclass(frozen=True, slots=True)
class ApplyUndo:
    """What undoing an apply came to, or with a preview would come to.

    Args:
        paths: files that were written or deleted, as text.
        pending_id: the session's pending change now, which holds the edits again; None with a preview, and where
            the agent has reverted them since.
        conflicts: with a preview, the conflicting files.
    """

    change_id: ChangeId
    paths: tuple[str, ...]
    pending_id: ChangeId | None = None
    conflicts: tuple[ConflictFile, ...] = ()


@dataclass(frozen=True, slots=True)
class ApplyUndoer:
    """Undoes applies in one project; call it with the project's apply lock held.

    Args:
        outbox: stores and publishes what became of the changes.
        index: a private index of the user's checkout.
        host_id: whose checkout it is.
    """

    outbox: Outbox
    failpoints: Failpoints
    shadow: ShadowRepository
    index: Path
    host_id: HostId | None

    async def undo(self, change: Change, *, preview: bool = False) -> ApplyUndo:
        """Take an applied change out of the checkout, all or nothing.

        Raises:
            Conflict: `change_not_applied`; `not_in_checkout`, it was applied as a commit or branch;
                `applied_elsewhere`, to the checkout of another host; `apply_not_last`, the session applied
                another change after it.
            ApplyConflict: the same places were edited since; nothing was touched.
            GitError: git failed; nothing was touched.
        """
        applied = await self._applied(change)
        plan = await self._plan(change, applied)
        if isinstance(plan, list):
            found = await conflict_of(self.shadow, plan)
            if preview:
                return ApplyUndo(change.id, (), conflicts=found.files)
            raise found
        paths = tuple(path_text(file.path)[0] for file in plan.files if not file.is_submodule)
        if preview:
            return ApplyUndo(change.id, paths)
        await self._begin(change, plan)
        await self._write(change, applied, plan)
        return ApplyUndo(change.id, paths, await self.finish(change))

    async def resume(self, one: WritingApply, change: Change) -> ChangeId | None:
        """Finish an undo that a crash interrupted; files that were edited since stay as they are."""
        await resume_apply(
            self.shadow,
            checkout=self.shadow.checkout.root,
            index=self.index,
            pre_tree=one.pre_tree,
            post_tree=one.post_tree,
        )
        return await self.finish(change)

    async def _applied(self, change: Change) -> Applied:
        async with self.outbox.database.connection() as conn:
            applied = await applies.find_apply(conn, change.id)
            newest = await changes.list_changes(conn, session_id=change.session_id, state=ChangeState.APPLIED, limit=1)
        if change.state is not ChangeState.APPLIED or applied is None:
            text = f"Change {change.id} is {change.state.value}, so there is no apply to undo."
            raise Conflict("change_not_applied", text, "Look at the session's newest change.")
        if applied.target is not ApplyTarget.CHECKOUT:
            name = (applied.ref or "").removeprefix("refs/heads/")
            text = f"Change {change.id} was applied as a commit on {name}."
            raise Conflict("not_in_checkout", text, f"Use your own git: git revert {applied.new_commit}")
        if None not in (applied.host_id, self.host_id) and applied.host_id != self.host_id:
            text = f"Change {change.id} was applied to the checkout on {applied.host_name}."
            raise Conflict("applied_elsewhere", text, f"Ask the boocoder service of {applied.host_name}.")
        if newest[0].id != change.id:
            text = f"The session applied change {newest[0].id} after change {change.id}."
            raise Conflict("apply_not_last", text, "Undo the later one first.")
        return applied

    async def _plan(self, change: Change, applied: Applied) -> ApplyPlan | list[MergeConflict]:
        return await plan_apply(
            self.shadow,
            checkout=self.shadow.checkout.root,
            index=self.index,
            base_tree=applied.post_tree,
            tree=applied.pre_tree,
            ref=f"refs/boocoder/applies/{change.id}/undo",
        )

    async def _begin(self, change: Change, plan: ApplyPlan) -> None:
        async with self.outbox.database.transaction() as conn:
            held = await hold_session(conn, change.session_id)
            if not await applies.begin_revert(held, change.id, plan.pre_tree, plan.post_tree):
                text = f"The apply of change {change.id} is being undone already."
                raise Conflict("apply_in_progress", text, "Look again in a moment.")
        self.failpoints.hit("unapply.after_begin")

    async def _write(self, change: Change, applied: Applied, plan: ApplyPlan) -> None:
        try:
            conflicts = await write_plan(
                self.shadow,
                checkout=self.shadow.checkout.root,
                index=self.index,
                pre_tree=plan.pre_tree,
                post_tree=plan.post_tree,
            )
        except (BoocoderError, OSError):
            await self._abort(change, applied)  # raised before the first file was written
            raise
        if conflicts:
            await self._abort(change, applied)
            raise await conflict_of(self.shadow, conflicts)
        self.failpoints.hit("unapply.after_files")

    async def _abort(self, change: Change, applied: Applied) -> None:
        async with self.outbox.database.transaction() as conn:
            await applies.abort_revert(conn, change.id, applied)

    async def finish(self, change: Change) -> ChangeId | None:
        """Record that the change is out of the checkout, and make its edits pending again, in one transaction."""
        for _ in range(TRIES):
            async with self.outbox.database.connection() as conn:
                pending = await _pending(conn, change)
                newest = await worktrees.latest_snapshot(conn, change.session_id)
            bases = await self._bases_without(change)
            base = bases[-1].tree if bases else await self._base_without(change)
            tree = pending.tree if pending else await self._here(newest.tree if newest else change.tree, change.tree)
            measured = await measure(self.shadow, base_tree=base, tree=tree)
            async with self.outbox.transaction() as transaction:
                await sessions.lock_session(transaction.conn, change.session_id)
                now = await _pending(transaction.conn, change)
                if (now and now.id) != (pending and pending.id):
                    continue
                for moved in bases:
                    await changes.set_base(transaction.conn, change.session_id, moved)
                pending_id, made = await _store(transaction.conn, change, pending, measured)
                await transaction.append(change.session_id, made)
                return pending_id
        text = f"Change {change.id} is out of your files, but its session kept changing while this was recorded."
        raise Conflict("apply_unfinished", text, "Start the service again: it finishes what is left.")

    async def _bases_without(self, change: Change) -> list[PastBase]:
        """The bases that the session has had since it applied the change, without what was applied of it."""
        if change.decided_at is None:
            return []
        async with self.outbox.database.connection() as conn:
            bases = await changes.bases_since(conn, change.session_id, change.decided_at)
        made: list[PastBase] = []
        applied = change.applied_tree or change.tree
        for one in bases:
            trees = {one.tree, applied, change.base_tree}
            if len(await existing(self.shadow.git, trees)) < len(trees):
                return []  # this is the host whose checkout it is, and the session is on another
            merged = await self.shadow.merge(base=applied, ours=one.tree, theirs=change.base_tree)
            made.append(PastBase(merged.tree or one.tree, one.until))
        if made:
            await self.shadow.keep(f"refs/boocoder/{change.session_id}/base", made[-1].tree, beside=bases[-1].tree)
        return made

    async def _here(self, tree: str, other: str) -> str:
        """The tree, where this host has it, else the other one."""
        return tree if await existing(self.shadow.git, [tree]) else other

    async def _base_without(self, change: Change) -> str:
        """What the session's change is measured against once this one is not applied any more."""
        async with self.outbox.database.connection() as conn:
            before = await changes.decided_tree(conn, change.session_id, without=change.id)
            worktree = await worktrees.get_worktree(conn, change.session_id)
        return before or (change.base_tree if worktree is None else worktree.base_tree)


async def _pending(conn: Connection, change: Change) -> Change | None:
    found = await changes.list_changes(conn, session_id=change.session_id, state=ChangeState.PENDING, limit=1)
    return found[0] if found else None


async def _store(
    conn: Connection, change: Change, pending: Change | None, measured: ChangeMeasure
) -> tuple[ChangeId | None, Sequence[frames.Frame]]:
    session_id, agent = change.session_id, change.agent
    await applies.end_apply(conn, change.id, ApplyState.UNDONE)
    await changes.unapply_change(conn, change.id)
    made: list[frames.Frame] = [
        frames.ChangeUpdatedFrame(session_id=session_id, change_id=change.id, state="superseded", agent=agent),
        frames.NoticeFrame(
            session_id=session_id,
            code="apply_reverted",
            text=f"Took change {change.id} out of your files again; its edits wait for your decision.",
        ),
    ]
    if measured.base_tree != measured.tree:
        task_id = (pending or change).task_id
        pending_id, updated = await put_change(conn, session_id, measured, task_id=task_id, agent=agent)
        return pending_id, [*made, updated]
    if (withdrawn := await changes.withdraw_change(conn, session_id)) is not None:
        made.append(
            frames.ChangeUpdatedFrame(session_id=session_id, change_id=withdrawn, state="withdrawn", agent=agent)
        )
    return None, made
