"""Requests to apply, resolve and publish changes."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator

from boocoder.api.requests.fields import Input, LongText, Name, Text
from boocoder.api.requests.follows import FollowInput
from boocoder.api.requests.review import FilePath
from boocoder.changes.apply.conflict_choices import BlockChoice, FileChoice, Side
from boocoder.changes.apply.conflicts import SIDE_MAX_CHARS
from boocoder.changes.apply.planner import ApplyRequest, BranchStart
from boocoder.changes.publish.service import PublishRequest
from boocoder.changes.review.selection import PartFilter
from boocoder.changes.worktree.conflict_resolution import MergeSource
from boocoder.model.change import ApplyTarget

FILES_MAX = 500  # of a resolution; more are for the agent
BLOCKS_MAX = 500  # of one file
MESSAGE_MAX_CHARS = 100_000  # of a commit or a pull request
Message = Annotated[Text, Field(max_length=MESSAGE_MAX_CHARS)]


def _short_name(name: str) -> str:
    short = name.removeprefix("refs/heads/")
    if short.startswith("refs/"):
        raise ValueError("must be the name of a branch, such as fix/parser")
    return short


BranchName = Annotated[Name, AfterValidator(_short_name)]


class BranchFields(BaseModel):
    """What a branch is made of; the fields that applying and publishing share."""

    select: Literal["all", "accepted", "not_rejected"] | None = None
    message: Message | None = None
    branch: BranchName | None = None
    start: Literal["base", "head"] = "base"
    by_turn: bool = False
    co_author: bool = False
    keep_commits: bool = False
    filtered: bool = False

    @model_validator(mode="after")
    def _commits_of_one_kind(self) -> Self:
        if self.by_turn and self.keep_commits:
            raise ValueError("by_turn and keep_commits exclude one another")
        return self

    def request(self, target: ApplyTarget, *, extend: bool) -> ApplyRequest:
        """What is asked for."""
        return ApplyRequest(
            target=target,
            select=None if self.select is None else PartFilter(self.select),
            message=self.message,
            branch=self.branch,
            start=BranchStart(self.start),
            by_turn=self.by_turn,
            extend=extend,
            co_author=self.co_author,
            keep_commits=self.keep_commits,
            filtered=self.filtered,
        )


class ApplyInput(Input, BranchFields):
    """Apply a change, or part of it."""

    target: Literal["checkout", "commit", "branch"] = "checkout"
    dry_run: bool = False

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.target != "branch" and (self.branch is not None or self.by_turn or self.start != "base"):
            raise ValueError("branch, start and by_turn need the target branch")
        if self.target == "checkout" and (self.keep_commits or self.filtered):
            raise ValueError("keep_commits and filtered need the target commit or branch")
        return self


class UnapplyInput(Input):
    """How an apply to the checkout is undone."""

    dry_run: bool = False


class BlockChoiceInput(Input):
    """What becomes of one block of a conflict; `user` and `agent` are its sides as they were shown."""

    user: Annotated[Text, Field(max_length=SIDE_MAX_CHARS)]
    agent: Annotated[Text, Field(max_length=SIDE_MAX_CHARS)]
    take: Literal["user", "agent", "both"] | None = None
    text: LongText = ""


class FileChoiceInput(Input):
    """What becomes of one file in conflict: a side of all of it, or its blocks in order."""

    path: FilePath
    path_coded: bool = False
    take: Literal["user", "agent", "both"] | None = None
    blocks: Annotated[list[BlockChoiceInput], Field(max_length=BLOCKS_MAX)] = []

    def choice(self) -> FileChoice:
        """As the resolver takes it."""
        blocks = tuple(
            BlockChoice(one.user, one.agent, None if one.take is None else Side(one.take), one.text)
            for one in self.blocks
        )
        return FileChoice(self.path, self.path_coded, None if self.take is None else Side(self.take), blocks)


class ResolveInput(Input):
    """What the session's worktree is brought up to, and what becomes of files in conflict."""

    onto: Literal["checkout", "head"] = "checkout"
    files: Annotated[list[FileChoiceInput], Field(max_length=FILES_MAX)] = []

    @property
    def place(self) -> MergeSource:
        """As the resolver takes it."""
        return MergeSource(self.onto)


class PublishInput(Input, BranchFields):
    """How a change is published."""

    remote: Name | None = None
    title: Name | None = None
    text: Message | None = None
    base: Name | None = None
    draft: bool = False
    only_push: bool = False
    follow: FollowInput | None = None

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
