"""Walks a person through the open parts of a change, one at a time, and sends what they decide."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from boocoder.cli import wire_review as wire
from boocoder.cli.review_client import ReviewClient
from boocoder.cli.terminal_text import plain
from boocoder.cli.unit_view import show_file_head, show_unit
from boocoder.errors import Conflict, InvalidInput

if TYPE_CHECKING:
    from rich.console import Console

QUESTION = "Accept this? [y]es / [n]o / [s]kip / [c]omment / [a]ll in file / [d]: none in file / [q]uit / [?]: "
HELP = """  y  accept this part            n  reject it
  a  accept what is left of the file   d  reject what is left of the file
  s  leave it open and go on     c  say something to the agent about it
  q  stop here; what you decided is kept"""
COMMENT = "What do you want to say about it? "
LINES = "About which lines of the new file, such as 12 or 12-14? (empty: this part; 0: the whole file) "
SEND = "Send {count} to the agent now? [y/N]: "


@dataclass(frozen=True, slots=True)
class _Step:
    """One open unit on the way."""

    file: wire.ReviewFile
    unit: wire.Unit


class ReviewWalk:
    """One walk through a change.

    Args:
        question: asks the person for a line; "" when there is nobody any more.
        again: also walk through what is decided.
    """

    def __init__(
        self,
        client: ReviewClient,
        console: Console,
        *,
        question: Callable[[str], Awaitable[str]],
        again: bool = False,
    ) -> None:
        self._client = client
        self._console = console
        self._question = question
        self._again = again
        self._done = 0
        self._total = 0

    async def walk(self) -> wire.Review:
        """Go through the change and return how its review stands."""
        files = await self._client.files()
        self._total = sum(file.units if self._again else file.open for file in files)
        for file in files:
            if (file.units if self._again else file.open) and not await self._walk_file(file):
                break
        review = await self._client.review()
        show_review(self._console, review)
        await self._offer_comments(review)
        return review

    async def _walk_file(self, file: wire.ReviewFile) -> bool:
        """False when the person has had enough."""
        units = [unit for unit in await self._client.units(file.number) if self._again or unit.state == "open"]
        show_file_head(self._console, file)
        for place, unit in enumerate(units):
            self._done += 1
            show_unit(self._console, file, unit, head=f"({self._done}/{self._total})")
            match await self._answer(_Step(file, unit)):
                case "q":
                    return False
                case "a" | "d" as answer:
                    await self._decide("accepted" if answer == "a" else "rejected", units[place:])
                    self._done += len(units) - place - 1
                    return True
                case "y" | "n" as answer:
                    await self._decide("accepted" if answer == "y" else "rejected", [unit])
        return True

    async def _answer(self, step: _Step) -> str:
        while True:
            line = await self._question(QUESTION)
            answer = line.strip().lower()[:1] if line else "q"
            if answer in ("y", "n", "s", "a", "d", "q") and answer:
                return answer
            if answer == "c":
                await self._comment(step)
            else:
                self._console.print(HELP, style="dim")

    async def _comment(self, step: _Step) -> None:
        """Comment, on the lines of the part unless others are named."""
        side, first, last = lines_of(step.unit)
        try:
            if typed := (await self._question(LINES)).strip():
                side, (first, last) = "new", line_range(typed)
            body = (await self._question(COMMENT)).strip()
            if body:
                await self._client.comment(step.file, body, side=side, first=first, last=last)
                self._console.print("  noted; it waits until you send it", style="dim")
        except InvalidInput as error:
            self._console.print(f"  {plain(error.text)} {plain(error.cure)}", style="red")

    async def _decide(self, verdict: str, units: list[wire.Unit]) -> None:
        try:
            done = await self._client.decide(verdict, units=[unit.id for unit in units])
        except Conflict as error:
            self._console.print(f"  {plain(error.text)} {plain(error.cure)}", style="red")
            return
        if done.gone:
            self._console.print(f"  {len(done.gone)} parts were changed by the agent since; look again", style="yellow")

    async def _offer_comments(self, review: wire.Review) -> None:
        if not review.unsent_comments:
            return
        count = "your comment" if review.unsent_comments == 1 else f"your {review.unsent_comments} comments"
        if (await self._question(SEND.format(count=count))).strip().lower()[:1] == "y":
            sent = await self._client.send(review.session_id, rejected=review.rejected > 0, key=str(uuid4()))
            self._console.print(f"task {sent.task_id}  session {sent.session_id}")
        else:
            self._console.print(f"Send them later: boocoder review {review.change_id} --send-comments", style="dim")


def lines_of(unit: wire.Unit) -> tuple[str, int, int]:
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


def show_review(console: Console, review: wire.Review) -> None:
    """How a review stands, in one line, and what can be done next."""
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
