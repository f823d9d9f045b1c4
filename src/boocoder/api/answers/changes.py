"""Changes, their conflicts, and the results of applying, resolving and publishing."""

from __future__ import annotations

import msgspec

from boocoder.api.answers.rows import from_row
from boocoder.changes.apply.conflicts import ConflictFile
from boocoder.changes.apply.planner import ApplyReport
from boocoder.changes.apply.undo import ApplyUndo
from boocoder.changes.diff.statistics import path_text
from boocoder.changes.publish.service import PublishResult
from boocoder.db.files.changes import Change
from boocoder.git.worktree.session_commits import SessionCommit
from boocoder.wire.changes import (
    ApplyResult,
    ChangeCommit,
    ChangeInfo,
    ChangeSummary,
    FileSummary,
    PublishedBranch,
    UnapplyResult,
)
from boocoder.wire.problems import FileConflict

COMMIT_FILES_MAX = 100  # that an answer names of one commit


def change_summary(change: Change) -> ChangeSummary:
    """A change as lists show it."""
    return from_row(ChangeSummary, change)


def change_info(change: Change) -> ChangeInfo:
    """A change with its files."""
    return from_row(ChangeInfo, change, files=file_changes(change.files))


def file_changes(column: bytes | msgspec.Raw) -> tuple[FileSummary, ...]:
    """The files of a stored or measured change."""
    return msgspec.json.decode(column, type=tuple[FileSummary, ...])


def file_conflict(file: ConflictFile) -> FileConflict:
    """A conflicting file with both sides."""
    path, coded = path_text(file.conflict.path)
    return FileConflict(
        path=path,
        path_coded=coded,
        reason=file.conflict.kind.value,
        text=file.conflict.text,
        regions=file.regions,
        base_size=file.base_size,
        ours_size=file.ours_size,
        theirs_size=file.theirs_size,
        more=file.more,
    )


def change_commit(commit: SessionCommit) -> ChangeCommit:
    """A commit that an agent made."""
    return ChangeCommit(
        id=commit.id,
        subject=commit.subject,
        message=commit.message,
        author_name=commit.author_name,
        author_email=commit.author_email,
        authored_at=commit.authored_at,
        files=tuple(path_text(path)[0] for path in commit.paths[:COMMIT_FILES_MAX]),
        files_total=len(commit.paths),
    )


def apply_result(report: ApplyReport, change: Change) -> ApplyResult:
    """What was applied, or would be."""
    return ApplyResult(
        change=change_info(change),
        already_applied=report.state == "already_applied",
        dry_run=report.state in ("possible", "conflicts"),
        files_written=report.files,
        left=report.left,
        target=report.target,
        ref=report.ref,
        commit=report.commit,
        units=report.units,
        units_total=report.of,
        rest_change_id=report.rest,
        conflicts=tuple(file_conflict(one) for one in report.conflicts),
        commits=report.commits,
        warnings=report.warnings,
    )


def unapply_result(undo: ApplyUndo, change: Change, *, dry_run: bool) -> UnapplyResult:
    """What was taken out of the checkout, or would be."""
    return UnapplyResult(
        change=change_info(change),
        dry_run=dry_run,
        paths=undo.paths,
        pending_change_id=undo.pending_id,
        conflicts=tuple(file_conflict(one) for one in undo.conflicts),
    )


def publish_result(published: PublishResult) -> PublishedBranch:
    """A published branch."""
    return from_row(PublishedBranch, published, ref=published.report.ref, commit=published.report.commit)
