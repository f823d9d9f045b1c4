"""A person's review of a session's change: verdicts unit by unit that outlive later turns. It applies nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from boocoder.changes.diff_cache import DiffCache
from boocoder.changes.structured import FileDiff, Unit, UnitKind
from boocoder.db import changes, events, projects, review, sessions
from boocoder.db.changes import Change
from boocoder.db.pool import Connection, Database
from boocoder.db.review import DecisionRow
from boocoder.errors import Conflict, InvalidInput
from boocoder.events import frames
from boocoder.git.shadow import ShadowRepository
from boocoder.git.shadows import Shadows
from boocoder.model.ids import ChangeId, SessionId
from boocoder.model.review import Verdict
from boocoder.model.task import ChangeState

UnitState = Literal["accepted", "rejected", "open"]
SHOWN_UNITS = 10  # of those that a change does not have any more; a sentence a person can read


class Publisher(Protocol):
    """What the broker does for us."""

    def commit(
        self, session_id: SessionId, first_seq: int, last_seq: int, frames: Sequence[frames.Frame], /
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class UnitReview:
    """One unit and what the person thinks of it.

    Args:
        reopened: an open unit: the verdict on what stood at its place before the agent changed it again.
    """

    unit: Unit
    state: UnitState
    reopened: Verdict | None = None


@dataclass(frozen=True, slots=True)
class FileReview:
    """One file and the verdicts on its units, in the order of the file."""

    diff: FileDiff
    units: tuple[UnitReview, ...]

    def count(self, state: UnitState) -> int:
        """How many of its units are in a state."""
        return sum(one.state == state for one in self.units)


@dataclass(frozen=True, slots=True)
class Review:
    """A change with the verdicts on its units.

    Args:
        files: in git's order.
        unsent_comments: how many remarks of the session wait.
    """

    change: Change
    files: tuple[FileReview, ...]
    unsent_comments: int = 0

    def count(self, state: UnitState) -> int:
        """How many units are in a state."""
        return sum(file.count(state) for file in self.files)

    @property
    def reopened(self) -> int:
        """How many open units stand where a decided one stood."""
        return sum(one.reopened is not None for file in self.files for one in file.units)

    def units(self, state: UnitState) -> tuple[Unit, ...]:
        """The units in a state."""
        return tuple(one.unit for file in self.files for one in file.units if one.state == state)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which units are meant.

    Args:
        units: by id.
        paths: all units that these files have now.
        everything: all units that the change has now.
    """

    units: tuple[str, ...] = ()
    paths: tuple[bytes, ...] = ()
    everything: bool = False


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision came to.

    Args:
        review: as it is now, of the session's newest change.
        decided: how many units were decided.
        gone: ids that the change which was looked at had, and the newest does not have any more.
    """

    review: Review
    decided: int
    gone: tuple[str, ...] = ()


class ReviewService:
    """Reads and writes what a person thinks of changes.

    Args:
        database: where verdicts are kept.
        shadows: the projects' shadow repositories.
        broker: told of every verdict, after the commit.
        diffs: structured diffs that were made already.
    """

    def __init__(self, *, database: Database, shadows: Shadows, broker: Publisher, diffs: DiffCache) -> None:
        self._database = database
        self._shadows = shadows
        self._broker = broker
        self._diffs = diffs

    async def get(self, change_id: ChangeId) -> Review:
        """A change, unit by unit.

        Raises:
            NotFound: there is no such change.
            GitError: git failed.
        """
        async with self._database.connection() as conn:
            change = await changes.get_change(conn, change_id)
        files = await self.files(change)
        async with self._database.connection() as conn:
            return await _review(conn, change, files)

    async def shadow_of(self, change: Change) -> ShadowRepository:
        """The repository that holds a change's trees."""
        async with self._database.connection() as conn:
            session = await sessions.get_session(conn, change.session_id)
            project = await projects.get_project(conn, session.project_id)
        return await self._shadows.of(project.id, Path(project.path))

    async def files(self, change: Change) -> tuple[FileDiff, ...]:
        """The structured diff of a change."""
        return await self._diffs.get(await self.shadow_of(change), change.base_tree, change.tree)

    async def decide(self, change_id: ChangeId, chosen: Selection, verdict: Verdict | None) -> Decided:
        """Decide units, or open them again.

        A change that was superseded is not refused: what of it stands in the session's newest change is decided.

        Args:
            change_id: the change that the person looked at.
            chosen: units of it.
            verdict: None opens them again.

        Raises:
            NotFound: there is no such change.
            InvalidInput: `nothing_chosen`.
            Conflict: `units_gone`, the change that was looked at never had one of the units, or all of them are gone
                from the newest; `change_not_pending`, it was decided as a whole. Nothing is decided then.
            GitError: git failed.
        """
        async with self._database.connection() as conn:
            seen = await changes.get_change(conn, change_id)
            newest = await newest_of(conn, seen)
        files = await self.files(seen)
        ids = chosen_ids(files, chosen)
        now = files if newest.id == seen.id else await self.files(newest)
        known = {unit.id: unit for file in now for unit in file.units}
        there = [known[one] for one in ids if one in known]
        gone = tuple(one for one in ids if one not in known)
        if not there:
            raise _units_gone(gone)
        async with self._database.transaction() as conn:
            await sessions.lock_session(conn, seen.session_id)
            still = await newest_of(conn, seen)
            if still.id != newest.id:
                raise _moved(still)
            await _store(conn, seen.session_id, there, verdict)
            made = await _review(conn, newest, now)
            frame = review_frame(made)
            first = await events.append_frames(conn, seen.session_id, [frame])
        self._broker.commit(seen.session_id, first, first, [frame])
        return Decided(made, len(there), gone)

    async def tell(self, change_id: ChangeId) -> None:
        """Store and publish how a review stands, after something besides a verdict changed it."""
        made = await self.get(change_id)
        frame = review_frame(made)
        async with self._database.transaction() as conn:
            first = await events.append_frames(conn, made.change.session_id, [frame])
        self._broker.commit(made.change.session_id, first, first, [frame])


async def newest_of(conn: Connection, seen: Change) -> Change:
    """The change that decisions on `seen` count for: itself, or the one that superseded it.

    Raises:
        Conflict: `change_not_pending`.
    """
    if seen.state is ChangeState.PENDING:
        return await changes.get_change(conn, seen.id)
    if seen.state is ChangeState.SUPERSEDED:
        waiting = await changes.list_changes(conn, session_id=seen.session_id, state=ChangeState.PENDING, limit=1)
        if waiting:
            return waiting[0]
    text = f"Change {seen.id} is {seen.state.value}, so its parts cannot be decided any more."
    raise Conflict("change_not_pending", text, "Look at the session's newest change.")


def chosen_ids(files: Sequence[FileDiff], chosen: Selection) -> list[str]:
    """The ids that are meant, each once, in the order of the change.

    Raises:
        InvalidInput: `nothing_chosen`.
        Conflict: `units_gone`, the change has none of that id or path.
    """
    if not (chosen.units or chosen.paths or chosen.everything):
        raise InvalidInput("nothing_chosen", "No unit is named.", "Name units or paths, or all.")
    wanted, paths = set(chosen.units), set(chosen.paths)
    found: dict[str, None] = {}
    for file in files:
        whole = chosen.everything or file.path in paths
        found.update((unit.id, None) for unit in file.units if whole or unit.id in wanted)
    missing = sorted(wanted - found.keys())
    if missing:
        raise _units_gone(missing)
    absent = paths - {file.path for file in files}
    if absent:
        names = ", ".join(sorted(path.decode("utf-8", "backslashreplace") for path in absent)[:SHOWN_UNITS])
        raise Conflict("units_gone", f"The change does not touch {names}; nothing was decided.", "Look at it again.")
    return list(found)


async def _review(conn: Connection, change: Change, files: Sequence[FileDiff]) -> Review:
    decisions = await review.list_decisions(conn, change.session_id)
    unsent = await review.count_unsent(conn, change.session_id)
    return Review(change, judged(files, decisions), unsent)


def judged(files: Sequence[FileDiff], decisions: Iterable[DecisionRow]) -> tuple[FileReview, ...]:
    """Each unit with its verdict, and open ones with the verdict on what stood there before. Pure."""
    verdicts = {row.unit_id: row for row in decisions}
    present = {unit.id for file in files for unit in file.units}
    lost: dict[bytes, list[DecisionRow]] = {}
    for row in verdicts.values():
        if row.unit_id not in present:
            lost.setdefault(row.path, []).append(row)
    return tuple(FileReview(file, tuple(_judged(file, verdicts, lost))) for file in files)


def _judged(
    file: FileDiff, verdicts: Mapping[str, DecisionRow], lost: Mapping[bytes, Collection[DecisionRow]]
) -> Iterable[UnitReview]:
    before = [*lost.get(file.path, ()), *(lost.get(file.old_path, ()) if file.old_path is not None else ())]
    for unit in file.units:
        row = verdicts.get(unit.id)
        if row is not None:
            yield UnitReview(unit, "accepted" if row.verdict is Verdict.ACCEPTED else "rejected")
            continue
        there = [one for one in before if overlaps(one, unit)]
        latest = max(there, key=lambda one: one.decided_at, default=None)
        yield UnitReview(unit, "open", None if latest is None else latest.verdict)


def overlaps(row: DecisionRow, unit: Unit) -> bool:
    """Whether a unit changes what the unit of an earlier decision changed.

    Lines are those of the base. Two hunks overlap where they share a line, or where one of them inserts at a place
    that the other one touches; a whole file overlaps everything in it.
    """
    if UnitKind.FILE.value in (row.kind, unit.kind.value):
        return True
    if row.kind != unit.kind.value:
        return False
    if unit.kind is not UnitKind.HUNK:
        return True
    (first, last), (begin, end) = _span(row.old_start, row.old_count), _span(unit.old_start, len(unit.old_lines))
    if first == last or begin == end:
        return first <= end and begin <= last
    return first < end and begin < last


def _span(start: int, count: int) -> tuple[int, int]:
    """The gaps between lines of the base that a hunk lies between; gap n follows line n."""
    return (start, start) if count == 0 else (start - 1, start - 1 + count)


async def _store(conn: Connection, session_id: SessionId, units: Sequence[Unit], verdict: Verdict | None) -> None:
    if verdict is None:
        await review.delete_decisions(conn, session_id, [unit.id for unit in units])
        return
    places = [review.Place(unit.id, unit.path, unit.kind.value, unit.old_start, len(unit.old_lines)) for unit in units]
    await review.put_decisions(conn, session_id, places, verdict)


def review_frame(made: Review) -> frames.ReviewChanged:
    """How a review stands, for every screen."""
    return frames.ReviewChanged(
        session_id=made.change.session_id,
        change_id=made.change.id,
        accepted=made.count("accepted"),
        rejected=made.count("rejected"),
        open=made.count("open"),
        unsent_comments=made.unsent_comments,
    )


def _units_gone(ids: Sequence[str]) -> Conflict:
    more = f" and {len(ids) - SHOWN_UNITS} more" * (len(ids) > SHOWN_UNITS)
    shown = ", ".join(ids[:SHOWN_UNITS]) + more
    text = f"The change does not have {shown} any more: the agent changed it since. Nothing was decided."
    return Conflict("units_gone", text, "Look at the change again, then decide.")


def _moved(newest: Change) -> Conflict:
    text = f"The change became {newest.id} at this moment; nothing was decided."
    return Conflict("units_gone", text, "Look at the newest change, then decide.")
