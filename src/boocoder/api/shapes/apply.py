"""Applying, resolving and publishing: what the requests may hold, and what is answered."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from boocoder.api.problem import conflict_problem
from boocoder.api.shapes.inputs import Input, Name, Text
from boocoder.api.shapes.outputs import ChangeOut, Output
from boocoder.changes.planning import ApplyReport, ApplyRequest, BranchStart
from boocoder.changes.publish import Published, PublishRequest
from boocoder.changes.resolve import Onto, Resolved
from boocoder.changes.selection import Select
from boocoder.db.changes import ApplyTarget

MESSAGE_MAX_CHARS = 100_000  # of a commit or a pull request
Message = Annotated[Text, Field(max_length=MESSAGE_MAX_CHARS)]


class BranchFields(BaseModel):
    """What a branch is made of; the fields that applying and publishing share."""

    select: Literal["all", "accepted", "not_rejected"] | None = None
    message: Message | None = None
    branch: Name | None = None
    start: Literal["base", "head"] = "base"
    by_turn: bool = False
    co_author: bool = False

    def request(self, target: ApplyTarget, *, extend: bool) -> ApplyRequest:
        """What is asked for."""
        return ApplyRequest(
            target=target,
            select=None if self.select is None else Select(self.select),
            message=self.message,
            branch=self.branch,
            start=BranchStart(self.start),
            by_turn=self.by_turn,
            extend=extend,
            co_author=self.co_author,
        )


class ApplyInput(Input, BranchFields):
    """Which part of a change goes where."""

    target: Literal["checkout", "commit", "branch"] = "checkout"
    dry_run: bool = False

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.target != "branch" and (self.branch is not None or self.by_turn or self.start != "base"):
            raise ValueError("branch, start and by_turn need the target branch")
        return self


class RegionOut(Output):
    """One place where both sides changed the same lines; `line` is the first one of yours."""

    line: int
    base: str
    ours: str
    theirs: str
    cut: bool


class ConflictOut(Output):
    """A file that stands against a change: why, and both sides. `path_coded` says that bytes are percent-coded."""

    path: str
    path_coded: bool
    reason: str
    text: str
    regions: tuple[RegionOut, ...]
    base_size: int | None
    ours_size: int | None
    theirs_size: int | None
    more: int


class AppliedOut(Output):
    """What applying came to; with `dry_run` what it would come to, or what stands against it."""

    change: ChangeOut
    already_applied: bool
    dry_run: bool
    files_written: int
    left: tuple[str, ...]
    target: ApplyTarget
    ref: str | None
    commit: str | None
    units: int
    units_total: int
    rest_change_id: UUID | None
    conflicts: tuple[ConflictOut, ...]

    @staticmethod
    def of(report: ApplyReport, change: ChangeOut) -> AppliedOut:
        """The answer to a request."""
        return AppliedOut(
            change=change,
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
            conflicts=tuple(ConflictOut.model_validate(conflict_problem(one)) for one in report.conflicts),
        )


class ResolveInput(Input):
    """What the session's worktree is brought up to."""

    onto: Literal["checkout", "head"] = "checkout"

    @property
    def place(self) -> Onto:
        """As the resolver takes it."""
        return Onto(self.onto)


class ResolvedOut(Output):
    """What came of bringing the user's newer files into the worktree."""

    change_id: UUID | None
    task_id: UUID | None
    conflicts: tuple[str, ...]
    files_written: int

    @staticmethod
    def of(resolved: Resolved) -> ResolvedOut:
        """The answer to a request."""
        return ResolvedOut(
            change_id=resolved.change_id,
            task_id=resolved.task_id,
            conflicts=resolved.conflicts,
            files_written=resolved.files,
        )


class PublishInput(Input, BranchFields):
    """How a change is published."""

    remote: Name | None = None
    title: Name | None = None
    text: Message | None = None
    base: Name | None = None
    draft: bool = False
    only_push: bool = False

    def publishing(self) -> PublishRequest:
        """As the publisher takes it."""
        return PublishRequest(
            apply=self.request(ApplyTarget.BRANCH, extend=self.branch is None),
            remote=self.remote,
            title=self.title,
            text=self.text,
            base=self.base,
            draft=self.draft,
            only_push=self.only_push,
        )


class PublishWordsOut(Output):
    """What a pull request says."""

    title: str
    text: str


class PublishedOut(Output):
    """What came of publishing."""

    ref: str | None
    commit: str | None
    remote: str
    output: str
    url: str | None
    open_url: str | None
    next: str

    @staticmethod
    def of(published: Published) -> PublishedOut:
        """The answer to a request."""
        return PublishedOut(
            ref=published.report.ref,
            commit=published.report.commit,
            remote=published.remote,
            output=published.output,
            url=published.url,
            open_url=published.open_url,
            next=published.next,
        )
