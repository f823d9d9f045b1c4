"""Starts what agents run in: the sandbox, the process host, and the registry of agents."""

from __future__ import annotations

from dataclasses import dataclass

from boocoder.app.agents import AgentRegistry, build_agents
from boocoder.app.host import ServiceHost
from boocoder.app.sandbox import build_sandbox
from boocoder.app.store import Store
from boocoder.process.environment import chosen_environment
from boocoder.process.host import ProcessHost
from boocoder.process.sandbox.sandbox import Sandbox


@dataclass(frozen=True, slots=True)
class AgentHost:
    """The agents of this host and their processes."""

    sandbox: Sandbox
    processes: ProcessHost
    agents: AgentRegistry


async def open_agents(host: ServiceHost, store: Store) -> AgentHost:
    """Start the process host, which ends what an earlier run left, then the agents."""
    sandbox = build_sandbox(host.settings)
    await sandbox.start()
    environment = host.settings.environment
    processes = ProcessHost(
        state_dir=host.settings.data_dir,
        instance=str(host.instance_id),
        sandbox=sandbox,
        environment=chosen_environment(environment.keep, environment.set),
    )
    await host.start(processes)
    agents = await build_agents(host.settings, database=store.database, host_id=host.host_id, processes=processes)
    await host.start(agents)
    return AgentHost(sandbox, processes, agents)
