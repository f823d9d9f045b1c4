"""Walks a person through the open parts of a change, one at a time, and sends what they decide."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING
from uuid import uuid4

from boocoder.cli.flows.part_shaper import SHAPING, PartShaper, edit_text
from boocoder.cli.flows.review_route import ReviewRoute, RouteStop
from boocoder.cli.views.terminal_text import path_text, plain
from boocoder.cli.views.units import show_file_head, show_unit
from boocoder.client.review_client import ReviewClient
from boocoder.errors import Conflict, InvalidInput
from boocoder.wire.review import ReviewedFile, ReviewSummary, ReviewUnit

if TYPE_CHECKING:
    from rich.console import Console

QUESTION = (
    "Accept this? [y]es / [n]o / [j] later / [b]ack / [s]plit / [l]ines / [e]dit / [c]omment / [a]ll in file / "
    "[d]: none in file / [q]uit / [?]: "
)
HELP = """  y  accept this part            n  reject it
  a  accept what is left of the file   d  reject what is left of the file
  j  leave it open and go on     c  say something to the agent about it
  s  split it at unchanged lines l  select lines of it to decide on alone
  m  make split parts one again  e  edit it; your text is applied in place of the agent's
  w  show or hide changes of white space alone
  b  go back to the part before  12 go to part 12
  g  list the files              g text  go to the next file whose path holds the text
  /text  go to the next part whose path or lines hold the text
  q  stop here; what you decided is kept"""
COMMENT = "What do you want to say about it? "
LINES = "About which lines of the new file, such as 12 or 12-14? (empty: this part; 0: the whole file) "
SEND = "Send {count} to the agent now? [y/N]: "


class ReviewWalk:
    """One walk through a change.

    Args:
        question: asks the person for a line; "" at the end of input.
        again: also walk through what is decided.
        edit: lets the person edit a text, of a file with this name; None if they did not save it.
    """

    def __init__(
        self,
        client: ReviewClient,
        console: Console,
        *,
        question: Callable[[str], Awaitable[str]],
        again: bool = False,
        edit: Callable[[str, str], Awaitable[str | None]] = edit_text,
    ) -> None:
        self._client = client
        self._console = console
        self._question = question
        self._again = again
        self._shaper = PartShaper(client, console, question=question, edit=edit)

    async def walk(self) -> ReviewSummary:
        """Go through the change and return the state of its review."""
        route = ReviewRoute(self._client, await self._client.files(), again=self._again)
        number: int | None = 1
        shown: ReviewedFile | None = None
        while number is not None and (stop := await route.stop(number)) is not None:
            if stop.file is not shown:
                show_file_head(self._console, stop.file)
                shown = stop.file
            show_unit(self._console, stop.file, stop.unit, head=f"({number}/{route.total})")
            number = await self._next(route, stop)
        review = await self._client.review()
        show_review(self._console, review)
        await self._offer_comments(review)
        return review

    async def _next(self, route: ReviewRoute, stop: RouteStop) -> int | None:
        """Ask about a part and do what is answered; the number of the part to go on with, None to end."""
        match await self._answer(route, stop):
            case "q":
                return None
            case "a" | "d" as answer:
                await self._decide("accepted" if answer == "a" else "rejected", stop.rest)
                return stop.next_file
            case "y" | "n" as answer:
                await self._decide("accepted" if answer == "y" else "rejected", [stop.unit])
            case int(number):
                return number
        return stop.number + 1

    async def _answer(self, route: ReviewRoute, stop: RouteStop) -> str | int:
        while True:
            line = await self._question(QUESTION)
            typed = line.strip()
            answer = typed.lower()[:1] if line else "q"
            if answer in ("y", "n", "j", "a", "d", "q") and len(typed) < 2:
                return answer
            if answer == "c" and len(typed) == 1:
                await self._comment(stop)
            elif answer in SHAPING and len(typed) == 1:
                if await self._shaper.shape(answer, stop.file, stop.unit):
                    await route.reload(stop.place)
                    return stop.number
            elif answer == "w" and len(typed) == 1:
                self._client.ignore_whitespace = not self._client.ignore_whitespace
                route.forget_lines()
                return stop.number
            elif (number := await self._jump(route, stop, typed)) is not None:
                return number

    async def _jump(self, route: ReviewRoute, stop: RouteStop, typed: str) -> int | None:
        """The part that `b`, a number, `g text` or `/text` leads to; None, with a word about it, if there is none."""
        if typed.lower() == "b" and stop.number > 1:
            return stop.number - 1
        if typed.isdecimal() and 1 <= int(typed) <= route.total:
            return int(typed)
        if typed == "g":
            for path in route.paths:
                self._console.print(f"  {path_text(path)}")
            return None
        if typed.startswith("g ") and (to := await route.file(typed[2:].strip(), stop.number)) is not None:
            return to.number
        if typed.startswith("/") and len(typed) > 1:
            if (found := await route.find(typed[1:], stop.number)) is not None:
                return found.number
            self._console.print(f"  no part holds {plain(typed[1:])!r}", style="yellow")
        else:
            self._console.print(HELP, style="dim")
        return None

    async def _comment(self, stop: RouteStop) -> None:
        """Comment, on the lines of the part unless others are named."""
        side, first, last = lines_of(stop.unit)
        try:
            if typed := (await self._question(LINES)).strip():
                side, (first, last) = "new", line_range(typed)
            body = (await self._question(COMMENT)).strip()
            if body:
                await self._client.comment(stop.file, body, side=side, first=first, last=last)
                self._console.print("  noted; it waits until you send it", style="dim")
        except InvalidInput as error:
            self._console.print(f"  {plain(str(error))}", style="red")

    async def _decide(self, verdict: str, units: Sequence[ReviewUnit]) -> None:
        try:
            done = await self._client.decide(verdict, units=[unit.id for unit in units])
        except Conflict as error:
            self._console.print(f"  {plain(str(error))}", style="red")
            return
        if done.gone:
            self._console.print(f"  {len(done.gone)} parts were changed by the agent since; look again", style="yellow")

    async def _offer_comments(self, review: ReviewSummary) -> None:
        if not review.unsent_comments:
            return
        count = "your comment" if review.unsent_comments == 1 else f"your {review.unsent_comments} comments"
        if (await self._question(SEND.format(count=count))).strip().lower()[:1] == "y":
            sent = await self._client.send(review.session_id, rejected=review.rejected > 0, key=str(uuid4()))
            self._console.print(f"task {sent.task_id}  session {sent.session_id}")
        else:
            self._console.print(f"Send them later: boocoder review {review.change_id} --send-comments", style="dim")


def lines_of(unit: ReviewUnit) -> tuple[str, int, int]:
    """Side and lines of a unit; the new ones, the old ones where it only removes, the whole file else."""
    if unit.kind == "hunk" and unit.new_count:
        return "new", unit.new_start, unit.new_start + unit.new_count - 1
    if unit.kind == "hunk":
        return "old", unit.old_start, unit.old_start + unit.old_count - 1
    return "new", 0, 0


def line_range(typed: str) -> tuple[int, int]:
    """ "12" or "12-14" as numbers.

    Raises:
        InvalidInput: lines_unknown.
    """
    first, dash, last = typed.partition("-")
    if not first.strip().isdecimal() or (dash and not last.strip().isdecimal()):
        raise InvalidInput("lines_unknown", f"{typed!r} names no lines.", "Write 12, or 12-14, or 0 for the file.")
    return int(first), int(last if dash else first)


def show_review(console: Console, review: ReviewSummary) -> None:
    """State of a review in one line, with the next steps."""
    console.print(f"{review.accepted} accepted", style="green", end=", ")
    console.print(f"{review.rejected} rejected", style="yellow", end=", ")
    console.print(f"{review.open} open", end="")
    if review.reopened:
        console.print(f" ({review.reopened} of them because the agent changed what you had decided)", end="")
    console.print()
    if review.accepted:
        console.print(f"Apply what you accepted: boocoder apply {review.change_id}", style="dim")
    if review.rejected:
        text = f"Take what you rejected out of the agent's copy: boocoder review {review.change_id} --undo"
        console.print(text, style="dim")
