"""What a person does with published branches, and what a forge's delivery does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from uuid import UUID

from boocoder.db.conversation import sessions
from boocoder.db.core.pool import Connection, Database
from boocoder.db.registry import follows as rows
from boocoder.db.registry.follows import FollowBounds, FollowFilter, ForgeNews, PublishedAt
from boocoder.errors import Conflict, NotFound
from boocoder.forges.github import read_github
from boocoder.forges.gitlab import read_gitlab
from boocoder.forges.report import ForgeEvent, ForgeReport
from boocoder.git.user.push import Remote
from boocoder.model.ids import ProjectId, SessionId
from boocoder.model.webhook import FollowState
from boocoder.wire.webhooks import FollowInfo, ForgeEventInfo

_NUMBER = re.compile(r"/(?:pull|pulls|merge_requests)/(\d{1,9})(?:/|$)")


class Follows:
    """The published branches of a database."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def record(
        self, session_id: SessionId, remote: Remote, ref: str, commit: str, *, base: str, bounds: FollowBounds | None
    ) -> None:
        """A session's branch is about to be pushed; with bounds, what its forge says of it starts rounds.

        Args:
            ref: full name of the branch.
            base: the branch that it is meant for; "" for the forge's default.
        """
        branch = ref.removeprefix("refs/heads/")
        at = PublishedAt(remote.path.lower(), remote.name, branch, commit, base, url="", number=None)
        async with self._database.transaction() as conn:
            project_id = (await sessions.get_session(conn, session_id)).project_id
            await rows.record_published(conn, session_id, project_id, at, bounds)

    async def record_request(self, session_id: SessionId, url: str | None) -> None:
        """The pull request of a session's branch is at this address."""
        number = None if url is None else _NUMBER.search(url)
        news = ForgeNews(url=url, number=int(number[1]) if number else None)
        async with self._database.connection() as conn:
            await rows.note_forge(conn, session_id, news)

    async def all(self, *, project_id: ProjectId | None, before: SessionId | None, limit: int) -> list[FollowInfo]:
        """A page of published branches, newest first."""
        async with self._database.connection() as conn:
            return await rows.list_follows(conn, FollowFilter(project_id=project_id), before=before, limit=limit)

    async def get(self, session_id: SessionId) -> FollowInfo:
        """The published branch of a session.

        Raises:
            NotFound: branch_not_published.
        """
        async with self._database.connection() as conn:
            found = await rows.find_follow(conn, session_id)
        if found is None:
            text = f"Session {session_id} has no published branch."
            raise NotFound("branch_not_published", text, "Publish its change first.")
        return found

    async def events(self, session_id: SessionId, *, before: UUID | None, limit: int) -> list[ForgeEventInfo]:
        """A page of what was said of a session's branch, newest first.

        Raises:
            NotFound: branch_not_published.
        """
        await self.get(session_id)
        async with self._database.connection() as conn:
            return await rows.list_events(conn, session_id, before=before, limit=limit)

    async def change(
        self,
        session_id: SessionId,
        *,
        enabled: bool | None,
        rounds: int | None,
        cost_usd: float | None,
        gate: str | None,
        reviewers: tuple[str, ...] | None,
    ) -> FollowInfo:
        """Stop or resume rounds, and change their bounds. A round's task that runs is not cancelled by it.

        Raises:
            NotFound: branch_not_published.
            Conflict: branch_decided, the forge has merged or closed it.
        """
        found = await self.get(session_id)
        if enabled and found.state.over:
            text = f"The branch {found.branch} is {found.state.value}."
            raise Conflict("branch_decided", text, "Publish another branch of the session.")
        async with self._database.transaction() as conn:
            await rows.set_bounds(conn, session_id, rounds=rounds, cost_usd=cost_usd, gate=gate, reviewers=reviewers)
            if enabled is False:
                await rows.stop_follow(conn, session_id, "off")
            elif enabled:
                await rows.resume_follow(conn, session_id)
                await rows.wake(conn)
        return await self.get(session_id)

    async def take(self, project_id: ProjectId, event: str, payload: Mapping[str, object]) -> list[FollowInfo]:
        """Keep what a delivery says of published branches of a project.

        Args:
            event: the sender's name of what happened.

        Returns:
            The branches that it is about.
        """
        report = read_github(event, payload) or read_gitlab(event, payload)
        if report is None:
            return []
        wanted = FollowFilter(
            project_id=project_id,
            branch=report.branch,
            number=report.number,
            repository=report.repository,
            base=report.base,
        )
        async with self._database.transaction() as conn:
            found = [one for one in await rows.list_follows(conn, wanted) if not one.state.over]
            for one in found:
                await _note(conn, one, report)
            if found:
                await rows.wake(conn)
        return found


async def _note(conn: Connection, one: FollowInfo, report: ForgeReport) -> None:
    await rows.note_forge(conn, one.session_id, report.news)
    event = report.event
    if event is None or not _counts(one, report, event):
        return
    await rows.add_event(
        conn,
        one.session_id,
        event.kind,
        key=event.key,
        author=event.author,
        text=event.text or "(no text)",
        url=event.url,
    )


def _counts(one: FollowInfo, report: ForgeReport, event: ForgeEvent) -> bool:
    """Whether an event is to be answered: of the newest commit, from somebody who may ask, while rounds may start."""
    if one.state is FollowState.STOPPED:
        return False
    if report.news.ci is not None and report.news.commit != one.commit:
        return False
    return event.trusted or event.author in one.reviewers
