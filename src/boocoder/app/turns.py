"""Builds and starts what runs turns: orphan recovery, dispatcher, leases and the queue listener."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from boocoder.app.agent_host import AgentHost
from boocoder.app.agents import own_files, silence_limits
from boocoder.app.host import ServiceHost
from boocoder.app.redaction import build_redactor
from boocoder.app.store import Store
from boocoder.app.worktrees import SessionFiles, start_apply_watch, start_snapshot_writer, start_takeover
from boocoder.config.settings import Settings
from boocoder.db.conversation.overflow import OverflowFiles
from boocoder.dispatch.approvals import ApprovalWaiters, AskSettings
from boocoder.dispatch.dispatcher import Dispatcher, DispatchSettings
from boocoder.dispatch.leases import LeaseKeeper
from boocoder.dispatch.turn.agent_session_rows import AgentSessionRows
from boocoder.dispatch.turn.services import TurnServices, TurnSettings
from boocoder.dispatch.workspaces import Workspaces
from boocoder.forges.follower import BranchFollower
from boocoder.intake.agent_tokens import AgentTokens
from boocoder.intake.attachments import Attachments
from boocoder.intake.delegation import DelegationLimits
from boocoder.intake.listener import QueueListener
from boocoder.maintenance.orphan_recovery import OrphanRecovery, RecoverySettings
from boocoder.model.ids import SessionId, TaskId
from boocoder.model.limits import LEASE_RENEW_S
from boocoder.model.turn import StopReason
from boocoder.placement.project_check import ProjectCheck
from boocoder.placement.watch import PlacementWatch
from boocoder.service import TaskSupervisor
from boocoder.webhooks.dispatcher import WebhookDispatcher
from boocoder.worktrees.checkout_watch import CheckoutWatch
from boocoder.worktrees.create.copy_plan import CopyLimits
from boocoder.worktrees.create.factory import WorktreeFactory
from boocoder.worktrees.create.setup import WorktreeSetup
from boocoder.worktrees.stored.writer import SnapshotWriter


@dataclass(frozen=True, slots=True)
class Dispatching:
    """What the service cannot go on without."""

    dispatcher: Dispatcher
    leases: LeaseKeeper

    async def wait_failed(self) -> BaseException:
        """Wait until one of both has died."""
        waits = TaskSupervisor("dispatch failure")
        try:
            each = [waits.spawn(one.wait_failed(), "wait") for one in (self.dispatcher, self.leases)]
            done, _ = await asyncio.wait(each, return_when=asyncio.FIRST_COMPLETED)
            return done.pop().result()
        finally:
            await waits.stop()


def build_agent_tokens(settings: Settings) -> AgentTokens:
    """The tokens of agents, within the limits of the settings; the API must tell it where it answers."""
    given = settings.delegation
    if not given.enabled:
        return AgentTokens()
    return AgentTokens(DelegationLimits(depth=given.depth, tasks=given.tasks, cost_usd=given.cost_usd))


async def start_dispatch(
    host: ServiceHost,
    store: Store,
    agent_host: AgentHost,
    files: SessionFiles,
    webhooks: WebhookDispatcher,
    follower: BranchFollower,
    agent_tokens: AgentTokens,
) -> Dispatching:
    """Recover turns of an earlier run, then claim new tasks."""
    settings = host.settings
    services = _turn_services(host, store, agent_host, files, agent_tokens)
    writer = await start_snapshot_writer(host, store, files)
    recovery = OrphanRecovery(
        host_id=host.host_id, instance_id=host.instance_id, services=services, settings=RecoverySettings()
    )
    await host.start(recovery)
    dispatcher = Dispatcher(
        host_id=host.host_id,
        instance_id=host.instance_id,
        services=services,
        settings=DispatchSettings(
            max_turns=settings.max_turns,
            poll_s=settings.poll_interval_s,
            lease_ttl_s=settings.lease_ttl_s,
            drain_s=settings.drain_s,
            stop_grace_s=settings.stop_grace_s,
            substitute=bool(settings.agent_fallback),
        ),
        on_turn_ended=_at_turn_end(follower, writer),
    )
    leases = LeaseKeeper(
        database=store.database,
        dispatcher=dispatcher,
        host_id=host.host_id,
        instance_id=host.instance_id,
        ttl_s=settings.lease_ttl_s,
        renew_s=LEASE_RENEW_S,
        on_abandoned=recovery.take,
    )
    await host.start(leases)
    await host.start(dispatcher)
    watch = _placement_watch(host, store, agent_host, dispatcher)
    await host.start(watch)
    await start_takeover(host, store, files)
    await start_apply_watch(host, store, files)
    await host.start(_listener(store, dispatcher, services.approval_waiters, watch, webhooks, follower))
    return Dispatching(dispatcher, leases)


def _at_turn_end(follower: BranchFollower, writer: SnapshotWriter | None) -> Callable[[SessionId], None]:
    """What is told of sessions whose turn has ended."""

    def tell(session_id: SessionId) -> None:
        follower.wake()
        if writer is not None:
            writer.store_soon(session_id)

    return tell


def _placement_watch(host: ServiceHost, store: Store, agent_host: AgentHost, dispatcher: Dispatcher) -> PlacementWatch:
    return PlacementWatch(
        database=store.database,
        host_id=host.host_id,
        check=ProjectCheck(database=store.database, host_id=host.host_id),
        find_agent=agent_host.agents.info,
        on_found=dispatcher.wake,
    )


def _turn_services(
    host: ServiceHost,
    store: Store,
    agent_host: AgentHost,
    files: SessionFiles,
    agent_tokens: AgentTokens,
) -> TurnServices:
    settings = host.settings
    return TurnServices(
        database=store.database,
        broker=store.broker,
        outbox=store.outbox,
        agents=agent_host.agents,
        workspaces=_workspaces(host, store, agent_host, files),
        settings=_turn_settings(settings),
        approval_waiters=ApprovalWaiters(
            AskSettings(
                timeout_s=settings.permission_timeout_s,
                timeout_allows=settings.permission_timeout_answer == "allow",
                poll_s=settings.poll_interval_s,
            )
        ),
        agent_sessions=AgentSessionRows(database=store.database),
        overflow=OverflowFiles(settings.data_dir / "overflow"),
        attachments=Attachments(database=store.database, root=settings.data_dir / "attachments"),
        failpoints=host.failpoints,
        redactor=build_redactor(settings),
        trust=files.trust,
        agent_tokens=agent_tokens,
        host_requests=agent_host.processes.host_requests,
    )


def _turn_settings(settings: Settings) -> TurnSettings:
    return TurnSettings(
        silence_s=settings.silence_timeout_s,
        silence_by_agent=silence_limits(settings),
        own_files=own_files(settings),
        agent_fallback=settings.agent_fallback,
        text_max_chars=settings.turn_text_max_kchars * 1000,
    )


def _workspaces(host: ServiceHost, store: Store, agent_host: AgentHost, files: SessionFiles) -> Workspaces:
    watch = CheckoutWatch(shadows=files.shadows)
    host.on_stop(watch.stop)
    copies = host.settings.worktrees
    return Workspaces(
        database=store.database,
        shadows=files.shadows,
        worktrees=WorktreeFactory(
            database=store.database,
            shadows=files.shadows,
            setup=WorktreeSetup(
                database=store.database,
                processes=agent_host.processes,
                copy_limits=CopyLimits(copies.copy_files, copies.copy_total_mib),
            ),
            root=host.settings.data_dir / "worktrees",
            indexes=host.settings.data_dir / "indexes",
            failpoints=host.failpoints,
            host_id=host.host_id,
            spares=files.worktrees.spares,
        ),
        locks=files.locks,
        watch=watch,
        failpoints=host.failpoints,
        sandbox=agent_host.sandbox,
    )


def _listener(
    store: Store,
    dispatcher: Dispatcher,
    approval_waiters: ApprovalWaiters,
    watch: PlacementWatch,
    webhooks: WebhookDispatcher,
    follower: BranchFollower,
) -> QueueListener:
    def wake() -> None:
        watch.look_again()
        dispatcher.wake()
        approval_waiters.wake()
        webhooks.wake()
        follower.wake()

    def cancel(task_id: TaskId) -> None:
        dispatcher.ask_to_stop(task_id, StopReason.CANCELLED)

    def tell_webhooks(turned_off: UUID | None) -> None:
        if turned_off is None:
            webhooks.wake()
        else:
            webhooks.stop_webhook(turned_off)

    return QueueListener(
        dsn=store.database.dsn,
        on_wake=wake,
        on_ready=lambda _: dispatcher.wake(),
        on_cancel=cancel,
        on_events=store.broker.seen_until,
        on_permissions=approval_waiters.wake,
        on_project=watch.project_changed,
        on_webhooks=tell_webhooks,
        on_forges=follower.wake,
    )
