"""Builds the backends of the ACP agents that the settings name. It starts nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from boocoder.backends.acp.backend import AcpBackend
from boocoder.backends.acp.known import KNOWN_ACP_AGENTS
from boocoder.backends.acp.settings import AcpAgent, AcpSettings
from boocoder.catalog.known import NPM_FOLDERS, KnownAgent, find_program
from boocoder.config import Settings
from boocoder.config_acp import AcpEntry
from boocoder.errors import InvalidInput
from boocoder.model.agent import AgentInfo, AgentState
from boocoder.process.host import ProcessHost


def acp_backends(settings: Settings, processes: ProcessHost) -> Iterator[tuple[str, AcpBackend | AgentInfo]]:
    """The name of each enabled ACP agent with its backend, or with why it has none."""
    for entry in settings.acp:
        if entry.enabled:
            yield entry.name, _build(entry, settings, processes)


def _build(entry: AcpEntry, settings: Settings, processes: ProcessHost) -> AcpBackend | AgentInfo:
    known = KNOWN_ACP_AGENTS.get(entry.name)
    if known is None and not entry.command:
        reason = f"agents.{entry.name} has no command, and boocoder knows no agent of that name."
        cure = f"Add command = [...], or use one of: {', '.join(KNOWN_ACP_AGENTS)}."
        return AgentInfo(entry.name, AcpBackend.name, AgentState.ERROR, reason, cure)
    agent = _merged(known or AcpAgent(entry.name, entry.command), entry)
    around = settings.surroundings
    program = agent.argv[0]
    place = KnownAgent(entry.name, AcpBackend.name, program, NPM_FOLDERS, cure=agent.install)
    configured = program if "/" in program else ""
    try:
        found = find_program(place, configured=configured, search_path=around.search_path, home=around.home)
    except InvalidInput as error:
        return AgentInfo(entry.name, AcpBackend.name, AgentState.ERROR, error.text, error.cure)
    if found is None:
        reason = f"{program} is not installed."
        cure = agent.install or f"Install {program}, or name its path in agents.{entry.name}.command."
        return AgentInfo(entry.name, AcpBackend.name, AgentState.UNAVAILABLE, reason, cure)
    return AcpBackend(
        host=processes,
        agent=replace(agent, argv=(str(found), *agent.argv[1:])),
        state_dir=settings.data_dir / "agents" / entry.name,
        settings=AcpSettings(),
    )


def _merged(agent: AcpAgent, entry: AcpEntry) -> AcpAgent:
    return replace(
        agent,
        argv=entry.command or agent.argv,
        env={**agent.env, **entry.env},
        keep_env=(*agent.keep_env, *entry.keep_env),
    )
