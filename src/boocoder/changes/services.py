"""Builds the services that review, apply, resolve and publish changes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from boocoder.broker.outbox import Outbox
from boocoder.changes.apply.applier import ChangeApplier
from boocoder.changes.diff.cache import DiffCache
from boocoder.changes.publish.service import ChangePublisher
from boocoder.changes.review.comments import ReviewComments
from boocoder.changes.review.service import ReviewService
from boocoder.changes.review.unit_editor import UnitEditor
from boocoder.changes.worktree.base_merge import BaseMerger
from boocoder.changes.worktree.commit_follow import CommitFollower
from boocoder.changes.worktree.conflict_resolution import ConflictResolver
from boocoder.changes.worktree.fork_follow import ForkFollower
from boocoder.changes.worktree.revert import Reverter
from boocoder.db.core.pool import Database
from boocoder.failpoints import Failpoints
from boocoder.git.shadow.registry import ShadowRegistry
from boocoder.model.change import ApplyTarget
from boocoder.model.ids import HostId, SessionId
from boocoder.worktrees.history.snapshots import Snapshots
from boocoder.worktrees.locks import WorktreeLocks


@dataclass(frozen=True, slots=True)
class ChangeServices:
    """The services of changes; they share one database and one set of shadow repositories."""

    reviews: ReviewService
    comments: ReviewComments
    editor: UnitEditor
    reverter: Reverter
    applier: ChangeApplier
    follower: CommitFollower
    forks: ForkFollower
    resolver: ConflictResolver
    merger: BaseMerger
    publisher: ChangePublisher

    async def resume_all(self) -> None:
        """Finish or undo writes that a crash interrupted. Call it before any other write to a checkout or worktree."""
        await self.applier.resume_all()
        await self.resolver.resume_all()

    async def stop(self) -> None:
        """Wait for writes in progress."""
        await self.resolver.stop()
        await self.merger.stop()
        await self.follower.stop()
        await self.forks.stop()
        await self.applier.stop()
        await self.reverter.stop()


def build_change_services(
    *,
    database: Database,
    shadows: ShadowRegistry,
    outbox: Outbox,
    snapshots: Snapshots,
    locks: WorktreeLocks,
    indexes: Path,
    host_id: HostId | None = None,
    failpoints: Failpoints | None = None,
    sign_commits: bool = False,
) -> ChangeServices:
    """Build the services; nothing is started. Arguments as for each service."""
    points = failpoints or Failpoints()
    follower = CommitFollower(database=database, outbox=outbox, snapshots=snapshots, locks=locks, failpoints=points)
    forks = ForkFollower(database=database, outbox=outbox, snapshots=snapshots, locks=locks)

    async def follow(session_id: SessionId, target: ApplyTarget) -> None:
        if target is ApplyTarget.COMMIT:
            await follower.follow(session_id)

    applier = ChangeApplier(
        database=database,
        shadows=shadows,
        outbox=outbox,
        indexes=indexes,
        host_id=host_id,
        failpoints=points,
        follow=follow,
        followed=forks.follow,
        sign_commits=sign_commits,
    )
    reviews = ReviewService(database=database, shadows=shadows, outbox=outbox, diffs=DiffCache())
    return ChangeServices(
        reviews=reviews,
        comments=ReviewComments(database=database, reviews=reviews),
        editor=UnitEditor(reviews=reviews),
        reverter=Reverter(
            database=database, outbox=outbox, reviews=reviews, snapshots=snapshots, locks=locks, failpoints=points
        ),
        applier=applier,
        follower=follower,
        forks=forks,
        resolver=ConflictResolver(
            database=database, outbox=outbox, snapshots=snapshots, locks=locks, host_id=host_id, failpoints=points
        ),
        merger=BaseMerger(database=database, outbox=outbox, snapshots=snapshots, locks=locks, failpoints=points),
        publisher=ChangePublisher(database=database, shadows=shadows, applier=applier, sign_commits=sign_commits),
    )
