"""The review routes as calls: files, units page by page, verdicts, comments. It shows nothing and asks nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from uuid import UUID

import msgspec

from boocoder.cli import wire
from boocoder.cli import wire_review as shapes
from boocoder.cli.client import Client
from boocoder.errors import InvalidInput, NotFound

UNIT_ID_MIN = 6  # digits of a unit's id that a person types; two units of a change hardly share them


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a person named: files by their number, and units by id."""

    files: tuple[shapes.ReviewFile, ...] = ()
    units: tuple[str, ...] = ()


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
        self._path = f"/api/changes/{change_id}"
        self._context = context

    async def files(self) -> tuple[shapes.ReviewFile, ...]:
        """The files of the change."""
        return tuple(await self._client.items(f"{self._path}/files", shapes.ReviewFile))

    async def review(self) -> shapes.Review:
        """How the review stands."""
        return await self._client.get(f"{self._path}/review", shapes.Review)

    async def units(self, number: int, *, context: int | None = None) -> tuple[shapes.Unit, ...]:
        """All units of a file with all their lines, page after page."""
        made: list[shapes.Unit] = []
        place: shapes.Place | None = shapes.Place(0, 0)
        while place is not None:
            page = await self._client.get(
                f"{self._path}/files/{number}",
                shapes.FileUnits,
                context=self._context if context is None else context,
                unit=place.unit,
                line=place.line,
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
        files: Sequence[shapes.ReviewFile] = (),
        everything: bool = False,
    ) -> shapes.Decided:
        """Decide: `accepted`, `rejected` or `open`.

        Raises:
            Conflict: the agent changed it since; nothing was decided.
        """
        by_id = list(units)
        for file in files:
            by_id += [unit.id for unit in await self.units(file.number, context=0)]
        body: dict[str, str | bool | list[str] | None] = {"verdict": verdict, "units": by_id, "all": everything}
        return await self._client.post(f"{self._path}/review", shapes.Decided, body)

    async def comment(
        self, file: shapes.ReviewFile, body: str, *, side: str = "new", first: int = 0, last: int = 0
    ) -> shapes.Comment:
        """Comment on lines of a file; 0 for all of it."""
        return await self._client.post(
            f"{self._path}/comments",
            shapes.Comment,
            {
                "path": file.path,
                "path_coded": file.path_coded,
                "side": side,
                "first_line": first,
                "last_line": last,
                "body": body,
            },
        )

    async def send(self, session_id: UUID, *, rejected: bool, key: str) -> wire.Enqueued:
        """Send every comment of the session that waits to its agent."""
        return await self._client.post(
            f"/api/sessions/{session_id}/comments/send", wire.Enqueued, {"rejected": rejected}, key=key
        )

    async def undo(self) -> shapes.Undone:
        """Take every rejected unit out of the agent's worktree."""
        return await self._client.post(f"{self._path}/undo", shapes.Undone)

    async def choose(self, named: Sequence[str]) -> Chosen:
        """Find what a person named: paths as listed, directories, or the beginnings of units' ids.

        Raises:
            NotFound: the change has no such file or unit.
            InvalidInput: the beginning of more than one unit.
        """
        files = await self.files()
        chosen, ids = Chosen(), None
        for name in named:
            matched = tuple(file for file in files if named_by(file, name))
            if matched:
                chosen = replace(chosen, files=(*chosen.files, *matched))
                continue
            ids = ids or [unit.id for file in files for unit in await self.units(file.number, context=0)]
            chosen = replace(chosen, units=(*chosen.units, _unit(ids, name)))
        return chosen


def named_by(file: shapes.ReviewFile, name: str) -> bool:
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
