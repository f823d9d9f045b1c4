"""Comments on lines of a change, and the prompt that sends them to the agent."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from boocoder.changes.diff.statistics import path_text
from boocoder.changes.diff.tree_diff import FileChange, Unit, UnitKind
from boocoder.changes.review.service import ReviewService, newest_of
from boocoder.db.core.pool import Database
from boocoder.db.files import changes, review
from boocoder.db.files.changes import Change
from boocoder.db.files.review import COMMENTS_MAX, Comment, Side
from boocoder.errors import BoocoderError, Conflict, InvalidInput, NotFound
from boocoder.git.diff.tree_diff import NO_MODE, SUBMODULE_MODE
from boocoder.model.ids import ChangeId, CommentId, SessionId
from boocoder.model.task import ChangeState

log = logging.getLogger(__name__)

QUOTE_MAX_CHARS = 4_000  # of one comment; the quote only identifies lines, the agent has the files
QUOTED_MAX_BYTES = 16 * 1024 * 1024  # a larger file is not read for a quote
PART_MAX_CHARS = 2_000  # of one rejected part, likewise

HEAD = "I reviewed your change. Please work through these comments. Line numbers are those of the files as I saw them."
REJECTED_HEAD = "I rejected these parts of your change; do not bring them back as they were:"
LEFT_OUT = "[... {count} characters left out ...]"


@dataclass(frozen=True, slots=True)
class LineRange:
    """Lines of one side of a file, 1-based, both included; 0 and 0 mean the whole file."""

    path: bytes
    side: Side
    first: int = 0
    last: int = 0


@dataclass(frozen=True, slots=True)
class CommentPrompt:
    """The prompt for the agent.

    Args:
        prompt: the whole text.
        comments: the ids that it holds.
    """

    prompt: str
    comments: tuple[CommentId, ...]


class ReviewComments:
    """Stores comments until they are sent.

    Args:
        reviews: reads changes and their units.
    """

    def __init__(self, *, database: Database, reviews: ReviewService) -> None:
        self._database = database
        self._reviews = reviews

    async def add(self, change_id: ChangeId, lines: LineRange, body: str) -> Comment:
        """Comment on lines of a change; the code is quoted from the tree that was looked at.

        Raises:
            NotFound: there is no such change, or it does not touch the file (`file_not_in_change`).
            InvalidInput: `lines_not_there`, or `comment_blank`.
            Conflict: `too_many_comments`.
            GitError: git failed.
        """
        _check_body(body)
        async with self._database.connection() as conn:
            change = await changes.get_change(conn, change_id)
            if await review.count_unsent(conn, change.session_id) >= COMMENTS_MAX:
                text = f"This session has {COMMENTS_MAX} unsent comments."
                raise Conflict("too_many_comments", text, "Send or delete some of them.")
        quote = await self._quote(change, lines)
        async with self._database.transaction() as conn:
            comment = await review.insert_comment(
                conn,
                change.session_id,
                change_id,
                path=lines.path,
                side=lines.side,
                first_line=lines.first,
                last_line=lines.last,
                quote=quote,
                body=body,
            )
        await self._publish_comment(comment)
        return comment

    async def _quote(self, change: Change, lines: LineRange) -> str:
        files = await self._reviews.files(change)
        file = next((one for one in files if lines.path in (one.path, one.old_path)), None)
        if file is None:
            name = path_text(lines.path)[0]
            raise NotFound("file_not_in_change", f"Change {change.id} does not touch {name}.", "Look at its files.")
        if lines.first == 0:
            return ""
        name, size, mode = _side(file, lines.side)
        if mode in (NO_MODE, SUBMODULE_MODE) or file.binary or file.lfs or (size or 0) > QUOTED_MAX_BYTES:
            raise _not_there(lines)
        shadow = await self._reviews.shadow_of(change)
        content = (await shadow.blob(name, max_bytes=QUOTED_MAX_BYTES)).split(b"\n")
        if content and not content[-1]:
            content.pop()
        if not 1 <= lines.first <= lines.last <= len(content):
            raise _not_there(lines)
        return shortened(storable(b"\n".join(content[lines.first - 1 : lines.last])), QUOTE_MAX_CHARS)

    async def edit(self, comment_id: CommentId, body: str) -> Comment:
        """Edit a comment that was not sent yet.

        Raises:
            NotFound: `comment_not_found`.
            Conflict: `comment_sent`.
            InvalidInput: `comment_blank`.
        """
        _check_body(body)
        async with self._database.transaction() as conn:
            edited = await review.edit_comment(conn, comment_id, body)
            if edited is None:
                raise _sent(await review.get_comment(conn, comment_id))
        return edited

    async def delete(self, comment_id: CommentId) -> Comment:
        """Delete a comment that was not sent yet and return it. Errors as `edit`."""
        async with self._database.transaction() as conn:
            comment = await review.get_comment(conn, comment_id)
            if not await review.delete_comment(conn, comment_id):
                raise _sent(comment)
        await self._publish_comment(comment)
        return comment

    async def list(self, session_id: SessionId, *, unsent: bool = False) -> list[Comment]:
        """A session's comments, oldest first; with `unsent` only those not sent yet."""
        async with self._database.connection() as conn:
            return await review.list_comments(conn, session_id, unsent=unsent)

    async def message(self, session_id: SessionId, *, with_rejected: bool) -> CommentPrompt:
        """The prompt with all comments that were not sent yet.

        Args:
            with_rejected: include the rejected units of the pending change.

        Raises:
            Conflict: `nothing_to_send`.
        """
        waiting = await self.list(session_id, unsent=True)
        rejected = await self._rejected(session_id) if with_rejected else ()
        if not waiting and not rejected:
            text = f"Session {session_id} has no unsent comment."
            raise Conflict("nothing_to_send", text, "Comment on the change first.")
        return CommentPrompt(written(waiting, rejected), tuple(comment.id for comment in waiting))

    async def _rejected(self, session_id: SessionId) -> tuple[Unit, ...]:
        async with self._database.connection() as conn:
            pending = await changes.list_changes(conn, session_id=session_id, state=ChangeState.PENDING, limit=1)
        return (await self._reviews.get(pending[0].id)).units("rejected") if pending else ()

    async def publish_sent(self, session_id: SessionId) -> None:
        """Publish that no comment is unsent, if the session has a pending change."""
        async with self._database.connection() as conn:
            pending = await changes.list_changes(conn, session_id=session_id, state=ChangeState.PENDING, limit=1)
        if pending:
            await self._announce(pending[0].id)

    async def _publish_comment(self, comment: Comment) -> None:
        async with self._database.connection() as conn:
            seen = await changes.get_change(conn, comment.change_id)
            try:
                newest = await newest_of(conn, seen)
            except Conflict:  # decided as a whole; its review is over, and the comment is listed all the same
                return
        await self._announce(newest.id)

    async def _announce(self, change_id: ChangeId) -> None:
        """Publish the review's counts; a failure does not undo the comment."""
        try:
            await self._reviews.publish_counts(change_id)
        except BoocoderError:
            log.warning("counts of a review not published", extra={"change_id": str(change_id)}, exc_info=True)


def written(comments: Sequence[Comment], rejected: Sequence[Unit]) -> str:
    """The prompt.

    Args:
        comments: in the order in which they were written.
        rejected: the rejected units.
    """
    pieces = [HEAD] if comments else []
    pieces += [_comment_text(comment) for comment in comments]
    if rejected:
        pieces += [REJECTED_HEAD, *(_unit_text(unit) for unit in rejected)]
    return "\n\n".join(pieces)


def _comment_text(comment: Comment) -> str:
    where = path_text(comment.path)[0]
    if comment.first_line:
        lines = f"line {comment.first_line}"
        if comment.last_line > comment.first_line:
            lines = f"lines {comment.first_line} to {comment.last_line}"
        where += f", {lines}" + (" (before your change)" if comment.side == "old" else "")
    quote = _fenced(comment.quote) if comment.first_line else ""
    return f"## {where}\n{quote}{comment.body}"


def _unit_text(unit: Unit) -> str:
    where = path_text(unit.path)[0]
    match unit.kind:
        case UnitKind.MODE:
            return f"## {where}\nThe change of its mode."
        case UnitKind.RENAME:
            return f"## {where}\nThe renaming to this name."
        case UnitKind.FILE:
            return f"## {where}\nThe whole change of this file."
        case UnitKind.HUNK:
            lines = [b"-" + line.rstrip(b"\r\n") for line in unit.old_lines]
            lines += [b"+" + line.rstrip(b"\r\n") for line in unit.new_lines]
            text = shortened(storable(b"\n".join(lines)), PART_MAX_CHARS)
            return f"## {where}, at line {max(unit.new_start, 1)}\n{_fenced(text, 'diff')}".rstrip()


def _fenced(text: str, language: str = "") -> str:
    """A code block whose fence is longer than any in the text."""
    longest = max((len(run) for run in _runs(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}\n"


def _runs(text: str) -> list[str]:
    return [word for word in "".join(char if char == "`" else " " for char in text).split() if word]


def storable(content: bytes) -> str:
    """Bytes as text that a database and an agent take: what is not UTF-8 as `\\xff`, without NUL."""
    return content.decode("utf-8", "backslashreplace").replace("\0", "\\x00")


def shortened(text: str, limit: int) -> str:
    """The beginning and the end of a text that is too long."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n{LEFT_OUT.format(count=len(text) - 2 * half)}\n{text[-half:]}"


def _side(file: FileChange, side: Side) -> tuple[str, int | None, str]:
    if side == "old":
        return file.old_id, file.old_size, file.old_mode
    return file.new_id, file.new_size, file.new_mode


def _check_body(body: str) -> None:
    if not body.strip():
        raise InvalidInput("comment_blank", "The comment is blank.", "Write a text, or delete the comment.")


def _not_there(lines: LineRange) -> InvalidInput:
    where = f"{path_text(lines.path)[0]} ({lines.side}) has no lines {lines.first} to {lines.last}"
    return InvalidInput("lines_not_there", f"{where} to comment on.", "Name lines of the file, or 0 for all of it.")


def _sent(comment: Comment) -> Conflict:
    text = f"Comment {comment.id} was sent with task {comment.task_id}."
    return Conflict("comment_sent", text, "Write another one.")
