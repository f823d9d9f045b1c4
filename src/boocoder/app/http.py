"""Builds and starts the HTTP API; it is started last and stopped first."""

from __future__ import annotations

import logging
from pathlib import Path

from boocoder.api.bind import exposure_warnings, is_loopback
from boocoder.api.server import ApiServer, ApiSettings
from boocoder.api.services import ApiInfo, build_api_services
from boocoder.app.agent_host import AgentHost
from boocoder.app.agent_rules import build_rule_report
from boocoder.app.host import ServiceHost
from boocoder.app.store import Store
from boocoder.app.worktrees import SessionFiles
from boocoder.config.editor import SettingsEditor
from boocoder.config.settings import Settings
from boocoder.intake.agent_tokens import AgentTokens
from boocoder.integrations.mcp_server.endpoint import McpEndpoint
from boocoder.maintenance.worktree_gc import WorktreeCollector
from boocoder.worktrees.processes import SessionProcesses
from boocoder.worktrees.terminals import Terminals

log = logging.getLogger(__name__)


async def start_api(
    host: ServiceHost,
    store: Store,
    agent_host: AgentHost,
    files: SessionFiles,
    collector: WorktreeCollector,
    agent_tokens: AgentTokens,
) -> ApiServer:
    """Listen as the settings say."""
    settings = host.settings
    warnings = warnings_of(settings)
    for warning in warnings:
        log.warning("the service can be reached from outside", extra={"warning": warning})
    terminals = _terminals(host, agent_host, files)
    server = ApiServer(
        settings=_api_settings(settings),
        services=build_api_services(
            database=store.database,
            broker=store.broker,
            outbox=store.outbox,
            changes=files.changes,
            care=files.worktrees,
            deleter=files.deleter,
            collector=collector,
            shadows=files.shadows,
            agents=agent_host.agents,
            info=ApiInfo(host.host_id, host.instance_id, settings.data_dir, warnings=warnings),
            trust=files.trust,
            rules=build_rule_report(settings, store.database, files.trust, agent_host),
            processes=SessionProcesses(database=store.database, processes=agent_host.processes),
            agent_tokens=agent_tokens,
            adopter=files.adopter,
            stored=files.stored,
            settings=SettingsEditor(settings, editable=terminals is not None),
            terminals=terminals,
        ),
        endpoints=(McpEndpoint(certificate=settings.tls_certificate),),
    )
    await host.start(server)
    agent_tokens.serve_at(server.url)
    return server


def _api_settings(settings: Settings) -> ApiSettings:
    """Where the service listens and whom it trusts, as the settings say."""
    return ApiSettings(
        data_dir=settings.data_dir,
        host=settings.host,
        port=settings.port,
        allow_remote=settings.allow_remote,
        allowed_hosts=settings.allowed_hosts,
        allowed_origins=settings.allowed_origins,
        tls_certificate=Path(settings.tls_certificate) if settings.tls_certificate else None,
        tls_key=Path(settings.tls_key) if settings.tls_key else None,
        phones=settings.phone.enabled,
        phone_address=settings.phone.address,
        phone_port=settings.phone.port,
    )


def warnings_of(settings: Settings) -> tuple[str, ...]:
    """What a person should know about who can reach the service."""
    return exposure_warnings(
        settings.host,
        allowed_hosts=settings.allowed_hosts,
        tls=bool(settings.tls_certificate),
        phones=settings.phone.enabled,
        sandboxed=settings.sandbox.profile != "off",
    )


def _terminals(host: ServiceHost, agent_host: AgentHost, files: SessionFiles) -> Terminals | None:
    """Shells in worktrees: only where this machine alone can reach the service, unless the settings say more."""
    settings = host.settings
    opened = settings.allow_remote or settings.allowed_hosts or settings.phone.enabled
    alone = is_loopback(settings.host) and not opened
    if settings.terminal == "off" or (settings.terminal == "auto" and not alone):
        return None
    terminals = Terminals(snapshots=files.snapshots, processes=agent_host.processes)
    host.on_stop(terminals.stop)
    return terminals
