"""The agents of one service: their backends built out of the settings, and the catalogue over them."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace

from boocoder.acp_set import acp_backends
from boocoder.backends.base import Backend
from boocoder.backends.native.backend import NativeBackend
from boocoder.backends.native.limits import NativeLimits
from boocoder.backends.opencode.backend import OpenCodeBackend
from boocoder.backends.opencode.settings import OpenCodeSettings
from boocoder.backends.scripted.backend import ScriptedBackend
from boocoder.catalog.known import NATIVE, OPENCODE, SCRIPTED, find_program
from boocoder.catalog.probe import AgentCatalog
from boocoder.config import Settings
from boocoder.db.pool import Database
from boocoder.errors import BoocoderError, InvalidInput
from boocoder.model.agent import AgentInfo, AgentState
from boocoder.model.ids import HostId
from boocoder.model_watch import ModelWatch, provider_of
from boocoder.process.host import ProcessHost

log = logging.getLogger(__name__)


class AgentSet:
    """Starts and stops the backends and knows the catalogue. A `service.Service`; `dispatch.agents.Agents`."""

    def __init__(
        self, *, backends: dict[str, Backend], catalog: AgentCatalog, models: ModelWatch | None = None
    ) -> None:
        self._backends = backends
        self._catalog = catalog
        self._models = models

    async def start(self) -> None:
        """Start the backends and the first probes; programs start in the background."""
        for backend in self._backends.values():
            await backend.start()
        if self._models is not None:
            await self._models.start()
        await self._catalog.start()

    async def stop(self) -> None:
        """Stop probes, then every agent."""
        if self._models is not None:
            await self._models.stop()
        await self._catalog.stop()
        for name, backend in self._backends.items():
            try:
                await backend.stop()
            except BoocoderError as error:
                log.error("backend did not stop cleanly", extra={"agent": name}, exc_info=error)

    def backend(self, agent: str) -> Backend | None:
        """The driver of an agent, None if there is none of that name."""
        return self._backends.get(agent)

    async def info(self, agent: str) -> AgentInfo | None:
        """The newest answer about an agent; waits for a first probe that still runs."""
        if self._models is not None and agent == OPENCODE.name:
            await self._models.refresh()
        return await self._catalog.info(agent)

    def known(self) -> tuple[AgentInfo, ...]:
        """What is known about every agent now."""
        return self._catalog.agents()

    async def probe(self, names: Iterable[str] | None = None) -> tuple[AgentInfo, ...]:
        """Ask the agents now."""
        if self._models is not None:
            await self._models.refresh()
        return await self._catalog.probe(names)

    async def choose(self) -> str:
        """The agent for a task that names none.

        Raises:
            Unavailable: none is ready.
        """
        return await self._catalog.choose()


async def build_agents(settings: Settings, *, database: Database, host_id: HostId, processes: ProcessHost) -> AgentSet:
    """Build the backends that the settings allow. Nothing is started yet."""
    backends: dict[str, Backend] = {}
    absent: list[AgentInfo] = []
    if settings.agents.opencode.enabled:
        built = _opencode(settings, processes)
        if isinstance(built, AgentInfo):
            absent.append(built)
        else:
            backends[OPENCODE.name] = built
    if settings.agents.native.enabled:
        backends[NATIVE.name] = _native(settings)
    if settings.agents.scripted.enabled:
        backends[SCRIPTED.name] = ScriptedBackend(state_dir=settings.data_dir / "agents" / "scripted")
    for name, made in acp_backends(settings, processes):
        if isinstance(made, AgentInfo):
            absent.append(made)
        else:
            backends[name] = made
    catalog = AgentCatalog(
        database=database,
        host_id=host_id,
        backends=backends,
        absent=absent,
        preferred=settings.default_agent,
    )
    return AgentSet(backends=backends, catalog=catalog, models=_model_watch(settings, backends, catalog))


def _model_watch(settings: Settings, backends: dict[str, Backend], catalog: AgentCatalog) -> ModelWatch | None:
    opencode = backends.get(OPENCODE.name)
    if not isinstance(opencode, OpenCodeBackend):
        return None
    return ModelWatch(
        server=settings.models, backend=opencode, on_change=lambda: catalog.probe([OPENCODE.name, NATIVE.name])
    )


def _opencode(settings: Settings, processes: ProcessHost) -> OpenCodeBackend | AgentInfo:
    chosen = settings.agents.opencode
    try:
        program = find_program(
            OPENCODE,
            configured=chosen.program,
            search_path=settings.surroundings.search_path,
            home=settings.surroundings.home,
        )
    except InvalidInput as error:
        return AgentInfo(OPENCODE.name, OPENCODE.backend, AgentState.ERROR, error.text, error.cure)
    if program is None:
        return AgentInfo(OPENCODE.name, OPENCODE.backend, AgentState.UNAVAILABLE, "It is not installed.", OPENCODE.cure)
    return OpenCodeBackend(
        host=processes,
        program=program,
        state_dir=settings.data_dir / "agents" / "opencode",
        provider=provider_of(settings.models, ()),
        settings=replace(
            OpenCodeSettings(),
            use_own_config=chosen.use_own_config,
            own_data_dir=settings.surroundings.data_home / "opencode",
            own_config_dir=settings.surroundings.config_home / "opencode",
            model_retry_limit_s=chosen.model_retry_limit_s,
            rss_limit_bytes=chosen.rss_limit_mb * 1024 * 1024,
        ),
    )


def _native(settings: Settings) -> NativeBackend:
    chosen, server = settings.agents.native, settings.models
    return NativeBackend(
        base_url=server.base_url,
        api_key=server.api_key,
        default_model=server.default,
        state_dir=settings.data_dir / "agents" / "native",
        limits=NativeLimits(
            max_steps=chosen.max_steps,
            time_limit_s=chosen.time_limit_s,
            context_tokens=chosen.context_tokens,
            shell_timeout_s=chosen.shell_timeout_s,
        ),
    )
