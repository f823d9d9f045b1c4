"""What of the user's newer files comes into a session's worktree, and what its change is measured against then."""

from __future__ import annotations

from dataclasses import dataclass

from boocoder.db.core.pool import Database
from boocoder.db.files.start_points import get_start
from boocoder.errors import BoocoderError
from boocoder.git.diff.labels import MergeLabels
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.user.commit import read_reference, tree_of, user_head
from boocoder.git.worktree.session_worktrees import session_git
from boocoder.worktrees.history.snapshots import SnapshotSource


@dataclass(frozen=True, slots=True)
class IncomingFiles:
    """What of the user's comes into a session's worktree.

    Args:
        commit: None in a repository without one.
        tree: of the commit.
        checkout: whether the user's uncommitted files come in as well.
    """

    commit: str | None
    tree: str
    checkout: bool


async def committed_files(database: Database, place: SnapshotSource, ref: str | None) -> IncomingFiles:
    """The files of a commit of the user's.

    Args:
        ref: branch, tag or commit; None for the branch that the session was started from, else what is checked out.

    Raises:
        InvalidInput: `start_unknown`, there is no such ref.
    """
    shadow = place.shadow
    if ref is None:
        async with database.connection() as conn:
            started = (await get_start(conn, place.row.session_id)).start_from
        if started is None or await read_reference(shadow.checkout, f"refs/heads/{started}") is None:
            head = await shadow.head()
            return IncomingFiles(head.commit, head.tree, checkout=False)
        ref = started
    commit = await shadow.named_commit(ref)
    return IncomingFiles(commit, await tree_of(shadow.checkout, commit), checkout=False)


async def base_on(place: SnapshotSource, base: str, tree: str) -> str:
    """What a session's change is measured against on a newer commit.

    That is the commit's tree with what the base has beyond its own commit: files that were copied, set up or applied.
    Where both changed the same lines, the newer commit counts alone.

    Args:
        base: the base tree until now.
        tree: of the newer commit.
    """
    git = session_git(place.shadow.worktrees.git_dir_of(place.path))
    done = await git.result("rev-parse", "-q", "--verify", f"{place.row.base_commit}^{{tree}}")
    if done.returncode != 0:
        return tree
    old_tree = done.stdout.decode().strip()
    return (await place.shadow.merge(base=old_tree, ours=base, theirs=tree)).tree or tree


async def labels_of(shadow: ShadowRepository, title: str) -> MergeLabels:
    """What the sides of a conflict are called in the worktree: the agent's change, and the person's branch."""
    try:
        branch = (await user_head(shadow.checkout)).ref.removeprefix("refs/heads/")
    except BoocoderError:  # no commit yet
        branch = "HEAD"
    yours = "your files" if branch == "HEAD" else f"{branch} (your files)"
    return MergeLabels(ours=f"agent's change ({title})", theirs=yours)
