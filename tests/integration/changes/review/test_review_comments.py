"""Comments on lines: quoted by us, changed while they wait, sent as one task together with its row."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.changes.review.comments import QUOTE_MAX_CHARS, LineRange, written
from boocoder.db.core.pool import Connection, Database
from boocoder.db.files import review
from boocoder.errors import BoocoderError, Conflict
from boocoder.intake.enqueue import enqueue
from boocoder.intake.new_task import NewTask
from boocoder.model.ids import ChangeId, CommentId, TaskId
from boocoder.wire.tasks import EnqueuedTask
from tests.fixtures.changes.review_harness import REJECTED, ReviewHarness, open_review, units_of
from tests.fixtures.outboxes import outbox_of
from tests.fixtures.repository import MakeRepository
from tests.integration.changes.review.test_review import edited


@pytest.fixture
async def desk(database: Database, repository: MakeRepository, tmp_path: Path) -> ReviewHarness:
    return await open_review(database, repository(), tmp_path)


async def changed(desk: ReviewHarness) -> ChangeId:
    change = await desk.turn(
        {"src/lines.txt": edited(n3=b"three\n"), "README.md": None, "bin": b"\0\1", "x": b"a\xff\n"}
    )
    assert change is not None
    return change


async def test_the_lines_are_quoted_from_the_tree_that_was_looked_at(desk: ReviewHarness) -> None:
    change, comments = await changed(desk), desk.parts.comments
    (desk.desk.files / "src/lines.txt").write_bytes(b"something else\n")
    made = await comments.add(change, LineRange(b"src/lines.txt", "new", 2, 4), "why?")
    assert (made.quote, made.first_line, made.last_line, made.task_id) == ("line 2\nthree\nline 4", 2, 4, None)
    assert (await comments.add(change, LineRange(b"src/lines.txt", "old", 3, 3), "x")).quote == "line 3"
    assert (await comments.add(change, LineRange(b"README.md", "old", 1, 1), "x")).quote == "# A project"
    assert (await comments.add(change, LineRange(b"bin", "new"), "what is it?")).quote == ""
    assert (await comments.add(change, LineRange(b"x", "new", 1, 1), "x")).quote == "a\\xff"
    assert [frame.unsent_comments for frame in desk.told()] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (LineRange(b"src/lines.txt", "new", 40, 41), "lines_not_there"),
        (LineRange(b"src/lines.txt", "new", 3, 2), "lines_not_there"),
        (LineRange(b"README.md", "new", 1, 1), "lines_not_there"),
        (LineRange(b"bin", "new", 1, 1), "lines_not_there"),
        (LineRange(b"src/main.py", "new", 1, 1), "file_not_in_change"),
    ],
)
async def test_lines_that_are_not_there_are_refused(desk: ReviewHarness, lines: LineRange, code: str) -> None:
    change = await changed(desk)
    with pytest.raises(BoocoderError) as error:
        await desk.parts.comments.add(change, lines, "x")
    assert error.value.code == code


async def test_a_long_quote_keeps_both_ends(desk: ReviewHarness) -> None:
    change = await desk.turn({"long.txt": b"".join(b"%05d\n" % number for number in range(2_000))})
    assert change is not None
    made = await desk.parts.comments.add(change, LineRange(b"long.txt", "new", 1, 2_000), "x")
    assert made.quote.startswith("00000\n")
    assert made.quote.endswith("01999")
    assert len(made.quote) < QUOTE_MAX_CHARS + 100


async def test_comments_change_while_they_wait_and_stay_when_sent(desk: ReviewHarness) -> None:
    change, comments = await changed(desk), desk.parts.comments
    one = await comments.add(change, LineRange(b"bin", "new"), "first")
    two = await comments.add(change, LineRange(b"x", "new", 1, 1), "second")
    assert (await comments.edit(one.id, "better")).body == "better"
    await comments.delete(two.id)
    assert [comment.body for comment in await comments.list(desk.desk.session_id)] == ["better"]
    done = await send(desk)
    (sent,) = await comments.list(desk.desk.session_id)
    assert sent.task_id == done.task_id
    for call in (comments.edit(one.id, "no"), comments.delete(one.id)):
        with pytest.raises(Conflict) as error:
            await call
        assert error.value.code == "comment_sent"
    with pytest.raises(BoocoderError) as unknown:
        await comments.delete(two.id)
    assert unknown.value.code == "comment_not_found"


async def send(desk: ReviewHarness, *, rejected: bool = False, then: BoocoderError | None = None) -> EnqueuedTask:
    """As the API does it; `then` fails the transaction behind the comments."""
    message = await desk.parts.comments.message(desk.desk.session_id, with_rejected=rejected)

    async def mark(conn: Connection, task_id: TaskId) -> None:
        assert await review.mark_sent(conn, message.comments, task_id)
        if then is not None:
            raise then

    task = NewTask(message.prompt, session_id=desk.desk.session_id, agent="scripted")
    return await enqueue(outbox_of(desk.desk.database), task, also=mark)


async def test_task_and_comments_go_together_or_not_at_all(desk: ReviewHarness) -> None:
    change = await changed(desk)
    await desk.parts.comments.add(change, LineRange(b"bin", "new"), "what is it?")
    with pytest.raises(Conflict):
        await send(desk, then=Conflict("test", "The transaction fails."))
    (waiting,) = await desk.parts.comments.list(desk.desk.session_id, unsent=True)
    assert waiting.task_id is None
    await send(desk)
    with pytest.raises(Conflict) as error:
        await send(desk)
    assert error.value.code == "nothing_to_send"
    async with desk.desk.database.connection() as conn:
        assert not await review.mark_sent(conn, [CommentId(waiting.id)], desk.desk.task.id)


async def test_the_prompt_names_file_lines_code_and_remark_and_what_was_rejected(desk: ReviewHarness) -> None:
    change = await changed(desk)
    await desk.parts.comments.add(change, LineRange(b"src/lines.txt", "new", 3, 3), "Say it in words.")
    await desk.parts.comments.add(change, LineRange(b"README.md", "old", 1, 2), "Keep this.")
    units = units_of(await desk.review())
    await desk.decide(REJECTED, *(unit for unit in units if unit.path in (b"src/lines.txt", b"bin")))
    message = await desk.parts.comments.message(desk.desk.session_id, with_rejected=True)
    head, rejected = message.prompt.split("I rejected these parts")
    assert "## src/lines.txt, line 3\n```\nthree\n```\nSay it in words." in head
    assert "## README.md, lines 1 to 2 (before your change)\n```\n# A project\n\n```\nKeep this." in head
    assert "## bin\nThe whole change of this file." in rejected
    assert "## src/lines.txt, at line 3\n```diff\n-line 3\n+three\n```" in rejected
    alone = await desk.parts.comments.message(desk.desk.session_id, with_rejected=False)
    assert "rejected" not in alone.prompt


async def test_a_fence_in_the_code_does_not_end_the_quote(desk: ReviewHarness) -> None:
    change = await desk.turn({"page.md": b"````\ncode\n````\n"})
    assert change is not None
    comment = await desk.parts.comments.add(change, LineRange(b"page.md", "new", 1, 3), "x")
    assert "`````\n````\ncode\n````\n`````\n" in written([comment], [])
