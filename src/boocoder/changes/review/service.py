"""A person's review of a session's change: verdicts on units, which persist across turns."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from boocoder.broker.outbox import Outbox, OutboxTransaction
from boocoder.changes.diff.cache import DiffCache
from boocoder.changes.diff.parts import with_parts
from boocoder.changes.diff.tree_diff import FileChange, Unit, UnitKind
from boocoder.changes.review.state import ReviewState, load_state, unit_location
from boocoder.db.conversation import sessions
from boocoder.db.core.pool import Connection, Database
from boocoder.db.files import changes, review
from boocoder.db.files.changes import Change
from boocoder.db.files.review import DecisionRow
from boocoder.db.registry import projects
from boocoder.errors import Conflict, InvalidInput
from boocoder.events import frames
from boocoder.git.shadow.registry import ShadowRegistry
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.model.change import Verdict
from boocoder.model.ids import ChangeId, SessionId
from boocoder.model.task import ChangeState

UnitState = Literal["accepted", "rejected", "open"]
SHOWN_UNITS = 10  # of those that a change does not have any more; a sentence a person can read


@dataclass(frozen=True, slots=True)
class UnitReview:
    """One unit and its verdict.

    Args:
        reopened: of an open unit, the verdict on its predecessor before the agent changed it.
        edited: of an accepted unit, what a person wants in place of its lines; None for the lines as they are.
        rest_rejected: whether the lines that `edited` replaces are rejected.
    """

    unit: Unit
    state: UnitState
    reopened: Verdict | None = None
    edited: bytes | None = None
    rest_rejected: bool = False


@dataclass(frozen=True, slots=True)
class FileReview:
    """One file and the verdicts on its units, in the order of the file."""

    diff: FileChange
    units: tuple[UnitReview, ...]

    def count(self, state: UnitState) -> int:
        """How many of its units are in a state."""
        return sum(one.state == state for one in self.units)


@dataclass(frozen=True, slots=True)
class Review:
    """A change with the verdicts on its units.

    Args:
        files: in git's order.
        unsent_comments: how many comments of the session were not sent yet.
    """

    change: Change
    files: tuple[FileReview, ...]
    unsent_comments: int = 0

    def count(self, state: UnitState) -> int:
        """How many units are in a state."""
        return sum(file.count(state) for file in self.files)

    @property
    def reopened(self) -> int:
        """How many open units replace a decided one."""
        return sum(one.reopened is not None for file in self.files for one in file.units)

    def units(self, state: UnitState) -> tuple[Unit, ...]:
        """The units in a state."""
        return tuple(one.unit for file in self.files for one in file.units if one.state == state)


@dataclass(frozen=True, slots=True)
class UnitSelection:
    """The units that a decision is about.

    Args:
        units: by id.
        paths: all units that these files have now.
        everything: all units that the change has now.
    """

    units: tuple[str, ...] = ()
    paths: tuple[bytes, ...] = ()
    everything: bool = False


@dataclass(frozen=True, slots=True)
class DecisionResult:
    """The result of a decision.

    Args:
        review: as it is now, of the session's newest change.
        decided: how many units were decided.
        gone: ids of units that the newest change no longer has.
    """

    review: Review
    decided: int
    gone: tuple[str, ...] = ()


class LockedReview:
    """A review locked against other changes; valid until its transaction ends.

    Args:
        transaction: of the outbox.
        change: the session's pending change.
        seen: files of the change that the person looked at, as git gave them.
        now: files of `change`, likewise.
        state: the decisions.
    """

    def __init__(
        self,
        transaction: OutboxTransaction,
        change: Change,
        seen: Sequence[FileChange],
        now: Sequence[FileChange],
        state: ReviewState,
    ) -> None:
        self._transaction = transaction
        self._now = now
        self.conn = transaction.conn
        self.change = change
        self.state = state
        self.files = with_parts(now, state.parts)
        self.seen_files = self.files if seen is now else with_parts(seen, state.parts)
        self.units = {unit.id: unit for file in self.files for unit in file.units}

    def whole(self, unit_id: str) -> Unit:
        """A unit as git found it; `unit_id` is the `part_of` of one of its parts."""
        return next(unit for file in self._now for unit in file.units if unit.id == unit_id)

    async def changed(self) -> Review:
        """The review after something was stored, which is published with the transaction."""
        made = await _review(self.conn, self.change, self._now)
        await self._transaction.append(self.change.session_id, [review_frame(made)])
        return made


class ReviewService:
    """Reads and writes verdicts on units of changes.

    Args:
        database: where verdicts are kept.
        shadows: the projects' shadow repositories.
        outbox: stores and publishes every verdict.
        diffs: cache of structured diffs.
    """

    def __init__(self, *, database: Database, shadows: ShadowRegistry, outbox: Outbox, diffs: DiffCache) -> None:
        self._database = database
        self._shadows = shadows
        self._outbox = outbox
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
        """The shadow repository that holds a change's trees."""
        async with self._database.connection() as conn:
            session = await sessions.get_session(conn, change.session_id)
            project = await projects.get_project(conn, session.project_id)
        return await self._shadows.of(project.id, Path(project.path))

    async def files(self, change: Change) -> tuple[FileChange, ...]:
        """The structured diff of a change, units as git found them."""
        return await self._diffs.get(await self.shadow_of(change), change.base_tree, change.tree)

    async def decide(self, change_id: ChangeId, chosen: UnitSelection, verdict: Verdict | None) -> DecisionResult:
        """Decide units, or open them again.

        A superseded change is accepted: those of its units that the session's newest change still has are decided.

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
        async with self.locked(change_id) as now:
            ids = chosen_ids(now.seen_files, chosen)
            there = [now.units[one] for one in ids if one in now.units]
            gone = tuple(one for one in ids if one not in now.units)
            if not there:
                raise units_gone(gone)
            await _store(now.conn, now.change.session_id, there, verdict)
            return DecisionResult(await now.changed(), len(there), gone)

    @asynccontextmanager
    async def locked(self, change_id: ChangeId) -> AsyncIterator[LockedReview]:
        """The review of the change that decisions on this one count for, in a transaction that holds the session.

        Raises:
            NotFound: there is no such change.
            Conflict: `change_not_pending`; `units_gone`, a turn ended at this moment.
            GitError: git failed.
        """
        async with self._database.connection() as conn:
            seen = await changes.get_change(conn, change_id)
            newest = await newest_of(conn, seen)
        before = await self.files(seen)
        after = before if newest.id == seen.id else await self.files(newest)
        async with self._outbox.transaction() as transaction:
            conn = transaction.conn
            await sessions.lock_session(conn, seen.session_id)
            still = await newest_of(conn, seen)
            if still.id != newest.id:
                raise _moved(still)
            yield LockedReview(transaction, newest, before, after, await load_state(conn, seen.session_id))

    async def publish_counts(self, change_id: ChangeId) -> None:
        """Store and publish the counts of a review after something other than a verdict changed them."""
        made = await self.get(change_id)
        await self._outbox.append(made.change.session_id, [review_frame(made)])


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
    text = f"Change {seen.id} is {seen.state.value}, so its parts can no longer be decided."
    raise Conflict("change_not_pending", text, "Look at the session's newest change.")


def chosen_ids(files: Sequence[FileChange], chosen: UnitSelection) -> list[str]:
    """The selected ids, each once, in the order of the change.

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
        raise units_gone(missing)
    absent = paths - {file.path for file in files}
    if absent:
        names = ", ".join(sorted(path.decode("utf-8", "backslashreplace") for path in absent)[:SHOWN_UNITS])
        raise Conflict("units_gone", f"The change does not touch {names}; nothing was decided.", "Look at it again.")
    return list(found)


async def _review(conn: Connection, change: Change, files: Sequence[FileChange]) -> Review:
    state = await load_state(conn, change.session_id)
    unsent = await review.count_unsent(conn, change.session_id)
    return Review(change, judged(with_parts(files, state.parts), state.decisions), unsent)


def judged(files: Sequence[FileChange], decisions: Iterable[DecisionRow]) -> tuple[FileReview, ...]:
    """Each unit with its verdict, and open ones with the verdict on their predecessor."""
    verdicts = {row.unit_id: row for row in decisions}
    present = {unit.id for file in files for unit in file.units}
    lost: dict[bytes, list[DecisionRow]] = {}
    for row in verdicts.values():
        if row.unit_id not in present:
            lost.setdefault(row.path, []).append(row)
    return tuple(FileReview(file, tuple(_judged(file, verdicts, lost))) for file in files)


def _judged(
    file: FileChange, verdicts: Mapping[str, DecisionRow], lost: Mapping[bytes, Collection[DecisionRow]]
) -> Iterable[UnitReview]:
    before = [*lost.get(file.path, ()), *(lost.get(file.old_path, ()) if file.old_path is not None else ())]
    for unit in file.units:
        row = verdicts.get(unit.id)
        if row is not None:
            state: UnitState = "accepted" if row.verdict is Verdict.ACCEPTED else "rejected"
            yield UnitReview(unit, state, edited=row.edited, rest_rejected=row.rest_rejected)
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
    await review.put_decisions(conn, session_id, [unit_location(unit) for unit in units], verdict)


def review_frame(made: Review) -> frames.ReviewChangedFrame:
    """The frame with the counts of a review."""
    return frames.ReviewChangedFrame(
        session_id=made.change.session_id,
        change_id=made.change.id,
        accepted=made.count("accepted"),
        rejected=made.count("rejected"),
        open=made.count("open"),
        unsent_comments=made.unsent_comments,
    )


def units_gone(ids: Sequence[str]) -> Conflict:
    """The error of a decision on units that the change does not have."""
    more = f" and {len(ids) - SHOWN_UNITS} more" * (len(ids) > SHOWN_UNITS)
    shown = ", ".join(ids[:SHOWN_UNITS]) + more
    text = f"The change no longer has {shown}: the agent changed it since. Nothing was decided."
    return Conflict("units_gone", text, "Look at the change again, then decide.")


def _moved(newest: Change) -> Conflict:
    text = f"The change became {newest.id} at this moment; nothing was decided."
    return Conflict("units_gone", text, "Look at the newest change, then decide.")
