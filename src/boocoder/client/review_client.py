"""Client of the review routes: files, units, verdicts, comments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Literal
from uuid import UUID

import msgspec

from boocoder.client.http_client import Client, Json, JsonFields
from boocoder.errors import InvalidInput, NotFound
from boocoder.wire.review import (
    FileUnits,
    PagePosition,
    RevertResult,
    ReviewComment,
    ReviewDecision,
    ReviewedFile,
    ReviewSummary,
    ReviewUnit,
    UnitParts,
)
from boocoder.wire.tasks import EnqueuedTask

UNIT_ID_MIN = 6  # digits of a unit's id that a person types; two units of a change hardly share them


@dataclass(frozen=True, slots=True)
class NamedParts:
    """The files and units that a person named."""

    files: tuple[ReviewedFile, ...] = ()
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangedLines:
    """Changed lines of a unit: `old` are removed, `new` are added lines, with their numbers, both included."""

    side: Literal["old", "new"]
    first: int
    last: int


class ReviewClient:
    """The review of one change.

    Args:
        client: of the service.
        change_id: what is looked at.
        context: lines beside each unit.
    """

    def __init__(self, client: Client, change_id: UUID, *, context: int = 3) -> None:
        self._client = client
        self.change_id = change_id
        self.ignore_whitespace = False
        self._path = f"/api/changes/{change_id}"
        self._context = context

    async def files(self) -> tuple[ReviewedFile, ...]:
        """The files of the change."""
        return tuple(await self._client.items(f"{self._path}/files", ReviewedFile))

    async def review(self) -> ReviewSummary:
        """The verdict counts."""
        return await self._client.get(f"{self._path}/review", ReviewSummary)

    async def units(self, number: int, *, context: int | None = None) -> tuple[ReviewUnit, ...]:
        """All units of a file with all their lines, page after page."""
        made: list[ReviewUnit] = []
        place: PagePosition | None = PagePosition(0, 0)
        while place is not None:
            page = await self._client.get(
                f"{self._path}/files/{number}",
                FileUnits,
                context=self._context if context is None else context,
                unit=place.unit,
                line=place.line,
                ignore_whitespace=self.ignore_whitespace,
            )
            for unit in page.units:
                if made and made[-1].id == unit.id:
                    made[-1] = msgspec.structs.replace(unit, lines=(*made[-1].lines, *unit.lines))
                else:
                    made.append(unit)
            place = page.next
        return tuple(made)

    async def decide(
        self,
        verdict: str,
        *,
        units: Sequence[str] = (),
        files: Sequence[ReviewedFile] = (),
        everything: bool = False,
    ) -> ReviewDecision:
        """Decide: `accepted`, `rejected` or `open`.

        Raises:
            Conflict: the agent changed it since; nothing was decided.
        """
        by_id = list(units)
        for file in files:
            by_id += [unit.id for unit in await self.units(file.number, context=0)]
        body: dict[str, str | bool | list[str] | None] = {"verdict": verdict, "units": by_id, "all": everything}
        return await self._client.post(f"{self._path}/review", ReviewDecision, body)

    async def accept(self, *parts: str) -> ReviewDecision:
        """Accept files (by path or folder) and units (by the beginning of their id), or everything if none is named.

        Raises:
            NotFound: the change has no such file or unit.
            Conflict: the agent changed it since; nothing was decided.
        """
        return await self._decide_named("accepted", parts)

    async def reject(self, *parts: str) -> ReviewDecision:
        """Reject parts, named as for `accept`."""
        return await self._decide_named("rejected", parts)

    async def _decide_named(self, verdict: str, parts: Sequence[str]) -> ReviewDecision:
        named = await self.choose(parts)
        return await self.decide(verdict, units=named.units, files=named.files, everything=not parts)

    async def split(self, unit: str, lines: Sequence[ChangedLines] = (), *, verdict: str | None = None) -> UnitParts:
        """Split a unit at unchanged lines, or around these, which may be decided in the same step."""
        selected: list[JsonFields] = [{"side": one.side, "first": one.first, "last": one.last} for one in lines]
        body: dict[str, Json] = {"unit": unit, "lines": selected, "verdict": verdict}
        return await self._client.post(f"{self._path}/split", UnitParts, body)

    async def join(self, unit: str) -> UnitParts:
        """Make all parts of the unit that this one was split from one again."""
        return await self._client.post(f"{self._path}/join", UnitParts, {"unit": unit})

    async def edit(self, unit: str, text: str | None, *, rest: str = "rejected") -> ReviewSummary:
        """Accept a unit with a text of one's own; `rest` is what becomes of the agent's lines."""
        return await self._client.post(f"{self._path}/edit", ReviewSummary, {"unit": unit, "text": text, "rest": rest})

    async def comment(
        self, file: ReviewedFile, body: str, *, side: str = "new", first: int = 0, last: int = 0
    ) -> ReviewComment:
        """Comment on lines of a file; 0 for all of it."""
        return await self._client.post(
            f"{self._path}/comments",
            ReviewComment,
            {
                "path": file.path,
                "path_coded": file.path_coded,
                "side": side,
                "first_line": first,
                "last_line": last,
                "body": body,
            },
        )

    async def send(self, session_id: UUID, *, rejected: bool, key: str) -> EnqueuedTask:
        """Send every comment of the session that waits to its agent."""
        return await self._client.post(
            f"/api/sessions/{session_id}/comments/send", EnqueuedTask, {"rejected": rejected}, key=key
        )

    async def undo(self) -> RevertResult:
        """Take every rejected unit out of the agent's worktree."""
        return await self._client.post(f"{self._path}/undo", RevertResult)

    async def choose(self, named: Sequence[str]) -> NamedParts:
        """Find what a person named: paths as listed, directories, or the beginnings of units' ids.

        Raises:
            NotFound: the change has no such file or unit.
            InvalidInput: the beginning of more than one unit.
        """
        files = await self.files()
        chosen, ids = NamedParts(), None
        for name in named:
            matched = tuple(file for file in files if named_by(file, name))
            if matched:
                chosen = replace(chosen, files=(*chosen.files, *matched))
                continue
            ids = ids or [unit.id for file in files for unit in await self.units(file.number, context=0)]
            chosen = replace(chosen, units=(*chosen.units, _unit(ids, name)))
        return chosen


def named_by(file: ReviewedFile, name: str) -> bool:
    """Whether a path, or a directory above it, names a file."""
    wanted = PurePosixPath(name)
    return wanted in (PurePosixPath(file.path), *PurePosixPath(file.path).parents)


def _unit(ids: Sequence[str], name: str) -> str:
    matches = [one for one in ids if one.startswith(name.lower())] if len(name) >= UNIT_ID_MIN else []
    if not matches:
        text = f"The change has no file and no unit {name!r}."
        raise NotFound("unit_unknown", text, "See them with: boocoder diff --stat, or boocoder diff --json")
    if len(matches) > 1:
        raise InvalidInput("unit_ambiguous", f"{len(matches)} units begin with {name!r}.", "Give more of it.")
    return matches[0]
