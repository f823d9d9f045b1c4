"""Reviewing: a change file by file and unit by unit, verdicts, comments, and taking parts back. Logic is elsewhere."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import unquote_to_bytes

from fastapi import APIRouter, Path, Query, Response

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.send_review import send_review
from boocoder.api.services import Services
from boocoder.api.shapes.inputs import ChangePath, IdempotencyKey, SessionPath
from boocoder.api.shapes.outputs import EnqueuedOut
from boocoder.api.shapes.review import (
    LINE_MAX,
    CommentOut,
    CommentPatch,
    DecidedOut,
    DecideInput,
    FileUnitsOut,
    NewComment,
    ReviewFileOut,
    ReviewOut,
    SendComments,
    UndoInput,
    UndoneOut,
    comment_out,
    file_out,
    lines_of,
    review_out,
    undone_out,
    units_out,
)
from boocoder.changes.review import Selection
from boocoder.changes.shown import CONTEXT_MAX, base_lines, shown
from boocoder.db import sessions
from boocoder.errors import NotFound
from boocoder.model.ids import CommentId
from boocoder.model.review import Verdict

CONTEXT_DEFAULT = 3  # as git shows it

router = APIRouter(prefix="/api/changes", route_class=StrictRoute)
of_session = APIRouter(prefix="/api/sessions", route_class=StrictRoute)
comments = APIRouter(prefix="/api/comments", route_class=StrictRoute)

CommentPath = Annotated[CommentId, Path()]
Number = Annotated[int, Path(ge=0, le=LINE_MAX)]
From = Annotated[int, Query(ge=0, le=LINE_MAX)]


@router.get("/{change_id}/files")
@access(Access.READ)
async def list_files(
    change_id: ChangePath,
    services: Services,
    path: Annotated[str | None, Query(min_length=1)] = None,
    path_coded: Annotated[bool, Query()] = False,
) -> list[ReviewFileOut]:
    """The files of a change with statistics, flags and verdict counts; only the one at `path` if given."""
    review = await services.review.reviews.get(change_id)
    wanted = None if path is None else path_bytes(path, coded=path_coded)
    return [
        file_out(number, file)
        for number, file in enumerate(review.files)
        if wanted is None or wanted in (file.diff.path, file.diff.old_path)
    ]


@router.get("/{change_id}/files/{number}")
@access(Access.READ)
async def get_file(
    change_id: ChangePath,
    number: Number,
    services: Services,
    context: Annotated[int, Query(ge=0, le=CONTEXT_MAX)] = CONTEXT_DEFAULT,
    unit: From = 0,
    line: From = 0,
) -> FileUnitsOut:
    """A page of a file's units with their lines; `unit` and `line` are where the page before said that it goes on."""
    review = await services.review.reviews.get(change_id)
    if number >= len(review.files):
        text = f"Change {change_id} has {len(review.files)} files, so there is no file {number}."
        raise NotFound("file_not_in_change", text, "List the files of the change.")
    file = review.files[number]
    base = await base_lines(await services.review.reviews.shadow_of(review.change), file.diff) if context else []
    return units_out(number, file, shown(file, base, context=context, unit=unit, line=line))


@router.get("/{change_id}/review")
@access(Access.READ)
async def get_review(change_id: ChangePath, services: Services) -> ReviewOut:
    """How the review of a change stands."""
    return review_out(await services.review.reviews.get(change_id))


@router.post("/{change_id}/review")
@access(Access.WRITE)
async def decide_units(change_id: ChangePath, body: DecideInput, services: Services) -> DecidedOut:
    """Accept or reject units, or open them again; units that the change never had are refused (409)."""
    paths = tuple(path_bytes(path, coded=body.path_coded) for path in body.paths)
    chosen = Selection(units=tuple(body.units), paths=paths, everything=body.all)
    verdict = None if body.verdict == "open" else Verdict(body.verdict)
    done = await services.review.reviews.decide(change_id, chosen, verdict)
    return DecidedOut(review=review_out(done.review), decided=done.decided, gone=done.gone)


@router.post("/{change_id}/undo")
@access(Access.WRITE)
async def undo_units(change_id: ChangePath, services: Services, body: UndoInput | None = None) -> UndoneOut:
    """Take rejected units out of the session's worktree, after a snapshot; refused while a turn runs (409)."""
    units = () if body is None else tuple(body.units)
    return undone_out(await services.review.undoer.take_back(change_id, units))


@router.post("/{change_id}/comments", status_code=201)
@access(Access.WRITE)
async def add_comment(change_id: ChangePath, body: NewComment, services: Services) -> CommentOut:
    """Comment on lines of a change; it waits until it is sent."""
    path = path_bytes(body.path, coded=body.path_coded)
    return comment_out(await services.review.comments.add(change_id, lines_of(body, path), body.body))


@of_session.get("/{session_id}/comments")
@access(Access.READ)
async def list_comments(
    session_id: SessionPath, services: Services, unsent: Annotated[bool, Query()] = False
) -> list[CommentOut]:
    """The comments of a session, oldest first; only those that wait if `unsent`."""
    async with services.database.connection() as conn:
        await sessions.get_session(conn, session_id)
    return [comment_out(comment) for comment in await services.review.comments.list(session_id, unsent=unsent)]


@of_session.post("/{session_id}/comments/send", status_code=201)
@access(Access.WRITE)
async def send_comments(
    session_id: SessionPath,
    services: Services,
    response: Response,
    body: SendComments | None = None,
    idempotency_key: IdempotencyKey = None,
) -> EnqueuedOut:
    """Queue every comment that waits as one task for the chat's agent. The same key gives the same task, with 200."""
    wanted = body or SendComments()
    done = await send_review(
        services,
        session_id,
        with_rejected=wanted.rejected,
        chat_id=wanted.chat_id,
        agent=wanted.agent,
        idempotency_key=idempotency_key,
    )
    if not done.created:
        response.status_code = 200
    return EnqueuedOut.model_validate(done)


@comments.patch("/{comment_id}")
@access(Access.WRITE)
async def edit_comment(comment_id: CommentPath, body: CommentPatch, services: Services) -> CommentOut:
    """Say something else, while the comment waits."""
    return comment_out(await services.review.comments.edit(comment_id, body.body))


@comments.delete("/{comment_id}")
@access(Access.WRITE)
async def delete_comment(comment_id: CommentPath, services: Services) -> CommentOut:
    """Delete a comment, while it waits; the answer is what it was."""
    return comment_out(await services.review.comments.delete(comment_id))


def path_bytes(path: str, *, coded: bool) -> bytes:
    """A path of a request as bytes; `coded` as in the answers."""
    return unquote_to_bytes(path) if coded else path.encode()
