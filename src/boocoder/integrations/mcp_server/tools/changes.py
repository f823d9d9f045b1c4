"""Tools that show a change, decide about its parts and apply it; the API refuses what must not be applied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from boocoder.client.decisions import apply_change
from boocoder.client.http_client import Client, Json
from boocoder.errors import InvalidInput, NotFound
from boocoder.integrations.mcp_server.tool import ServedTool, ToolArguments, ToolContext
from boocoder.integrations.mcp_server.tools.arguments import ChangeArgument, LongText, ShortText
from boocoder.integrations.mcp_server.tools.diff_pages import DiffPage, DiffQuery, read_diff_page
from boocoder.model.change import ApplyTarget
from boocoder.model.ids import ChangeId
from boocoder.wire.changes import ChangeInfo, ChangeSummary, FileSummary
from boocoder.wire.review import ReviewDecision, ReviewSummary
from boocoder.wire.sessions import Session

FILES_SHOWN = 200
CONFLICTS_SHOWN = 20
PARTS_MAX = 2_000


class ChangeQuery(ToolArguments, frozen=True):
    """Which change to show."""

    change_id: Annotated[UUID | None, Meta(description="Id of the change. Not with session_id.")] = None
    session_id: Annotated[UUID | None, Meta(description="The pending change of this session. Not with change_id.")] = (
        None
    )


class ChangeOverview(msgspec.Struct, frozen=True):
    """A change, its first files, how many there are, and how far its review is."""

    change: ChangeSummary
    files: tuple[FileSummary, ...]
    files_total: int
    review: ReviewSummary
    next: str


class ReviewOrder(ToolArguments, frozen=True):
    """What is decided about which parts."""

    change_id: ChangeArgument
    verdict: Annotated[Literal["accepted", "rejected", "open"], Meta(description="open: undecided again.")]
    parts: Annotated[list[str], Meta(max_length=PARTS_MAX, description="Ids of parts, from read_diff.")] = []
    paths: Annotated[list[str], Meta(max_length=PARTS_MAX, description="All parts of these files.")] = []
    all: Annotated[bool, Meta(description="All parts of the change.")] = False


class ApplyOrder(ToolArguments, frozen=True):
    """Where a change is put."""

    change_id: ChangeArgument
    target: Annotated[
        Literal["checkout", "commit", "branch"],
        Meta(
            description="checkout: into the user's files, uncommitted; commit: one commit on the checked-out branch; "
            "branch: a new branch, the user's files stay."
        ),
    ] = "checkout"
    branch: Annotated[ShortText | None, Meta(description="Name of the branch; with target branch.")] = None
    message: Annotated[LongText | None, Meta(description="Of the commit; left out: written from the session.")] = None
    select: Annotated[
        Literal["all", "accepted", "not_rejected"] | None,
        Meta(description="Which parts; left out: the accepted ones, or, without any, all that are not rejected."),
    ] = None
    dry_run: Annotated[bool, Meta(description="Only say what would be done, or what conflicts.")] = False


class AppliedChange(msgspec.Struct, frozen=True):
    """What was applied; with `dry_run` what would be, or what conflicts with it.

    Args:
        left: paths that were not written.
        rest_change_id: the change that holds what was not applied.
        conflicts: path and reason of files in conflict, the first ones; nothing was written then.
    """

    change_id: ChangeId
    dry_run: bool
    already_applied: bool
    target: ApplyTarget
    ref: str | None
    commit: str | None
    files_written: int
    parts: int
    parts_total: int
    left: tuple[str, ...]
    rest_change_id: ChangeId | None
    conflicts: tuple[str, ...]
    warnings: tuple[str, ...]


async def pending_change_id(client: Client, session_id: UUID) -> ChangeId:
    """The change of a session that waits for a decision.

    Raises:
        NotFound: no_pending_change.
    """
    session = await client.get(f"/api/sessions/{session_id}", Session)
    if session.pending_change_id is None:
        text = f"No change of session {session_id} is pending."
        raise NotFound("no_pending_change", text, "It has none yet, or it was applied or rejected.")
    return session.pending_change_id


async def _show(call: ToolContext, query: ChangeQuery) -> ChangeOverview:
    if (query.change_id is None) == (query.session_id is None):
        raise InvalidInput("change_unclear", "get_change needs one of change_id and session_id.", "Give one of them.")
    change_id = query.change_id
    if query.session_id is not None:
        change_id = await pending_change_id(call.client, query.session_id)
    change = await call.client.get(f"/api/changes/{change_id}", ChangeInfo)
    review = await call.client.get(f"/api/changes/{change_id}/review", ReviewSummary)
    summary = msgspec.convert(change, ChangeSummary, from_attributes=True)
    cure = (
        "Read it with read_diff."
        if change.state == "pending"
        else f"It is {change.state.value}; nothing is to be decided."
    )
    return ChangeOverview(summary, change.files[:FILES_SHOWN], len(change.files), review, cure)


async def _diff(call: ToolContext, query: DiffQuery) -> DiffPage:
    return await read_diff_page(call.client, query)


async def _review(call: ToolContext, order: ReviewOrder) -> ReviewDecision:
    body: dict[str, Json] = {"verdict": order.verdict, "units": order.parts, "paths": order.paths, "all": order.all}
    return await call.client.post(f"/api/changes/{order.change_id}/review", ReviewDecision, body)


async def _apply(call: ToolContext, order: ApplyOrder) -> AppliedChange:
    body: dict[str, Json] = {
        "target": order.target,
        "branch": order.branch,
        "message": order.message,
        "select": order.select,
        "dry_run": order.dry_run,
    }
    done = await apply_change(call.client, order.change_id, body)
    return AppliedChange(
        change_id=done.change.id,
        dry_run=done.dry_run,
        already_applied=done.already_applied,
        target=done.target,
        ref=done.ref,
        commit=done.commit,
        files_written=done.files_written,
        parts=done.units,
        parts_total=done.units_total,
        left=done.left,
        rest_change_id=done.rest_change_id,
        conflicts=tuple(f"{one.path}: {one.text}" for one in done.conflicts[:CONFLICTS_SHOWN]),
        warnings=done.warnings,
    )


TOOLS: Sequence[ServedTool[Any]] = (
    ServedTool(
        name="get_change",
        title="Show a change",
        description="Show what a session changed: its files with line counts, and how far the review is.",
        access="read",
        arguments=ChangeQuery,
        answer=ChangeOverview,
        run=_show,
    ),
    ServedTool(
        name="read_diff",
        title="Read a diff",
        description="Read the diff of a change part by part, in pages; the ids of parts are for review_change.",
        access="read",
        arguments=DiffQuery,
        answer=DiffPage,
        run=_diff,
    ),
    ServedTool(
        name="review_change",
        title="Review a change",
        description="Accept or reject parts of a pending change. No file is written; apply_change does that.",
        access="write",
        arguments=ReviewOrder,
        answer=ReviewDecision,
        run=_review,
        changes=True,
        repeatable=True,
    ),
    ServedTool(
        name="apply_change",
        title="Apply a change",
        description="Put a pending change, or its accepted parts, into the user's repository. Only when the user wants "
        "it. Conflicts touch nothing and are listed; dry_run shows them before.",
        access="write",
        arguments=ApplyOrder,
        answer=AppliedChange,
        run=_apply,
        changes=True,
        destructive=True,
    ),
)
