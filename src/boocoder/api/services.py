"""What the routes need, handed in by the composition root; nothing is made here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Protocol

from fastapi import Depends
from starlette.requests import HTTPConnection

from boocoder.api.auth import Authenticator
from boocoder.api.bind import AllowList
from boocoder.api.closing import Closing
from boocoder.broker.broker import Broker
from boocoder.changes.planning import ApplyReport
from boocoder.changes.review_desk import ReviewDesk
from boocoder.db.pool import Database
from boocoder.git.shadows import Shadows
from boocoder.model.agent import AgentInfo
from boocoder.model.ids import ChangeId, HostId, InstanceId


class Changes(Protocol):
    """Decides on changes; see `changes.service.ChangeApplier`."""

    async def apply(self, change_id: ChangeId) -> ApplyReport: ...
    async def reject(self, change_id: ChangeId) -> None: ...


class Agents(Protocol):
    """The agents of this host."""

    def known(self) -> tuple[AgentInfo, ...]:
        """What is known about every agent now."""

    async def probe(self, names: Iterable[str] | None = None) -> tuple[AgentInfo, ...]:
        """Ask the agents now."""

    async def choose(self) -> str:
        """The agent for a task that names none.

        Raises:
            Unavailable: none is ready.
        """


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
        closing: set when the service stops, so that streams end by themselves.
    """

    database: Database
    broker: Broker
    changes: Changes
    review: ReviewDesk
    shadows: Shadows
    agents: Agents
    authenticator: Authenticator
    allowed: AllowList
    info: ApiInfo
    closing: Closing


async def services_of(connection: HTTPConnection) -> ApiServices:
    """The services of the application that serves this request.

    It is a coroutine because the framework runs plain functions in a thread.
    """
    services: ApiServices = connection.app.state.services
    return services


Services = Annotated[ApiServices, Depends(services_of)]
"""The type of a route's `services` parameter."""
