"""Resolves what a session's worktree starts from: HEAD, a name that the person gave, or the checkout as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from boocoder.db.files.start_points import Start
from boocoder.events.agent_event import Notice, NoticeLevel
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.shadow.snapshot import SkippedPath
from boocoder.git.worktree.session_worktrees import Worktree
from boocoder.model.ids import SessionId

SHOWN_MAX = 20  # files that one notice names


@dataclass(frozen=True, slots=True)
class StartingPoint:
    """What a worktree is made of.

    Args:
        commit: full id; None where the project has none yet.
        tree: what is written instead of the commit's own tree, `commit_tree`.
        skipped: files of the checkout that could not be taken along.
    """

    commit: str | None = None
    tree: str | None = None
    commit_tree: str = ""
    skipped: tuple[SkippedPath, ...] = ()


async def starting_point(
    shadow: ShadowRepository, start: Start, session_id: SessionId, *, indexes: Path
) -> StartingPoint:
    """Resolve what a session starts from, now.

    Args:
        indexes: directory of the private indexes; the project's knows the checkout's files already.

    Raises:
        InvalidInput: start_unknown: the branch, tag or commit is gone.
        GitError: git refused.
    """
    if start.start_from is not None:
        return StartingPoint(commit=await shadow.named_commit(start.start_from))
    head = await shadow.head()
    if not start.start_dirty or head.commit is None:
        return StartingPoint(commit=head.commit)
    taken = await shadow.take_snapshot(
        shadow.checkout.root,
        index=indexes / f"project-{start.project_id}.index",
        ref=start_ref(session_id),
        base=head.tree,
    )
    return StartingPoint(head.commit, taken.tree, head.tree, taken.skipped)


def start_ref(session_id: SessionId) -> str:
    """The ref of the files that a session started with, if they are not a commit's tree."""
    return f"refs/boocoder/{session_id}/start"


async def start_notices(
    shadow: ShadowRepository, start: Start, point: StartingPoint, made: Worktree, dirty: int
) -> list[Notice]:
    """What the person should know about where the agent starts.

    Args:
        dirty: how many files of the checkout differ from its commit or are untracked.
    """
    at = f"commit {made.base_commit[:10]}"
    if start.start_from is not None:
        return [Notice("started_from", f"The agent starts from {start.start_from}, {at}.")]
    if point.tree is not None:
        files = len(await shadow.changed_files(point.commit_tree, point.tree, counts=False))
        text = f"The agent starts from {at} with {count(files, 'uncommitted file')} of your checkout."
        return [Notice("started_from_checkout", text), *_skipped(point.skipped)]
    if dirty:
        text = (
            f"Your checkout has {count(dirty, 'uncommitted file')}. The agent starts from {at} and does not see them."
        )
        return [Notice("base_is_dirty", text)]
    return []


def _skipped(skipped: Sequence[SkippedPath]) -> list[Notice]:
    if not skipped:
        return []
    names = named([f"{path_shown(one.path)} ({one.reason})" for one in skipped])
    return [Notice("start_incomplete", f"Not taken along from your checkout: {names}.", NoticeLevel.WARNING)]


def count(number: int, what: str) -> str:
    """A number with its noun."""
    return f"{number} {what}" if number == 1 else f"{number:,} {what}s"


def named(names: Sequence[str]) -> str:
    """Names for a sentence, the first SHOWN_MAX of them."""
    more = len(names) - SHOWN_MAX
    return ", ".join(names[:SHOWN_MAX]) + (f" and {more:,} more" if more > 0 else "")


def path_shown(path: bytes) -> str:
    """A path for a sentence."""
    return path.decode("utf-8", "backslashreplace")
