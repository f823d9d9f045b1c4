"""A person walks through a change at the terminal, over the real API: every answer, comments, the agent in between."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from boocoder.cli.flows.review_walk import ReviewWalk, line_range
from boocoder.client.http_client import Client
from boocoder.client.review_client import ReviewClient
from boocoder.db.conversation import chats
from boocoder.db.core.pool import Database
from boocoder.errors import InvalidInput, NotFound
from boocoder.wire.review import ReviewSummary
from tests.fixtures.api import running_api
from tests.fixtures.changes.review_harness import ReviewHarness, open_review, states
from tests.fixtures.repository import MakeRepository
from tests.integration.changes.review.test_review import edited

EDITS = {"README.md": b"new\n", "src/lines.txt": edited(n3=b"three\n", n20=b"twenty\n", n30=b"thirty\n")}

Step = str | Callable[[], Awaitable[str]]


@dataclass
class Desk:
    """A session to review, the API over it, and the terminal's content."""

    reviewing: ReviewHarness
    client: Client
    shown: StringIO
    given: tuple[str, str] = ("", "")

    async def walk(self, *answers: Step, again: bool = False, text: str | None = None) -> ReviewSummary:
        """Walk with these answers; all of them are used, then the input ends."""
        left = list(answers)

        async def question(_: str) -> str:
            if not left:
                return ""
            answer = left.pop(0)
            return f"{answer}\n" if isinstance(answer, str) else await answer()

        async def edit(given: str, name: str) -> str | None:
            self.given = (given, name)
            return text

        console = Console(file=self.shown, width=200, highlight=False, markup=False)
        made = await ReviewWalk(await self.reviewed(), console, question=question, again=again, edit=edit).walk()
        assert left == []
        return made

    async def reviewed(self) -> ReviewClient:
        pending = await self.reviewing.pending()
        assert pending is not None
        return ReviewClient(self.client, pending)

    async def states(self) -> list[str]:
        return states(await self.reviewing.review())


@pytest.fixture
async def desk(database: Database, repository: MakeRepository, tmp_path: Path) -> AsyncIterator[Desk]:
    reviewing = await open_review(database, repository(), tmp_path)
    async with (
        running_api(database, tmp_path, owner=reviewing.desk.owner) as api,
        Client(url=api.server.url, token=api.server.token) as client,
    ):
        await reviewing.turn(EDITS)
        yield Desk(reviewing, client, StringIO())


async def test_each_part_is_asked_for_once(desk: Desk) -> None:
    review = await desk.walk("y", "?", "n", "j", "y")
    assert await desk.states() == ["accepted", "rejected", "open", "accepted"]
    assert (review.accepted, review.rejected, review.open) == (2, 1, 1)
    shown = desk.shown.getvalue()
    assert [f"({number}/4)" in shown for number in range(1, 6)] == [True] * 4 + [False]
    assert "+twenty" in shown and "reject what is left of the file" in shown
    await desk.walk("n")  # only what is open
    assert await desk.states() == ["accepted", "rejected", "rejected", "accepted"]
    await desk.walk("j", "y", "q", again=True)
    assert await desk.states() == ["accepted", "accepted", "rejected", "accepted"]


async def test_the_rest_of_a_file_at_once(desk: Desk) -> None:
    await desk.walk("j", "y", "d")
    assert await desk.states() == ["open", "accepted", "rejected", "rejected"]
    await desk.walk("a")
    assert await desk.states() == ["accepted", "accepted", "rejected", "rejected"]


async def test_leaving_keeps_what_was_decided(desk: Desk) -> None:
    await desk.walk("y", "q")
    assert await desk.states() == ["accepted", "open", "open", "open"]
    await desk.walk("y")  # the input ends
    assert await desk.states() == ["accepted", "accepted", "open", "open"]


async def test_a_person_goes_back_jumps_and_searches(desk: Desk) -> None:
    await desk.walk("y", "n", "b", "y", "4", "b", "/nowhere", "/README", "n", "/THIRTY", "y")
    assert await desk.states() == ["rejected", "accepted", "open", "accepted"]
    shown = desk.shown.getvalue()
    assert "no part holds 'nowhere'" in shown
    numbers = [line.partition("/4)")[0].rpartition("(")[2] for line in shown.splitlines() if "/4)" in line]
    assert numbers == ["1", "2", "3", "2", "3", "4", "3", "1", "2", "4"]
    await desk.walk("b", "5", "0", "j")  # no such part: the help is shown
    assert desk.shown.getvalue().count("go back to the part before") == 3


async def test_comments_are_written_on_the_way_and_sent_at_the_end(desk: Desk) -> None:
    place = desk.reviewing.desk.place
    async with desk.reviewing.desk.database.transaction() as conn:
        await chats.remember_choice(conn, place.chat_id, agent="scripted", model=None, mode=None, thinking=None)
    await desk.walk("c", "", "Why?", "j", "c", "40-41", "no such lines", "c", "1-2", "Look up here.", "n", "q", "y")
    shown = desk.shown.getvalue()
    assert "has no lines 40 to 41" in shown and "task " in shown
    comments = await desk.reviewing.parts.comments.list(desk.reviewing.desk.session_id)
    assert [(one.path, one.first_line, one.last_line, one.body, one.task_id is None) for one in comments] == [
        (b"README.md", 1, 1, "Why?", False),
        (b"src/lines.txt", 1, 2, "Look up here.", False),
    ]


async def test_the_agent_goes_on_meanwhile(desk: Desk) -> None:
    async def while_it_works() -> str:
        await desk.reviewing.turn({**EDITS, "src/lines.txt": edited(n3=b"3\n", n20=b"twenty\n", n30=b"thirty\n")})
        return "y\n"

    await desk.walk("j", while_it_works, "y", "n")
    assert "agent changed it since" in desk.shown.getvalue()
    assert await desk.states() == ["open", "open", "accepted", "rejected"]


async def test_a_part_is_split_and_its_lines_are_selected(desk: Desk) -> None:
    await desk.reviewing.turn({"src/lines.txt": edited(n3=b"three\n", n5=b"five\nand\nmore\n")})
    await desk.walk("y", "s", "y", "l", "9", "l", "2,4", "y", "j", "n")
    assert await desk.states() == ["accepted", "accepted", "open", "accepted", "rejected", "accepted"]
    shown = desk.shown.getvalue()
    assert "    1 -line 5" in shown and "Its lines are 1 to 4." in shown
    await desk.walk("m", "y", again=False)
    assert await desk.states() == ["accepted", "accepted"]
    await desk.walk("s", "q", again=True)
    assert "no unchanged line inside" in desk.shown.getvalue()


async def test_a_part_is_edited_before_it_is_accepted(desk: Desk) -> None:
    await desk.walk("j", "e", "j", "q", text=None)
    assert "not saved" in desk.shown.getvalue()
    await desk.walk("j", "e", "", "j", "q", text="3\n")
    assert desk.given == ("three\n", "src/lines.txt")
    assert await desk.states() == ["open", "accepted", "open", "open"]
    (edited_unit, *_) = (await desk.reviewing.review()).files[1].units
    assert (edited_unit.edited, edited_unit.rest_rejected) == (b"3\n", True)
    assert "+3" in desk.shown.getvalue().splitlines()


async def test_white_space_is_hidden_and_files_are_found_by_name(desk: Desk) -> None:
    await desk.reviewing.turn({"src/lines.txt": edited(n3=b"  line   3\n", n20=b"twenty\n")})
    await desk.walk("g", "g lines", "w", "w", "g README", "q")
    shown = desk.shown.getvalue()
    assert "  src/lines.txt\n" in shown
    assert [line for line in shown.splitlines() if "line   3" in line] == ["+  line   3", "   line   3", "+  line   3"]
    assert await desk.states() == ["open"] * 3


async def test_files_directories_and_parts_are_found_by_name(desk: Desk) -> None:
    reviewed = await desk.reviewed()
    ids = [unit.id for unit in await reviewed.units(1)]
    assert [file.path for file in (await reviewed.choose(["src"])).files] == ["src/lines.txt"]
    assert [file.path for file in (await reviewed.choose(["./README.md"])).files] == ["README.md"]
    assert (await reviewed.choose([ids[1][:8]])).units == (ids[1],)
    for name in ("nothing", ids[0][:5], "src/lines"):
        with pytest.raises(NotFound):
            await reviewed.choose([name])
    done = await reviewed.decide("rejected", units=[ids[1]], files=[(await reviewed.files())[0]])
    assert done.decided == 2
    assert await desk.states() == ["rejected", "open", "rejected", "open"]


def test_lines_are_one_or_a_range() -> None:
    assert (line_range("12"), line_range("12 - 14"), line_range("0")) == ((12, 12), (12, 14), (0, 0))
    for typed in ("a", "-3", "3-", "3-x", ""):
        with pytest.raises(InvalidInput):
            line_range(typed)
