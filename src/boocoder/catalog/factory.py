"""Builds the catalogue's candidates, and the backend of an agent whose program was found.

A backend is imported where it is built: a machine has few of the known agents.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from boocoder.backends.acp.settings import AcpAgent, AcpSettings
from boocoder.backends.base import Backend
from boocoder.backends.oneshot.settings import OneShotAgent, OneShotSettings
from boocoder.catalog.candidate import Candidate, FoundAgent
from boocoder.catalog.identification import ask_by_host, identify
from boocoder.catalog.known_agents import KnownAgent
from boocoder.catalog.launch_plan import Driver, LaunchPlan, make_plan, no_server_text
from boocoder.catalog.model_server import ModelServerConnection
from boocoder.catalog.programs import Programs
from boocoder.model.agent import AgentInfo, AgentState
from boocoder.model.agent_entry import AgentEntry
from boocoder.model.mcp_server import McpServer
from boocoder.process.host import ProcessHost

if TYPE_CHECKING:
    from boocoder.backends.acp.backend import AcpBackend
    from boocoder.backends.oneshot.backend import OneShotBackend

HEAVY_FRESH_S = 3_600.0  # asking one of these again costs a process of 100 to 600 MB for seconds


@dataclass(frozen=True, slots=True)
class _BuiltBackend:
    plan: LaunchPlan
    backend: AcpBackend | OneShotBackend


class AgentFactory:
    """Makes candidates, and keeps those that use the model server pointed at it.

    Args:
        host: starts processes.
        state_dir: contains a folder per agent.
        programs: where programs are looked for.
        own: makers of the backends that are no general drivers, by agent; they may say why there is none.
        servers: the model servers by name, as they are known at the start; "" is the first one.
        mcp_servers: those that the person configured.
    """

    def __init__(
        self,
        *,
        host: ProcessHost,
        state_dir: Path,
        programs: Programs,
        own: Mapping[str, Callable[[LaunchPlan], Backend | AgentInfo]],
        servers: Mapping[str, ModelServerConnection],
        mcp_servers: tuple[McpServer, ...] = (),
    ) -> None:
        self._host = host
        self._state_dir = state_dir
        self._programs = programs
        self._own = own
        self._servers = servers
        self._mcp_servers = mcp_servers
        self._made: dict[str, _BuiltBackend] = {}

    def candidate(self, known: KnownAgent | None, entry: AgentEntry | None, *, eager: bool, wanted: bool) -> Candidate:
        """One agent.

        Args:
            known: what boocoder knows of it; None for one of the person's own.
            entry: what the person's settings say of it; not both are None.
            eager: whether it is tried at the start.
            wanted: whether the settings name it.
        """
        name = known.name if known is not None else entry.name if entry is not None else ""

        def find() -> FoundAgent | AgentInfo:
            plan = make_plan(known, entry, self._programs)
            return plan if isinstance(plan, AgentInfo) else self._found(plan)

        if name in self._own:
            return Candidate(name, find, eager=eager, wanted=wanted)
        return Candidate(name, find, eager=eager, wanted=wanted, fresh_s=HEAVY_FRESH_S)

    def offer(self, servers: Mapping[str, ModelServerConnection]) -> tuple[str, ...]:
        """The model servers have other models now; the names of the agents to which that is news."""
        self._servers = servers
        using = {name: made for name, made in self._made.items() if made.plan.server_use is not None}
        for made in using.values():
            driver = made.plan.pointed_at(self._server(made.plan))
            if driver is not None:
                _adopt(made.backend, driver)
        return tuple(using)

    def _server(self, plan: LaunchPlan) -> ModelServerConnection:
        """The model server that an agent is pointed at; an empty one if there is none of that name."""
        name = plan.entry.model_server if plan.entry is not None else ""
        return self._servers.get(name, ModelServerConnection())

    def _found(self, plan: LaunchPlan) -> FoundAgent | AgentInfo:
        if plan.server_use is not None and not self._server(plan).base_url:
            text, cure = no_server_text(plan)
            return replace(plan.about, state=AgentState.ERROR, reason=text, cure=cure)
        backend = self._backend(plan)
        if isinstance(backend, AgentInfo):
            return backend
        return FoundAgent(
            about=plan.about,
            backend=backend,
            identify=self._question(plan),
            complete=lambda info: self._completed(plan, info),
        )

    def _backend(self, plan: LaunchPlan) -> Backend | AgentInfo:
        if plan.name in self._own:
            return self._own[plan.name](plan)
        driver = plan.pointed_at(self._server(plan))
        directory = self._state_dir / plan.name
        backend: AcpBackend | OneShotBackend
        match driver:
            case AcpAgent():
                from boocoder.backends.acp.backend import AcpBackend

                backend = AcpBackend(
                    host=self._host,
                    agent=driver,
                    state_dir=directory,
                    settings=AcpSettings(),
                    mcp_servers=self._mcp_servers,
                )
            case OneShotAgent():
                from boocoder.backends.oneshot.backend import OneShotBackend

                settings = OneShotSettings()
                backend = OneShotBackend(
                    host=self._host,
                    agent=driver,
                    state_dir=directory,
                    settings=settings,
                    mcp_servers=self._mcp_servers,
                )
            case None:
                raise AssertionError(f"{plan.name} has no driver")
            case _:
                assert_never(driver)
        self._made[plan.name] = _BuiltBackend(plan, backend)
        return backend

    def _question(self, plan: LaunchPlan) -> Callable[[], Awaitable[str]] | None:
        program, how = plan.program, plan.identify
        if program is None or how is None:
            return None
        env = plan.driver.env if plan.driver is not None else {}
        return lambda: identify(program, how, ask_by_host(self._host), env=env)

    def _completed(self, plan: LaunchPlan, info: AgentInfo) -> AgentInfo:
        """With the model server's models if the agent lists none, and the person's defaults."""
        if info.state is not AgentState.READY:
            return info
        use, entry = plan.server_use, plan.entry
        if use is not None and not info.models:
            default = info.default_model or self._server(plan).default_of(use) or None
            info = replace(info, models=self._server(plan).models_of(use), default_model=default)
        if entry is not None and entry.model:
            info = replace(info, default_model=entry.model)
        if entry is not None and entry.mode:
            info = replace(info, default_mode=entry.mode)
        return info


def _adopt(backend: AcpBackend | OneShotBackend, driver: Driver) -> None:
    from boocoder.backends.acp.backend import AcpBackend
    from boocoder.backends.oneshot.backend import OneShotBackend

    match backend, driver:
        case (AcpBackend(), AcpAgent()):
            backend.adopt(driver)
        case (OneShotBackend(), OneShotAgent()):
            backend.adopt(driver)
