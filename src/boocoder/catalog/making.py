"""Makes the catalogue's candidates: an agent's plan becomes a backend when its program is there. It starts nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import assert_never

from boocoder.backends.acp.backend import AcpBackend
from boocoder.backends.acp.settings import AcpAgent, AcpSettings
from boocoder.backends.base import Backend
from boocoder.backends.oneshot.backend import OneShotBackend
from boocoder.backends.oneshot.settings import OneShotAgent, OneShotSettings
from boocoder.catalog.candidate import Candidate, Found
from boocoder.catalog.identify import ask_by_host, identify
from boocoder.catalog.known import KnownAgent
from boocoder.catalog.model_server import ModelServerOffer
from boocoder.catalog.plan import Driver, Plan, make_plan
from boocoder.catalog.programs import Programs
from boocoder.model.agent import AgentInfo, AgentState
from boocoder.model.agent_entry import AgentEntry
from boocoder.process.host import ProcessHost

HEAVY_FRESH_S = 3_600.0  # asking one of these again costs a process of 100 to 600 MB for seconds


@dataclass(frozen=True, slots=True)
class _Made:
    plan: Plan
    backend: AcpBackend | OneShotBackend


class AgentMaker:
    """Makes candidates, and keeps those that use the model server pointed at it.

    Args:
        host: starts processes.
        state_dir: each agent has a folder of its own in it.
        programs: where programs are looked for.
        own: makers of the backends that are no general drivers, by agent.
        server: the model server, as it is known at the start.

    Attributes:
        server: as it is known now.
    """

    def __init__(
        self,
        *,
        host: ProcessHost,
        state_dir: Path,
        programs: Programs,
        own: Mapping[str, Callable[[Plan], Backend]],
        server: ModelServerOffer,
    ) -> None:
        self._host = host
        self._state_dir = state_dir
        self._programs = programs
        self._own = own
        self.server = server
        self._made: dict[str, _Made] = {}

    def candidate(self, known: KnownAgent | None, entry: AgentEntry | None, *, eager: bool, wanted: bool) -> Candidate:
        """One agent.

        Args:
            known: what boocoder knows of it; None for one of the person's own.
            entry: what the person's settings say of it; not both are None.
            eager: whether it is tried at the start.
            wanted: whether the settings name it.
        """
        name = known.name if known is not None else entry.name if entry is not None else ""

        def find() -> Found | AgentInfo:
            plan = make_plan(known, entry, self._programs)
            return plan if isinstance(plan, AgentInfo) else self._found(plan)

        if name in self._own:
            return Candidate(name, find, eager=eager, wanted=wanted)
        return Candidate(name, find, eager=eager, wanted=wanted, fresh_s=HEAVY_FRESH_S)

    def offer(self, server: ModelServerOffer) -> tuple[str, ...]:
        """The model server has other models now; the names of the agents to which that is news."""
        self.server = server
        using = {name: made for name, made in self._made.items() if made.plan.server_use is not None}
        for made in using.values():
            driver = made.plan.pointed_at(server)
            if driver is not None:
                _adopt(made.backend, driver)
        return tuple(using)

    def _found(self, plan: Plan) -> Found | AgentInfo:
        if plan.server_use is not None and not self.server.base_url:
            text = f"agents.{plan.name}.use_model_server is set, but no model server is."
            cure = "Set models.base_url to its address."
            return replace(plan.about, state=AgentState.ERROR, reason=text, cure=cure)
        return Found(
            about=plan.about,
            backend=self._backend(plan),
            identify=self._question(plan),
            complete=lambda info: self._completed(plan, info),
        )

    def _backend(self, plan: Plan) -> Backend:
        if plan.name in self._own:
            return self._own[plan.name](plan)
        driver = plan.pointed_at(self.server)
        directory = self._state_dir / plan.name
        backend: AcpBackend | OneShotBackend
        match driver:
            case AcpAgent():
                backend = AcpBackend(host=self._host, agent=driver, state_dir=directory, settings=AcpSettings())
            case OneShotAgent():
                settings = OneShotSettings()
                backend = OneShotBackend(host=self._host, agent=driver, state_dir=directory, settings=settings)
            case None:
                raise AssertionError(f"{plan.name} has no driver")
            case _:
                assert_never(driver)
        self._made[plan.name] = _Made(plan, backend)
        return backend

    def _question(self, plan: Plan) -> Callable[[], Awaitable[str]] | None:
        program, how = plan.program, plan.identify
        if program is None or how is None:
            return None
        env = plan.driver.env if plan.driver is not None else {}
        return lambda: identify(program, how, ask_by_host(self._host), env=env)

    def _completed(self, plan: Plan, info: AgentInfo) -> AgentInfo:
        """With the model server's models where the agent has no list of its own, and the person's defaults."""
        if info.state is not AgentState.READY:
            return info
        use, entry = plan.server_use, plan.entry
        if use is not None and not info.models:
            default = info.default_model or self.server.default_of(use) or None
            info = replace(info, models=self.server.models_of(use), default_model=default)
        if entry is not None and entry.model:
            info = replace(info, default_model=entry.model)
        if entry is not None and entry.mode:
            info = replace(info, default_mode=entry.mode)
        return info


def _adopt(backend: AcpBackend | OneShotBackend, driver: Driver) -> None:
    match backend, driver:
        case (AcpBackend(), AcpAgent()):
            backend.adopt(driver)
        case (OneShotBackend(), OneShotAgent()):
            backend.adopt(driver)
