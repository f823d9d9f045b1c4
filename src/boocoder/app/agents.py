"""The agents of one service: the catalogue over what is known and what the settings say, and the model server.

A backend is imported where it is built: most services use one or two of them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from boocoder.app.add_server import ServerAdder
from boocoder.app.model_watch import ModelWatch, offer_of, provider_of
from boocoder.backends.base import Backend
from boocoder.backends.native.no_server import NO_SERVER, SET_SERVER
from boocoder.catalog.candidate import Candidate
from boocoder.catalog.catalog import AgentCatalog
from boocoder.catalog.factory import AgentFactory
from boocoder.catalog.identification import ask_by_host, identify
from boocoder.catalog.known_agents import KnownAgent, known_agents
from boocoder.catalog.launch_plan import LaunchPlan, known_driver
from boocoder.catalog.model_server import ModelServerConnection
from boocoder.catalog.programs import Programs
from boocoder.catalog.watchers import AgentWatch
from boocoder.config.opencode_server import has_own_opencode
from boocoder.config.settings import Settings
from boocoder.db.core.pool import Database
from boocoder.model.agent import DEMO_DIRECTORY, AgentInfo, AgentState, ModelDetails, Transport
from boocoder.model.agent_entry import AgentEntry
from boocoder.model.ids import HostId
from boocoder.model_servers.found_server import FoundServer
from boocoder.process.host import ProcessHost
from boocoder.worktrees.trust.runnable_files import RunPatterns

if TYPE_CHECKING:
    from boocoder.backends.opencode.backend import OpenCodeBackend
    from boocoder.catalog.versioned_backend import VersionedBackend
    from boocoder.model_servers.server_models import ServerModels

log = logging.getLogger(__name__)

FORGET_S = 15.0  # an agent that ignores the request to end is killed earlier
OPENCODE, OPENCODE_ACP, NATIVE, SCRIPTED = "opencode", "opencode-acp", "native", "scripted"
_OWN_SETTINGS = (OPENCODE, NATIVE, SCRIPTED)


class AgentRegistry:
    """Starts and stops the agents and knows the catalogue. A `service.Service`; `dispatch.agents.Agents`."""

    def __init__(self, *, catalog: AgentCatalog, scripted: Candidate, models: ModelWatch, adder: ServerAdder) -> None:
        self._catalog = catalog
        self._scripted = scripted
        self._models = models
        self._adder = adder

    async def start(self) -> None:
        """Find the agents and begin the first tries; programs start in the background."""
        await self._models.start()
        await self._catalog.start()

    async def stop(self) -> None:
        """Stop what is asked, then every agent."""
        await self._models.stop()
        await self._catalog.stop()

    def backend(self, agent: str) -> Backend | None:
        """The driver of an agent, None if there is none of that name."""
        return self._catalog.backend(agent)

    async def forget(self, worktree: Path) -> None:
        """Tell every agent that a worktree goes, so that those that wait in it end. Never raises."""
        for info in self._catalog.agents():
            backend = self._catalog.backend(info.name)
            if backend is None:
                continue
            try:
                async with asyncio.timeout(FORGET_S):
                    await backend.forget(worktree)
            except Exception as error:
                log.warning("agent did not forget a worktree", extra={"agent": info.name}, exc_info=error)

    async def info(self, agent: str) -> AgentInfo | None:
        """What a task may rely on; an agent that was not tried yet is tried now."""
        if agent in self._models.users:
            await self._models.refresh([agent])
        return await self._catalog.info(agent)

    def known(self) -> tuple[AgentInfo, ...]:
        """What is known about every agent now."""
        return self._catalog.agents()

    def watch(self) -> AbstractContextManager[AgentWatch]:
        """Hear of every change for the time of the block."""
        return self._catalog.watch()

    async def probe(self, names: Iterable[str] | None = None) -> tuple[AgentInfo, ...]:
        """Ask the agents now."""
        wanted = None if names is None else list(names)
        await self._models.refresh(wanted or ())
        return await self._catalog.probe(wanted)

    async def offer_scripted(self) -> str:
        """Offer the scripted agent although the settings may not; its name."""
        await self._catalog.add(self._scripted)
        return self._scripted.name

    async def find_model_servers(self) -> tuple[FoundServer, ...]:
        """Model servers that run on this machine and are not used."""
        return await self._adder.find()

    async def add_model_server(self, base_url: str) -> FoundServer:
        """Use a model server that was found, from now on and after a restart.

        Raises:
            NotFound: none was found there.
        """
        added = await self._adder.add(base_url)
        await self._models.refresh([NATIVE])
        return added

    async def unload_model(self, named: str) -> ModelDetails:
        """Have its server unload a model; see `ModelWatch.unload`."""
        return await self._models.unload(named)

    async def choose(self) -> str:
        """The agent for a task that names none.

        Raises:
            Unavailable: none is ready.
        """
        return await self._catalog.choose()


async def build_agents(
    settings: Settings, *, database: Database, host_id: HostId, processes: ProcessHost
) -> AgentRegistry:
    """Build the catalogue of all known agents and those of the settings. Nothing is started yet."""
    servers = _model_servers(settings)  # more may be added
    own = _own_backends(settings, processes, servers)
    opencode: list[OpenCodeBackend] = []

    def make_opencode(plan: LaunchPlan) -> Backend:
        opencode.append(_opencode(plan, settings, processes, servers))
        return _opencode_by_version(plan, settings, processes, older=opencode[-1])

    maker = AgentFactory(
        host=processes,
        state_dir=settings.data_dir / "agents",
        programs=Programs(settings.surroundings.search_path, settings.surroundings.home),
        own={**own, OPENCODE: make_opencode},
        servers=_offers(servers),
        mcp_servers=settings.mcp_servers,
    )
    catalog = AgentCatalog(
        database=database,
        host_id=host_id,
        candidates=_candidates(settings, maker),
        preferred=settings.default_agent,
    )
    scripted = maker.candidate(known_agents()[SCRIPTED], None, eager=False, wanted=False)

    def offer() -> None:
        for backend in opencode:
            backend.offer(tuple(provider_of(known) for known in servers))
        maker.offer(_offers(servers))

    users = (OPENCODE, NATIVE, *(entry.name for entry in settings.more_agents if entry.use_model_server))
    models = ModelWatch(
        servers=servers,
        users=users,
        offer=offer,
        on_change=catalog.probe,
    )
    adder = ServerAdder(
        servers=servers,
        places=settings.usual_places,
        data_dir=settings.data_dir,
        turn_wait_s=settings.models.turn_wait_s,
    )
    return AgentRegistry(catalog=catalog, scripted=scripted, models=models, adder=adder)


def _model_servers(settings: Settings) -> list[ServerModels]:
    if not settings.model_servers:
        return []
    from boocoder.model_servers.server_models import ServerModels

    return [ServerModels(server, turn_wait_s=settings.models.turn_wait_s) for server in settings.model_servers]


def _offers(servers: Sequence[ServerModels]) -> dict[str, ModelServerConnection]:
    """The model servers by name; "" is the first one."""
    offers = {known.server.name: offer_of(known) for known in servers}
    return {"": offers[servers[0].server.name], **offers} if servers else {}


def silence_limits(settings: Settings) -> dict[str, float]:
    """The silence limits of agents with their own, in seconds."""
    limits = {entry.name: entry.silence_timeout_s for entry in settings.more_agents}
    limits[OPENCODE] = settings.agents.opencode.silence_timeout_s
    limits[NATIVE] = settings.agents.native.silence_timeout_s
    return {name: limit_s for name, limit_s in limits.items() if limit_s}


def agent_choices(settings: Settings) -> list[tuple[KnownAgent | None, AgentEntry | None]]:
    """Every agent that may be offered, with its entry in the settings: known ones in their order, then the others."""
    known, entries = known_agents(), _entries(settings)
    off = {name for name, entry in entries.items() if not entry.enabled}
    off |= {agent.name for agent in known.values() if agent.only_named} - {*entries, settings.default_agent}
    choices: list[tuple[KnownAgent | None, AgentEntry | None]] = [
        (agent, entries.get(agent.name)) for agent in known.values() if agent.name not in off
    ]
    others = [entry for name, entry in entries.items() if name not in known and name not in off]
    return [*choices, *((None, entry) for entry in others)]


def run_patterns(settings: Settings) -> RunPatterns:
    """What a repository can make each agent run or obey; nothing is known of agents that only the settings know."""
    return {known.name: known.runs for known, _ in agent_choices(settings) if known is not None and known.runs}


def own_files(settings: Settings) -> Mapping[str, tuple[str, ...]]:
    """Ignore patterns of what each agent keeps of its own in worktrees; those of the settings come first."""
    found: dict[str, tuple[str, ...]] = {}
    for known, entry in agent_choices(settings):
        if entry is not None and entry.own_files is not None:
            found[entry.name] = entry.own_files
        elif known is not None:
            found[known.name] = known.own_files
    return found


def _entries(settings: Settings) -> dict[str, AgentEntry]:
    """The settings of every agent that has some, in one form."""
    chosen = settings.agents
    program = chosen.opencode.program
    entries = {
        OPENCODE: AgentEntry(
            OPENCODE,
            enabled=chosen.opencode.enabled,
            command=(program,) if program else (),
            transport=Transport.SERVER,
        ),
        NATIVE: AgentEntry(NATIVE, enabled=chosen.native.enabled),
        SCRIPTED: AgentEntry(SCRIPTED, enabled=chosen.scripted.enabled or _has_demo(settings)),
    }
    return {**entries, **{entry.name: entry for entry in settings.more_agents}}


def _has_demo(settings: Settings) -> bool:
    """Whether the demo project was made: its agent is there again after a restart."""
    return (settings.data_dir / DEMO_DIRECTORY).is_dir()


def _candidates(settings: Settings, maker: AgentFactory) -> list[Candidate]:
    """What is tried at the start: what the settings name, and what a task that names no agent is given first."""
    named = {*(entry.name for entry in settings.more_agents), *_OWN_SETTINGS, settings.default_agent}
    found = []
    for known, entry in agent_choices(settings):
        name = known.name if known is not None else entry.name if entry is not None else ""
        found.append(maker.candidate(known, entry, eager=name in named, wanted=name in named))
    return found


def _own_backends(
    settings: Settings, processes: ProcessHost, servers: Sequence[ServerModels]
) -> Mapping[str, Callable[[LaunchPlan], Backend | AgentInfo]]:
    return {
        NATIVE: lambda plan: _native(plan, settings, processes, servers),
        SCRIPTED: lambda plan: _scripted(settings, processes),
    }


def _opencode(
    plan: LaunchPlan, settings: Settings, processes: ProcessHost, servers: Sequence[ServerModels]
) -> OpenCodeBackend:
    from boocoder.backends.opencode.backend import OpenCodeBackend
    from boocoder.backends.opencode.settings import OpenCodeSettings

    chosen = settings.agents.opencode
    assert plan.program is not None
    return OpenCodeBackend(
        host=processes,
        program=plan.program,
        state_dir=settings.data_dir / "agents" / OPENCODE,
        providers=tuple(provider_of(known) for known in servers),
        mcp_servers=settings.mcp_servers,
        settings=replace(
            OpenCodeSettings(),
            use_own_config=chosen.use_own_config,
            own_data_dir=settings.surroundings.data_home / "opencode",
            own_config_dir=settings.surroundings.config_home / "opencode",
            model_retry_limit_s=chosen.model_retry_limit_s,
            rss_limit_bytes=chosen.rss_limit_mb * 1024 * 1024,
            own_server=partial(has_own_opencode, settings),
            own_servers_idle=chosen.idle_servers,
        ),
    )


def _opencode_by_version(
    plan: LaunchPlan, settings: Settings, processes: ProcessHost, *, older: OpenCodeBackend
) -> VersionedBackend:
    from boocoder.backends.acp.backend import AcpBackend
    from boocoder.backends.acp.settings import AcpAgent, AcpSettings
    from boocoder.catalog.versioned_backend import VersionedBackend

    program, known = plan.program, known_agents()
    assert program is not None
    driver = known_driver(known[OPENCODE_ACP], Transport.ACP)
    assert isinstance(driver, AcpAgent)
    return VersionedBackend(
        name=OPENCODE,
        program=program,
        ask_version=lambda: identify(program, known[OPENCODE].identify[OPENCODE], ask_by_host(processes), env={}),
        older=older,
        newer=AcpBackend(
            host=processes,
            agent=replace(driver, name=OPENCODE, argv=(str(program), *driver.argv[1:])),
            state_dir=settings.data_dir / "agents" / OPENCODE / "acp",
            settings=AcpSettings(),
            mcp_servers=settings.mcp_servers,
        ),
        newer_from=2,
    )


def _scripted(settings: Settings, processes: ProcessHost) -> Backend:
    from boocoder.backends.scripted.backend import ScriptedBackend

    return ScriptedBackend(state_dir=settings.data_dir / "agents" / SCRIPTED, processes=processes)


def _native(
    plan: LaunchPlan, settings: Settings, processes: ProcessHost, servers: Sequence[ServerModels]
) -> Backend | AgentInfo:
    if not servers:
        return replace(plan.about, state=AgentState.UNAVAILABLE, reason=NO_SERVER, cure=SET_SERVER, tried=True)
    from boocoder.backends.native.backend import NativeBackend
    from boocoder.backends.native.limits import NativeLimits

    chosen = settings.agents.native
    return NativeBackend(
        servers=servers,
        state_dir=settings.data_dir / "agents" / NATIVE,
        limits=NativeLimits(
            max_steps=chosen.max_steps,
            time_limit_s=chosen.time_limit_s,
            context_tokens=chosen.context_tokens,
            shell_timeout_s=chosen.shell_timeout_s,
            load_timeout_s=settings.models.load_timeout_s,
        ),
        processes=processes,
        mcp_servers=settings.mcp_servers,
    )
