"""Published branches, what forges say of them, and the rounds that answer it, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import msgspec

from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.model.ids import HostId, ProjectId, SessionId, TaskId
from boocoder.model.task import TaskState
from boocoder.model.webhook import FollowState, ForgeEventKind
from boocoder.wire.webhooks import FollowFields, FollowInfo, ForgeEventInfo

LIST_MAX = 200


@dataclass(frozen=True, slots=True)
class FollowBounds:
    """How far rounds go without a person.

    Args:
        rounds: at most.
        cost_usd: no round begins once they have cost this much; 0.0 for no bound.
        gate: a shell command that has to end with 0 before a round is pushed; "" for none.
        reviewers: names at the forge whose comments count whatever the forge says of them.
    """

    rounds: int = 5
    cost_usd: float = 0.0
    gate: str = ""
    reviewers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PublishedAt:
    """Where a session's branch is.

    Args:
        repository: its path at the forge in lower case; "" for a directory.
        base: the branch that it is meant for; "" if that is not known.
        url, number: of the pull request.
    """

    repository: str
    remote: str
    branch: str
    commit: str
    base: str
    url: str
    number: int | None


@dataclass(frozen=True, slots=True)
class FollowFilter:
    """Which published branches; None: any."""

    project_id: ProjectId | None = None
    session_id: SessionId | None = None
    branch: str | None = None
    number: int | None = None
    repository: str | None = None
    base: str | None = None


class DueFollow(FollowFields, frozen=True):
    """A published branch with something to do; `task_state` and `task_cost_usd` are of the round under way."""

    merge_commit: str | None
    task_state: TaskState | None
    task_cost_usd: float


class ForgeNews(msgspec.Struct, frozen=True):
    """What a forge says of a branch beside what is to be answered; None: nothing."""

    ci: Literal["passed", "failed"] | None = None
    commit: str | None = None
    review: Literal["approved", "changes_requested"] | None = None
    base: str | None = None
    number: int | None = None
    url: str | None = None
    state: FollowState | None = None


_LIST = statement(
    "follows",
    "list_follows",
    row=FollowInfo,
    params=(UUID | None, UUID | None, str | None, int | None, str | None, str | None, UUID | None, int),
)
_RECORD = statement(
    "follows",
    "record_published",
    row=Done,
    params=(UUID, UUID, str, str, str, str, str, str, int | None, bool, int, float, str, tuple[str, ...]),
)
_BOUNDS = statement(
    "follows", "set_bounds", row=Done, params=(UUID, int | None, float | None, str | None, tuple[str, ...] | None)
)
_STOP = statement("follows", "stop_follow", row=Done, params=(UUID, str, str))
_RESUME = statement("follows", "resume_follow", row=Done, params=(UUID,))
_NOTE = statement(
    "follows",
    "note_forge",
    row=Done,
    params=(UUID, str | None, str | None, str | None, str | None, int | None, str | None, FollowState | None),
)
_ADD = statement("follows", "add_event", row=Done, params=(UUID, ForgeEventKind, str, str, str, str))
_EVENTS = statement("follows", "list_events", row=ForgeEventInfo, params=(UUID, UUID | None, int))
_WAITING = statement("follows", "list_waiting", row=ForgeEventInfo, params=(UUID,))
_DUE = statement("follows", "list_due", row=DueFollow, params=(UUID,))
_BEGIN = statement("follows", "begin_round", row=Done, params=(UUID, UUID, list[UUID], str | None))
_DISMISS = statement("follows", "dismiss_events", row=Done, params=(UUID, list[UUID]))
_END = statement("follows", "end_round", row=Done, params=(UUID, float))
_COMMIT = statement("follows", "set_commit", row=Done, params=(UUID, str))
_PUSHED = statement("follows", "end_publishing", row=Done, params=(UUID, bool))
_GATE = statement("follows", "insert_gate_run", row=Done, params=(UUID, int, str, int | None, str))
_WAKE = statement("follows", "wake", row=Done)


async def list_follows(
    conn: Connection, wanted: FollowFilter, *, before: SessionId | None = None, limit: int = LIST_MAX
) -> list[FollowInfo]:
    """Published branches, newest first."""
    where = (wanted.project_id, wanted.session_id, wanted.branch, wanted.number, wanted.repository, wanted.base)
    return await _LIST.all(conn, *where, before, limit)


async def find_follow(conn: Connection, session_id: SessionId) -> FollowInfo | None:
    """The published branch of a session."""
    found = await list_follows(conn, FollowFilter(session_id=session_id), limit=1)
    return found[0] if found else None


async def record_published(
    conn: Connection, session_id: SessionId, project_id: ProjectId, at: PublishedAt, bounds: FollowBounds | None
) -> None:
    """A session's branch was pushed; with bounds, rounds may start."""
    limits = bounds or FollowBounds(rounds=0)
    await _RECORD.one(
        conn,
        session_id,
        project_id,
        at.repository,
        at.remote,
        at.branch,
        at.commit,
        at.base,
        at.url,
        at.number,
        bounds is not None,
        limits.rounds,
        limits.cost_usd,
        limits.gate,
        limits.reviewers,
    )


async def set_bounds(
    conn: Connection,
    session_id: SessionId,
    *,
    rounds: int | None,
    cost_usd: float | None,
    gate: str | None,
    reviewers: tuple[str, ...] | None,
) -> bool:
    """Change what is given; False if the session has no published branch."""
    return await _BOUNDS.changed(conn, session_id, rounds, cost_usd, gate, reviewers)


async def stop_follow(conn: Connection, session_id: SessionId, reason: str, detail: str = "") -> bool:
    """Let no further round start; False if none would."""
    return await _STOP.changed(conn, session_id, reason, detail)


async def resume_follow(conn: Connection, session_id: SessionId) -> bool:
    """Let rounds start again; False if it was not stopped."""
    return await _RESUME.changed(conn, session_id)


async def note_forge(conn: Connection, session_id: SessionId, news: ForgeNews) -> None:
    """Keep what a forge says."""
    said = (news.ci, news.commit, news.review, news.base, news.number, news.url, news.state)
    await _NOTE.changed(conn, session_id, *said)


async def add_event(
    conn: Connection, session_id: SessionId, kind: ForgeEventKind, *, key: str, author: str, text: str, url: str
) -> bool:
    """Add what is to be answered; False if it is known."""
    return await _ADD.changed(conn, session_id, kind, key, author, text, url)


async def list_events(
    conn: Connection, session_id: SessionId, *, before: UUID | None, limit: int
) -> list[ForgeEventInfo]:
    """A page of what was said, newest first."""
    return await _EVENTS.all(conn, session_id, before, limit)


async def list_waiting(conn: Connection, session_id: SessionId) -> list[ForgeEventInfo]:
    """What no round has answered, oldest first."""
    return await _WAITING.all(conn, session_id)


async def list_due(conn: Connection, host_id: HostId) -> list[DueFollow]:
    """Branches of a host's sessions with something to do."""
    return await _DUE.all(conn, host_id)


async def begin_round(
    conn: Connection, session_id: SessionId, task_id: TaskId, events: Sequence[UUID], merge_commit: str | None
) -> bool:
    """A round begins; False if no round may begin any more."""
    return await _BEGIN.changed(conn, session_id, task_id, list(events), merge_commit)


async def dismiss_events(conn: Connection, session_id: SessionId, events: Sequence[UUID]) -> None:
    """There is nothing to do about these."""
    await _DISMISS.changed(conn, session_id, list(events))


async def end_round(conn: Connection, session_id: SessionId, cost_usd: float) -> bool:
    """The round's turn has ended; False if somebody has stopped it."""
    return await _END.changed(conn, session_id, cost_usd)


async def set_commit(conn: Connection, session_id: SessionId, commit: str) -> None:
    """A commit is about to be pushed."""
    await _COMMIT.changed(conn, session_id, commit)


async def end_publishing(conn: Connection, session_id: SessionId, *, pushed: bool) -> bool:
    """The round was pushed, or waits for its next round. False if somebody has stopped it."""
    return await _PUSHED.changed(conn, session_id, pushed)


async def insert_gate_run(
    conn: Connection, session_id: SessionId, *, round_number: int, command: str, exit_code: int | None, output: str
) -> None:
    """Keep how a gate ended."""
    await _GATE.one(conn, session_id, round_number, command, exit_code, output)


async def wake(conn: Connection) -> None:
    """Tell every host that a forge said something."""
    await _WAKE.one(conn)
