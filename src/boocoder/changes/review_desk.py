"""The parts that a person reviews changes with, made together. It does nothing by itself."""

from __future__ import annotations

from dataclasses import dataclass

from boocoder.changes.comments import ReviewComments
from boocoder.changes.diff_cache import DiffCache
from boocoder.changes.review import Publisher, ReviewService
from boocoder.changes.undo import Undoer
from boocoder.db.pool import Database
from boocoder.failpoints import Failpoints
from boocoder.git.shadows import Shadows
from boocoder.worktrees.holds import Holds
from boocoder.worktrees.snapshots import Snapshots


@dataclass(frozen=True, slots=True)
class ReviewDesk:
    """What reviewing needs."""

    reviews: ReviewService
    comments: ReviewComments
    undoer: Undoer


def review_desk(
    *,
    database: Database,
    shadows: Shadows,
    broker: Publisher,
    snapshots: Snapshots,
    holds: Holds,
    failpoints: Failpoints,
) -> ReviewDesk:
    """The parts over one database and one set of shadow repositories; stop the undoer at the end."""
    reviews = ReviewService(database=database, shadows=shadows, broker=broker, diffs=DiffCache())
    comments = ReviewComments(database=database, reviews=reviews)
    undoer = Undoer(
        database=database, broker=broker, reviews=reviews, snapshots=snapshots, holds=holds, failpoints=failpoints
    )
    return ReviewDesk(reviews, comments, undoer)
