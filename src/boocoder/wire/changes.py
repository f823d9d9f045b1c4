"""Changes, and the results of applying, resolving and publishing one."""

from __future__ import annotations

from datetime import datetime

import msgspec

from boocoder.model.change import ApplyTarget
from boocoder.model.ids import ChangeId, SessionId, TaskId
from boocoder.model.task import ChangeState
from boocoder.wire.problems import FileConflict


class FileSummary(msgspec.Struct, frozen=True):
    """A changed file.

    Args:
        path: as text; where bytes are not UTF-8 they are percent-coded, and `path_coded` is true.
        status: A, M, D, T (type changed) or R (renamed).
        additions, deletions: lines as a review counts them, 0 where there are none (a symbolic link); null for a binary
            file, and for one in Git LFS.
        old_mode, new_mode: as git writes them, "" where there is no such side.
        old_path, old_path_coded: where a renamed file was; "" otherwise.
        lfs: whether its content is in Git LFS.
    """

    path: str
    status: str
    additions: int | None = None
    deletions: int | None = None
    old_mode: str = ""
    new_mode: str = ""
    path_coded: bool = False
    old_path: str = ""
    old_path_coded: bool = False
    lfs: bool = False


class ChangeSummary(msgspec.Struct, frozen=True):
    """A change as lists show it.

    Args:
        applied_target: where an applied change was put; an apply to the checkout can be undone.
        applied_ref: the branch with it, also one that it was put on later.
    """

    id: ChangeId
    session_id: SessionId
    task_id: TaskId
    agent: str
    state: ChangeState
    additions: int
    deletions: int
    created_at: datetime
    decided_at: datetime | None
    applied_target: ApplyTarget | None
    applied_ref: str | None


class ChangeInfo(ChangeSummary, frozen=True):
    """A change with its files."""

    files: tuple[FileSummary, ...]


class ChangeCommit(msgspec.Struct, frozen=True):
    """A commit that the agent made of a change.

    Args:
        message: all of it; its first line is the subject.
        authored_at: in the time zone of the author.
        files: paths that it changes, as text, the first ones.
        files_total: how many they are.
    """

    id: str
    subject: str
    message: str
    author_name: str
    author_email: str
    authored_at: datetime
    files: tuple[str, ...]
    files_total: int


class ApplyResult(msgspec.Struct, frozen=True):
    """What was applied; with `dry_run` what would be, or what conflicts with it.

    Args:
        left: paths that were not written: submodules, and after a crash files that were edited since.
        ref, commit: the branch and the commit on it; null for a checkout.
        units, units_total: how many parts were applied, of how many; 0 where nothing was decided.
        rest_change_id: the change that holds what was not applied.
        commits: how many commits were made; 0 for a checkout.
        warnings: of a commit, the user's rules that it does not follow: signing and hooks; and why the agent's own
            commits were not kept.
    """

    change: ChangeInfo
    already_applied: bool
    dry_run: bool
    files_written: int
    left: tuple[str, ...]
    target: ApplyTarget
    ref: str | None
    commit: str | None
    units: int
    units_total: int
    rest_change_id: ChangeId | None
    conflicts: tuple[FileConflict, ...]
    commits: int
    warnings: tuple[str, ...]


class UnapplyResult(msgspec.Struct, frozen=True):
    """What was taken out of the checkout; with `dry_run` what would be, or what conflicts with it.

    Args:
        change: the change whose apply was undone.
        paths: files that were written or deleted.
        pending_change_id: the session's pending change, which holds the edits again; null with `dry_run`, and where
            the agent has reverted them since.
    """

    change: ChangeInfo
    dry_run: bool
    paths: tuple[str, ...]
    pending_change_id: ChangeId | None
    conflicts: tuple[FileConflict, ...]


class ResolveResult(msgspec.Struct, frozen=True):
    """What came of merging the user's newer files into the worktree.

    Args:
        change_id: the session's pending change now; null where the checkout has all of it.
        task_id: the task that asks the agent to resolve conflicts; null without any.
        conflicts: the conflicting files.
        files_written: how many files of the worktree were written.
        commit: the user's commit that the session goes on from; null in a repository without one.
    """

    change_id: ChangeId | None
    task_id: TaskId | None
    conflicts: tuple[str, ...]
    files_written: int
    commit: str | None = None


class PullRequestText(msgspec.Struct, frozen=True):
    """Title and text of a pull request."""

    title: str
    text: str


class PublishedBranch(msgspec.Struct, frozen=True):
    """A published branch.

    Args:
        output: of git and the forge's tool.
        url: of the pull request; null if none was made.
        open_url: the forge's page that opens one by hand.
        next: what is left for the person to do; empty if nothing is.
    """

    ref: str | None
    commit: str | None
    remote: str
    output: str
    url: str | None
    open_url: str | None
    next: str
