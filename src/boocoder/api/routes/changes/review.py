"""Reviews: files, units, verdicts, comments, and reverting rejected units."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import unquote_to_bytes

from fastapi import APIRouter, Path, Query, Response

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.answers.review import file_units, review_comment, review_summary, reviewed_file, unit_parts
from boocoder.api.files_host import CHANGE_FILES_HERE, CHANGE_TREES_HERE
from boocoder.api.requests.fields import ChangePath, IdempotencyKey, SessionPath
from boocoder.api.requests.review import (
    LINE_MAX,
    CommentPatch,
    DecideInput,
    EditInput,
    JoinInput,
    NewComment,
    SendComments,
    SplitInput,
    UndoInput,
    lines_of,
)
from boocoder.api.send_review import send_review
from boocoder.api.services import Services
from boocoder.changes.review.diff_page import CONTEXT_MAX, base_lines, file_page
from boocoder.changes.review.images import read_image
from boocoder.changes.review.service import FileReview, Review, UnitSelection
from boocoder.db.conversation import sessions
from boocoder.errors import NotFound
from boocoder.model.change import Verdict
from boocoder.model.ids import CommentId
from boocoder.wire.review import (
    FileUnits,
    RevertResult,
    ReviewComment,
    ReviewDecision,
    ReviewedFile,
    ReviewSummary,
    UnitParts,
)
from boocoder.wire.tasks import EnqueuedTask

FOR_EVER = "private, max-age=31536000, immutable"  # the trees of a change never move
CONTEXT_DEFAULT = 3  # as git shows it

router = APIRouter(prefix="/api/changes", route_class=StrictRoute)
of_session = APIRouter(prefix="/api/sessions", route_class=StrictRoute)
comments = APIRouter(prefix="/api/comments", route_class=StrictRoute)

CommentPath = Annotated[CommentId, Path()]
Number = Annotated[int, Path(ge=0, le=LINE_MAX)]
From = Annotated[int, Query(ge=0, le=LINE_MAX)]


@router.get("/{change_id}/files", dependencies=[CHANGE_TREES_HERE])
@access(Access.READ)
async def list_changed_files(
    change_id: ChangePath,
    services: Services,
    path: Annotated[str | None, Query(min_length=1)] = None,
    path_coded: Annotated[bool, Query()] = False,
) -> list[ReviewedFile]:
    """The files of a change with statistics, flags and verdict counts; only the one at `path` if given."""
    review = await services.changes.reviews.get(change_id)
    wanted = None if path is None else path_bytes(path, coded=path_coded)
    return [
        reviewed_file(number, file)
        for number, file in enumerate(review.files)
        if wanted is None or wanted in (file.diff.path, file.diff.old_path)
    ]


@router.get("/{change_id}/files/{number}", dependencies=[CHANGE_TREES_HERE])
@access(Access.READ)
async def get_changed_file(
    change_id: ChangePath,
    number: Number,
    services: Services,
    context: Annotated[int, Query(ge=0, le=CONTEXT_MAX)] = CONTEXT_DEFAULT,
    unit: From = 0,
    line: From = 0,
    ignore_whitespace: Annotated[bool, Query()] = False,
) -> FileUnits:
    """A page of a file's units with their lines; `unit` and `line` are the `next` of the page before."""
    review = await services.changes.reviews.get(change_id)
    file = _file(review, number)
    base = await base_lines(await services.changes.reviews.shadow_of(review.change), file.diff) if context else []
    page = file_page(file, base, context=context, unit=unit, line=line, ignore_space=ignore_whitespace)
    return file_units(number, file, page)


@router.get("/{change_id}/files/{number}/image/{side}", response_class=Response, dependencies=[CHANGE_TREES_HERE])
@access(Access.READ)
async def get_changed_image(
    change_id: ChangePath, number: Number, side: Literal["old", "new"], services: Services
) -> Response:
    """An image of a change, before it (`old`) or after it (`new`); 404 for any other file and above 16 MiB."""
    review = await services.changes.reviews.get(change_id)
    image = await read_image(await services.changes.reviews.shadow_of(review.change), _file(review, number).diff, side)
    return Response(image.content, media_type=image.media_type, headers={"Cache-Control": FOR_EVER})


def _file(review: Review, number: int) -> FileReview:
    if number >= len(review.files):
        text = f"Change {review.change.id} has {len(review.files)} files, so there is no file {number}."
        raise NotFound("file_not_in_change", text, "List the files of the change.")
    return review.files[number]


@router.get("/{change_id}/review", dependencies=[CHANGE_TREES_HERE])
@access(Access.READ)
async def get_review(change_id: ChangePath, services: Services) -> ReviewSummary:
    """The verdict counts of a change."""
    return review_summary(await services.changes.reviews.get(change_id))


@router.post("/{change_id}/review", dependencies=[CHANGE_TREES_HERE])
@access(Access.WRITE)
async def decide_units(change_id: ChangePath, body: DecideInput, services: Services) -> ReviewDecision:
    """Accept or reject units, or open them again; units that the change never had are refused (409)."""
    paths = tuple(path_bytes(path, coded=body.path_coded) for path in body.paths)
    chosen = UnitSelection(units=tuple(body.units), paths=paths, everything=body.all)
    verdict = None if body.verdict == "open" else Verdict(body.verdict)
    done = await services.changes.reviews.decide(change_id, chosen, verdict)
    return ReviewDecision(review=review_summary(done.review), decided=done.decided, gone=done.gone)


@router.post("/{change_id}/split", dependencies=[CHANGE_TREES_HERE])
@access(Access.WRITE)
async def split_unit(change_id: ChangePath, body: SplitInput, services: Services) -> UnitParts:
    """Split a unit at unchanged lines, or around selected ones, which may be decided in the same step."""
    lines = [one.span() for one in body.lines]
    verdict = None if body.verdict is None else Verdict(body.verdict)
    return unit_parts(await services.changes.editor.split(change_id, body.unit, lines, verdict=verdict))


@router.post("/{change_id}/join", dependencies=[CHANGE_TREES_HERE])
@access(Access.WRITE)
async def join_unit(change_id: ChangePath, body: JoinInput, services: Services) -> UnitParts:
    """Make the parts of a split unit one again; it keeps a verdict that all of them share."""
    return unit_parts(await services.changes.editor.join(change_id, body.unit))


@router.post("/{change_id}/edit", dependencies=[CHANGE_FILES_HERE])
@access(Access.WRITE)
async def edit_unit(change_id: ChangePath, body: EditInput, services: Services) -> ReviewSummary:
    """Accept a unit with a text of one's own in place of the agent's lines; no file is touched until it is applied."""
    text = None if body.text is None else body.text.encode()
    rest = Verdict.REJECTED if body.rest == "rejected" else None
    return review_summary(await services.changes.editor.edit(change_id, body.unit, text, rest=rest))


@router.post("/{change_id}/undo", dependencies=[CHANGE_FILES_HERE])
@access(Access.WRITE)
async def undo_rejected_units(change_id: ChangePath, services: Services, body: UndoInput | None = None) -> RevertResult:
    """Take rejected units out of the session's worktree, after a snapshot; refused while a turn runs (409)."""
    units = () if body is None else tuple(body.units)
    return await services.changes.reverter.revert(change_id, units)


@router.post("/{change_id}/comments", status_code=201)
@access(Access.WRITE)
async def add_comment(change_id: ChangePath, body: NewComment, services: Services) -> ReviewComment:
    """Comment on lines of a change; it waits until it is sent."""
    path = path_bytes(body.path, coded=body.path_coded)
    return review_comment(await services.changes.comments.add(change_id, lines_of(body, path), body.body))


@of_session.get("/{session_id}/comments")
@access(Access.READ)
async def list_comments(
    session_id: SessionPath, services: Services, unsent: Annotated[bool, Query()] = False
) -> list[ReviewComment]:
    """The comments of a session, oldest first; only those that wait if `unsent`."""
    async with services.database.connection() as conn:
        await sessions.get_session(conn, session_id)
    return [review_comment(comment) for comment in await services.changes.comments.list(session_id, unsent=unsent)]


@of_session.post("/{session_id}/comments/send", status_code=201)
@access(Access.WRITE)
async def send_comments(
    session_id: SessionPath,
    services: Services,
    response: Response,
    body: SendComments | None = None,
    idempotency_key: IdempotencyKey = None,
) -> EnqueuedTask:
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
    return done


@comments.patch("/{comment_id}")
@access(Access.WRITE)
async def edit_comment(comment_id: CommentPath, body: CommentPatch, services: Services) -> ReviewComment:
    """Say something else, while the comment waits."""
    return review_comment(await services.changes.comments.edit(comment_id, body.body))


@comments.delete("/{comment_id}")
@access(Access.WRITE)
async def delete_comment(comment_id: CommentPath, services: Services) -> ReviewComment:
    """Delete a comment, while it waits; the answer is what it was."""
    return review_comment(await services.changes.comments.delete(comment_id))


def path_bytes(path: str, *, coded: bool) -> bytes:
    """A path of a request as bytes; `coded` as in the answers."""
    return unquote_to_bytes(path) if coded else path.encode()
