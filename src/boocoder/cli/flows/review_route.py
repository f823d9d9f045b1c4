"""The parts of a change in the order in which a person is asked about them, loaded file by file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from boocoder.client.review_client import ReviewClient
from boocoder.wire.review import ReviewedFile, ReviewUnit


@dataclass(frozen=True, slots=True)
class RouteStop:
    """One part on the way.

    Args:
        number: counted from 1.
        place: of its file on the route.
        rest: the units of the file from this one on.
    """

    number: int
    place: int
    file: ReviewedFile
    rest: Sequence[ReviewUnit]

    @property
    def unit(self) -> ReviewUnit:
        """The part itself."""
        return self.rest[0]

    @property
    def next_file(self) -> int:
        """The number of the first stop behind this file."""
        return self.number + len(self.rest)


class ReviewRoute:
    """The stops of one walk; what was open when its file was loaded stays a stop after it is decided.

    Args:
        files: the files of the change.
        again: also stop at what is decided.
    """

    def __init__(self, client: ReviewClient, files: Sequence[ReviewedFile], *, again: bool) -> None:
        self._client = client
        self._again = again
        self._files = [file for file in files if (file.units if again else file.open)]
        self._loaded: list[tuple[ReviewUnit, ...]] = []
        self._stale: set[int] = set()

    @property
    def total(self) -> int:
        """How many stops there are, as far as is known."""
        rest = self._files[len(self._loaded) :]
        return sum(map(len, self._loaded)) + sum(file.units if self._again else file.open for file in rest)

    async def stop(self, number: int) -> RouteStop | None:
        """A stop by its number; None past the end."""
        first = 1
        for place, file in enumerate(self._files):
            units = await self._units(place)
            if number < first + len(units):
                return RouteStop(number, place, file, units[number - first :])
            first += len(units)
        return None

    async def reload(self, place: int) -> None:
        """Load a file again after a part of it was split, joined or edited."""
        known = {unit.id for unit in self._loaded[place]}
        units = await self._client.units(self._files[place].number)
        self._loaded[place] = tuple(one for one in units if self._again or one.state == "open" or one.id in known)

    def forget_lines(self) -> None:
        """Load every file again when it is shown next, with the lines as the client asks for them now."""
        self._stale = set(range(len(self._loaded)))

    async def file(self, text: str, after: int) -> RouteStop | None:
        """The first stop of the next file whose path holds a text; it goes on from the beginning."""
        found: list[RouteStop] = []
        number = 1
        while (stop := await self.stop(number)) is not None:
            if text.casefold() in stop.file.path.casefold():
                if number > after:
                    return stop
                found.append(stop)
            number = stop.next_file
        return found[0] if found else None

    @property
    def paths(self) -> list[str]:
        """The files on the route."""
        return [file.path for file in self._files]

    async def find(self, text: str, after: int) -> RouteStop | None:
        """The next stop whose path or lines hold a text, in any case; it goes on from the beginning."""
        wanted = text.casefold()
        found: list[RouteStop] = []
        number = 1
        while (stop := await self.stop(number)) is not None:
            if _holds(stop, wanted):
                if number > after:
                    return stop
                found.append(stop)
            number += 1
        return found[0] if found else None

    async def _units(self, place: int) -> tuple[ReviewUnit, ...]:
        while len(self._loaded) <= place:
            units = await self._client.units(self._files[len(self._loaded)].number)
            self._loaded.append(tuple(unit for unit in units if self._again or unit.state == "open"))
        if place in self._stale:
            self._stale.discard(place)
            await self.reload(place)
        return self._loaded[place]


def _holds(stop: RouteStop, wanted: str) -> bool:
    texts = (stop.file.path, stop.file.old_path or "", *(line.text for line in stop.unit.lines))
    return any(wanted in text.casefold() for text in texts)
