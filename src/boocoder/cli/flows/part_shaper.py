"""Splits, joins and edits the part of a change that a person is asked about."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import click

from boocoder.cli.views.terminal_text import plain
from boocoder.cli.views.units import show_unit
from boocoder.client.review_client import ChangedLines, ReviewClient
from boocoder.errors import Conflict, InvalidInput
from boocoder.wire.review import ReviewedFile, ReviewUnit

if TYPE_CHECKING:
    from rich.console import Console

SHAPING = ("s", "l", "m", "e")
WHICH = "Which lines, such as 1-3,5? "
WHAT = "[y]: accept them / [n]: reject them / [s]: only split: "
REST = "The agent's lines there: [r]eject them / leave them [o]pen [R/o]: "
VERDICTS = {"y": "accepted", "n": "rejected"}


class PartShaper:
    """Changes what the parts are.

    Args:
        question: asks the person for a line.
        edit: lets the person edit a text, of a file with this name; None if they did not save it.
    """

    def __init__(
        self,
        client: ReviewClient,
        console: Console,
        *,
        question: Callable[[str], Awaitable[str]],
        edit: Callable[[str, str], Awaitable[str | None]],
    ) -> None:
        self._client = client
        self._console = console
        self._question = question
        self._edit = edit

    async def shape(self, how: str, file: ReviewedFile, unit: ReviewUnit) -> bool:
        """Do one of SHAPING; False, with a word about it, if nothing came of it."""
        try:
            match how:
                case "s":
                    await self._client.split(unit.id)
                case "m":
                    await self._client.join(unit.id)
                case "l":
                    return await self._lines(file, unit)
                case _:
                    return await self._edited(file, unit)
        except (Conflict, InvalidInput) as error:
            self._console.print(f"  {plain(str(error))}", style="red")
            return False
        return True

    async def _lines(self, file: ReviewedFile, unit: ReviewUnit) -> bool:
        show_unit(self._console, file, unit, numbered=True)
        typed = (await self._question(WHICH)).strip()
        if not typed:
            return False
        lines = lines_numbered(unit, typed)
        answer = (await self._question(WHAT)).strip().lower()[:1]
        if answer not in ("y", "n", "s"):
            return False
        await self._client.split(unit.id, lines, verdict=VERDICTS.get(answer))
        return True

    async def _edited(self, file: ReviewedFile, unit: ReviewUnit) -> bool:
        if unit.kind != "hunk" or any(line.left_out or not line.utf8 for line in unit.lines):
            raise InvalidInput("unit_not_text", "This part is no text that can be edited here.", "Accept or reject it.")
        text = await self._edit(new_text(unit) if unit.edited is None else unit.edited, file.path)
        if text is None:
            self._console.print("  not saved, so nothing was edited", style="dim")
            return False
        answer = (await self._question(REST)).strip().lower()[:1]
        if any(line.end == "crlf" for line in unit.lines if line.new is not None):
            text = text.replace("\n", "\r\n")
        await self._client.edit(unit.id, text, rest="open" if answer == "o" else "rejected")
        return True


async def edit_text(text: str, name: str) -> str | None:
    """A text as the person left it in their editor ($VISUAL, $EDITOR); None if they did not save it."""
    suffix = PurePosixPath(name).suffix or ".txt"
    return await asyncio.to_thread(click.edit, text, extension=suffix)


def new_text(unit: ReviewUnit) -> str:
    """The lines of a unit in the new file, without its context."""
    first, last = unit.new_start, unit.new_start + unit.new_count - 1
    lines = [line for line in unit.lines if line.new is not None and first <= line.new <= last and unit.new_count]
    return "".join(line.text + ("" if line.end == "none" else "\n") for line in lines)


def lines_numbered(unit: ReviewUnit, typed: str) -> Sequence[ChangedLines]:
    """The changed lines of a unit that are named by their order: "1-3,5".

    Raises:
        InvalidInput: lines_unknown.
    """
    changed = [line for line in unit.lines if line.kind != "context"]
    chosen: list[ChangedLines] = []
    for piece in typed.replace(" ", "").split(","):
        first, dash, last = piece.partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise InvalidInput("lines_unknown", f"{typed!r} names no lines.", "Write 1-3,5 with the numbers shown.")
        numbers = range(int(first), int(last if dash else first) + 1)
        if not numbers or numbers[0] < 1 or numbers[-1] > len(changed):
            text = f"{piece} names no lines of this part."
            raise InvalidInput("lines_unknown", text, f"Its lines are 1 to {len(changed)}.")
        for line in (changed[number - 1] for number in numbers):
            side, number = ("old", line.old) if line.kind == "removed" else ("new", line.new)
            assert number is not None
            chosen.append(ChangedLines("old" if side == "old" else "new", number, number))
    return chosen
