"""The services that routes use."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Annotated, Protocol

from fastapi import Depends
from starlette.requests import HTTPConnection

from boocoder.api.auth import Authenticator
from boocoder.api.bind import AllowList
from boocoder.api.browsers import Browsers
from boocoder.api.phone.pairing import PhoneListener
from boocoder.api.tokens.access_tokens import AccessTokens
from boocoder.broker.broker import Broker
from boocoder.broker.outbox import Outbox
from boocoder.catalog.session_rules import SessionRuleReport
from boocoder.changes.services import ChangeServices
from boocoder.db.core.pool import Database
from boocoder.forges.registry import Follows
from boocoder.git.shadow.registry import ShadowRegistry
from boocoder.intake.agent_tokens import AgentTokens
from boocoder.intake.attachments import Attachments
from boocoder.intake.hooks.registry import Hooks
from boocoder.intake.project_relink import ProjectRelinker
from boocoder.intake.task_resolver import AgentDirectory, TaskResolver
from boocoder.model.agent import AgentInfo, ModelDetails
from boocoder.model.ids import HostId, InstanceId, SessionId
from boocoder.model_servers.found_server import FoundServer
from boocoder.placement.project_check import ProjectCheck
from boocoder.webhooks.registry import Webhooks
from boocoder.wire.service import SettingsOverview
from boocoder.wire.worktrees import PrunedWorktree
from boocoder.worktrees.processes import SessionProcesses
from boocoder.worktrees.remove.deletion import SessionDeleter
from boocoder.worktrees.search.file_search import FileSearch
from boocoder.worktrees.services import WorktreeServices
from boocoder.worktrees.stored.adoption import SessionAdopter
from boocoder.worktrees.stored.reader import StoredSnapshots
from boocoder.worktrees.terminals import Terminals
from boocoder.worktrees.trust.project_trust import ProjectTrust


class AgentNews(Protocol):
    """Changes of agents; see `catalog.watchers.AgentWatch`."""

    async def next_changes(self) -> tuple[AgentInfo, ...]:
        """Wait for news: every agent at first, then those that changed since the last call."""


class HostAgents(AgentDirectory, Protocol):
    """The agents of this host, with their changes."""

    def watch(self) -> AbstractContextManager[AgentNews]:
        """Hear of every change for the time of the block."""

    async def find_model_servers(self) -> tuple[FoundServer, ...]:
        """Model servers that run on this machine and are not used."""

    async def add_model_server(self, base_url: str) -> FoundServer:
        """Use one of them.

        Raises:
            NotFound: none was found there.
        """

    async def unload_model(self, named: str) -> ModelDetails:
        """Have its server unload a model.

        Raises:
            NotFound: no server has it.
            Conflict: a turn runs with it, or its server does not unload models on request.
            Unavailable: its server cannot be reached, or refuses.
        """

    async def offer_scripted(self) -> str:
        """Offer the scripted agent although the settings may not; its name."""


class SettingsDirectory(Protocol):
    """The settings of the service; see `config.editor.SettingsEditor`."""

    def overview(self) -> SettingsOverview: ...
    def change(self, changes: Mapping[str, object]) -> SettingsOverview: ...


class WorktreePruner(Protocol):
    """Removes worktrees that are over a limit; see `maintenance.worktree_gc.WorktreeCollector`."""

    async def prune(self, *, dry_run: bool = False) -> Sequence[PrunedWorktree]: ...
    def why_kept(self, session_id: SessionId) -> str: ...


@dataclass(frozen=True, slots=True)
class ApiInfo:
    """Identity of the service, where it keeps its files, and what a person should know about how it can be reached."""

    host_id: HostId
    instance_id: InstanceId
    data_dir: Path
    version: str = field(default_factory=lambda: metadata.version("boocoder"))
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiServices:
    """Everything that routes use.

    Args:
        resolver: completes and checks new tasks.
        agent_tokens: of agents that may start tasks.
        project_check: looks whether this host can serve a project.
        adopter: goes on here with sessions of other hosts.
        stored: brings what other hosts have stored of their sessions.
        terminals: None where they are turned off.
    """

    database: Database
    broker: Broker
    outbox: Outbox
    changes: ChangeServices
    care: WorktreeServices
    deleter: SessionDeleter
    collector: WorktreePruner
    shadows: ShadowRegistry
    files: FileSearch
    attachments: Attachments
    agents: HostAgents
    resolver: TaskResolver
    relinker: ProjectRelinker
    project_check: ProjectCheck
    info: ApiInfo
    trust: ProjectTrust
    rules: SessionRuleReport
    processes: SessionProcesses
    webhooks: Webhooks
    hooks: Hooks
    agent_tokens: AgentTokens
    adopter: SessionAdopter
    stored: StoredSnapshots
    settings: SettingsDirectory
    terminals: Terminals | None = None

    @property
    def follows(self) -> Follows:
        """Published branches."""
        return Follows(database=self.database)


@dataclass(frozen=True, slots=True)
class ConnectionServices:
    """What depends on where the server listens.

    Args:
        stopping: set when the service stops, so that streams end by themselves.
        url: of this service, as this machine reaches it.
        phone: where devices in the local network reach it; None if they do not.
    """

    authenticator: Authenticator
    browsers: Browsers
    tokens: AccessTokens
    allowed: AllowList
    stopping: asyncio.Event
    url: str
    phone: PhoneListener | None = None


def build_api_services(
    *,
    database: Database,
    broker: Broker,
    outbox: Outbox,
    changes: ChangeServices,
    care: WorktreeServices,
    deleter: SessionDeleter,
    collector: WorktreePruner,
    shadows: ShadowRegistry,
    agents: HostAgents,
    info: ApiInfo,
    trust: ProjectTrust,
    rules: SessionRuleReport,
    processes: SessionProcesses,
    adopter: SessionAdopter,
    stored: StoredSnapshots,
    settings: SettingsDirectory,
    agent_tokens: AgentTokens | None = None,
    terminals: Terminals | None = None,
) -> ApiServices:
    """The services of the routes, with those that only the API needs."""
    resolver = TaskResolver(database=database, agents=agents, shadows=shadows, host_id=info.host_id)
    return ApiServices(
        database=database,
        broker=broker,
        outbox=outbox,
        changes=changes,
        care=care,
        deleter=deleter,
        collector=collector,
        shadows=shadows,
        files=FileSearch(database=database, shadows=shadows),
        attachments=Attachments(database=database, root=info.data_dir / "attachments"),
        agents=agents,
        resolver=resolver,
        project_check=ProjectCheck(database=database, host_id=info.host_id),
        relinker=ProjectRelinker(database=database, shadows=shadows),
        info=info,
        trust=trust,
        rules=rules,
        processes=processes,
        webhooks=Webhooks(database=database),
        hooks=Hooks(outbox=outbox, resolver=resolver),
        agent_tokens=agent_tokens or AgentTokens(),
        adopter=adopter,
        stored=stored,
        settings=settings,
        terminals=terminals,
    )


async def services_of(connection: HTTPConnection) -> ApiServices:
    """The services of the application that serves this request.

    It is a coroutine because the framework runs plain functions in a thread.
    """
    services: ApiServices = connection.app.state.services
    return services


async def connections_of(connection: HTTPConnection) -> ConnectionServices:
    """The connection services of the application that serves this request."""
    connections: ConnectionServices = connection.app.state.connections
    return connections


Services = Annotated[ApiServices, Depends(services_of)]
"""The type of a route's `services` parameter."""
Connections = Annotated[ConnectionServices, Depends(connections_of)]
