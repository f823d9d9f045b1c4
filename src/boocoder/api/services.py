"""What the routes need, handed in by the composition root; nothing is made here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Protocol

from fastapi import Depends
from starlette.requests import HTTPConnection

from boocoder.api.auth import Authenticator
from boocoder.api.bind import AllowList
from boocoder.api.closing import Closing
from boocoder.broker.broker import Broker
from boocoder.changes.desk import ChangeDesk
from boocoder.changes.review_desk import ReviewDesk
from boocoder.db.pool import Database
from boocoder.git.shadows import Shadows
from boocoder.model.agent import AgentInfo
from boocoder.model.ids import HostId, InstanceId, SessionId
from boocoder.queue.attachments import Attachments
from boocoder.worktrees.care import WorktreeCare
from boocoder.worktrees.file_search import FileSearch
from boocoder.worktrees.removal import Reaped
from boocoder.worktrees.terminals import Terminals


class AgentNews(Protocol):
    """What one listener hears; see `catalog.watch.AgentWatch`."""

    async def next_changes(self) -> tuple[AgentInfo, ...]:
        """Wait for news: every agent at first, then those that changed since the last call."""


class Agents(Protocol):
    """The agents of this host."""

    def known(self) -> tuple[AgentInfo, ...]:
        """What is known about every agent now."""

    def watch(self) -> AbstractContextManager[AgentNews]:
        """Hear of every change for the time of the block."""

    async def probe(self, names: Iterable[str] | None = None) -> tuple[AgentInfo, ...]:
        """Ask the agents now."""

    async def offer_scripted(self) -> str:
        """Offer the scripted agent although the settings may not; its name."""

    async def choose(self) -> str:
        """The agent for a task that names none.

        Raises:
            Unavailable: none is ready.
        """


class Reaper(Protocol):
    """Takes worktrees away that have to go; see `upkeep.reaper.Reaper`."""

    async def reap(self, *, dry_run: bool = False) -> Sequence[Reaped]: ...
    def why_kept(self, session_id: SessionId) -> str: ...


@dataclass(frozen=True, slots=True)
class ApiInfo:
    """Which service this is."""

    version: str
    host_id: HostId
    instance_id: InstanceId


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiServices:
    """Everything that routes use.

    Args:
        data_dir: where the service keeps its files.
        terminals: None where they are turned off.
        closing: set when the service stops, so that streams end by themselves.
    """

    database: Database
    broker: Broker
    changes: ChangeDesk
    review: ReviewDesk
    care: WorktreeCare
    reaper: Reaper
    shadows: Shadows
    files: FileSearch
    attachments: Attachments
    agents: Agents
    authenticator: Authenticator
    allowed: AllowList
    info: ApiInfo
    data_dir: Path
    closing: Closing
    terminals: Terminals | None = None


async def services_of(connection: HTTPConnection) -> ApiServices:
    """The services of the application that serves this request.

    It is a coroutine because the framework runs plain functions in a thread.
    """
    services: ApiServices = connection.app.state.services
    return services


Services = Annotated[ApiServices, Depends(services_of)]
"""The type of a route's `services` parameter."""
