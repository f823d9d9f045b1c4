"""Keeps what is known about the agents of this host: probes them, remembers, writes it down. It starts no turn.

Readers get the last answer at once; an answer that is older than `fresh_s` is renewed behind their back, and
an agent is never probed twice at the same time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from boocoder.backends.base import Backend
from boocoder.db import agents as agent_rows
from boocoder.db.pool import Database
from boocoder.errors import Unavailable
from boocoder.model.agent import AgentInfo, AgentState
from boocoder.model.ids import HostId
from boocoder.service import Supervisor


class AgentCatalog:
    """The agents of one host.

    Args:
        database: where the answers are kept.
        host_id: whose agents they are.
        backends: by agent name, in the order in which an unnamed task prefers them.
        absent: agents that cannot be driven here at all, with reason and cure.
        preferred: name of the agent for tasks that name none; empty for the first that is ready.
        probe_timeout_s: a probe that takes longer is an error, seconds; a cold opencode took 5 s on two slow cores.
        fresh_s: an answer younger than this is not asked for again by readers, seconds.
    """

    def __init__(
        self,
        *,
        database: Database,
        host_id: HostId,
        backends: Mapping[str, Backend],
        absent: Sequence[AgentInfo] = (),
        preferred: str = "",
        probe_timeout_s: float = 60.0,
        fresh_s: float = 300.0,
    ) -> None:
        self._database = database
        self._host_id = host_id
        self._backends = dict(backends)
        self._preferred = preferred
        self._probe_timeout_s = probe_timeout_s
        self._fresh_s = fresh_s
        self._infos = {name: AgentInfo(name, backend.name, AgentState.LOADING) for name, backend in backends.items()}
        self._absent = {info.name: info for info in absent}
        self._probed_at: dict[str, float] = {}
        self._running: dict[str, asyncio.Task[AgentInfo]] = {}
        self._supervisor = Supervisor("catalog")

    async def start(self) -> None:
        """Write down what is known and begin the first probes; they go on in the background."""
        async with self._database.transaction() as conn:
            for info in self._all():
                await agent_rows.put_agent(conn, self._host_id, info)
        for name in self._backends:
            self._begin(name)

    async def stop(self) -> None:
        """End the probes that run. Safe twice and before start."""
        await self._supervisor.stop()

    def agents(self) -> tuple[AgentInfo, ...]:
        """What is known now; what is stale is probed again in the background."""
        now = time.monotonic()
        for name in self._backends:
            if now - self._probed_at.get(name, now) > self._fresh_s:
                self._begin(name)
        return tuple(self._all())

    def backend(self, agent: str) -> Backend | None:
        """The driver of an agent, None if there is none of that name."""
        return self._backends.get(agent)

    async def info(self, agent: str) -> AgentInfo | None:
        """The newest answer about an agent; waits for a first probe that still runs. None if it is unknown."""
        info = self._infos.get(agent)
        if info is not None and info.state is AgentState.LOADING:
            return await asyncio.shield(self._begin(agent))
        return info or self._absent.get(agent)

    async def probe(self, names: Iterable[str] | None = None) -> tuple[AgentInfo, ...]:
        """Ask the agents now and wait for their answers; joins probes that run already.

        Args:
            names: which; None for all. Unknown names are left out.
        """
        wanted = [name for name in self._backends if names is None or name in set(names)]
        for task in [self._begin(name) for name in wanted]:
            await asyncio.shield(task)
        return tuple(self._all())

    async def choose(self) -> str:
        """The agent for a task that names none: the preferred one, else the first that is ready.

        Waits for a first probe that still runs.

        Raises:
            Unavailable: none is ready; the text says why for each.
        """
        if self._preferred:
            return self._preferred
        for name in self._backends:
            info = await self.info(name)
            if info is not None and info.state is AgentState.READY:
                return name
        reasons = " ".join(f"{info.name}: {info.reason}" for info in self._all())
        cures = " ".join(info.cure for info in self._all() if info.cure)
        raise Unavailable("no_agent_ready", f"No agent is ready. {reasons}".strip(), cures or "Run: boocoder doctor")

    def _all(self) -> list[AgentInfo]:
        return [*self._infos.values(), *self._absent.values()]

    def _begin(self, name: str) -> asyncio.Task[AgentInfo]:
        if name not in self._running:
            self._running[name] = self._supervisor.spawn(self._probe_one(name), f"probe {name}")
        return self._running[name]

    async def _probe_one(self, name: str) -> AgentInfo:
        try:
            info = await self._ask(name)
            self._infos[name] = info
            async with self._database.transaction() as conn:
                await agent_rows.put_agent(conn, self._host_id, info)
            return info
        finally:
            self._probed_at[name] = time.monotonic()
            self._running.pop(name, None)

    async def _ask(self, name: str) -> AgentInfo:
        backend = self._backends[name]
        try:
            async with asyncio.timeout(self._probe_timeout_s):
                info = await backend.probe()
        except TimeoutError:
            return AgentInfo(
                name,
                backend.name,
                AgentState.ERROR,
                reason=f"It gave no answer within {self._probe_timeout_s:g} s.",
                cure="Try again with: boocoder agents --probe",
            )
        return replace(info, name=name)
