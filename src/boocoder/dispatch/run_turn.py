"""One claimed task from its first row to its last: prepare, drive, record, settle."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from boocoder.broker.broker import Broker
from boocoder.changes.measure import path_text
from boocoder.db.agent_sessions import AgentSessionState
from boocoder.db.claim import ClaimedTask
from boocoder.db.pool import Database
from boocoder.dispatch.agents import Agents, Chosen, choose
from boocoder.dispatch.asking import Decisions
from boocoder.dispatch.drive import drive, failed_by
from boocoder.dispatch.handover import attached_text
from boocoder.dispatch.liveness import Liveness
from boocoder.dispatch.owner import Owner
from boocoder.dispatch.prepare import Opened, handover_text, missed_text, notes_text, open_turn
from boocoder.dispatch.record import Recorder
from boocoder.dispatch.settle import Ending, settle
from boocoder.dispatch.start_snapshot import StartSnapshot
from boocoder.dispatch.workspace import Taken, Workspace, Workspaces, known_worktree
from boocoder.errors import BoocoderError, Conflict, LeaseLost, Unavailable
from boocoder.events.agent_event import Notice, NoticeLevel
from boocoder.events.transcript import Transcript, TurnIds
from boocoder.failpoints import Failpoints
from boocoder.model.turn import (
    AgentSessionRef,
    Cancelled,
    Interrupted,
    Outcome,
    StopReason,
    StopSignal,
    TurnRequest,
)

log = logging.getLogger(__name__)

TOLD = "{agent} was told what was said here since its last turn."
SETTLE_S = 60.0  # for a database that is being restarted
SETTLE_RETRY_S = 0.5
SKIPPED_SHOWN = 20  # files that a snapshot had to leave out, named one by one
SNAPSHOT_S = 120.0  # a worktree that cannot be read in this time leaves the change as it was, visibly


@dataclass(frozen=True, slots=True)
class TurnSettings:
    """What a turn is allowed.

    Args:
        silence_s: the watchdog's limit without any event.
        silence_by_agent: the same for single agents; 0.0 for the general one.
        tool_silence_s: the same while a tool is running.
        agent_fallback: the agent to use where the named one is not available; "" for none.
    """

    silence_s: float = 180.0
    silence_by_agent: Mapping[str, float] = field(default_factory=dict)
    tool_silence_s: float = 3600.0
    agent_fallback: str = ""


@dataclass(frozen=True, slots=True)
class TurnServices:
    """What running a turn needs; made once by the composition root.

    Args:
        decisions: wakes turns that wait for a person.
        opened_sessions: native ids of agent sessions that this process has opened: they need no handover.
    """

    database: Database
    broker: Broker
    agents: Agents
    workspaces: Workspaces
    settings: TurnSettings
    decisions: Decisions
    failpoints: Failpoints
    opened_sessions: set[str] = field(default_factory=set)


async def run_turn(task: ClaimedTask, owner: Owner, stop: StopSignal, services: TurnServices) -> None:
    """Run the task to its end. Whatever happens, it is settled exactly once, or its lease was lost.

    Raises:
        LeaseLost: another host owns the turn now; nothing more was written.
    """
    services.failpoints.hit("claim.after")
    start = StartSnapshot(task, services.workspaces)
    try:
        start.begin(known_worktree(task))  # beside what is stored meanwhile: the prompt waits for both
        chosen = await choose(task.agent, services.agents, fallback=services.settings.agent_fallback)
        agent = chosen.agent if isinstance(chosen, Chosen) else task.agent
        opened = await open_turn(task, owner, agent=agent, database=services.database, broker=services.broker)
        services.failpoints.hit("prepare.after_commit")
        turn = _Turn(task, owner, stop, services, opened, agent, start)
        if isinstance(chosen, Chosen):
            await turn.run(chosen)
        else:
            await turn.end(chosen, workspace=None, recorder=None)
    finally:
        await start.stop()


async def settle_surely(ending: Ending, *, owner: Owner, ids: TurnIds, services: TurnServices) -> None:
    """Settle, again and again while the database is away; after SETTLE_S the turn is left to the rescue."""
    give_up_at = time.monotonic() + SETTLE_S
    while True:
        try:
            await settle(
                ending,
                owner=owner,
                ids=ids,
                database=services.database,
                broker=services.broker,
                failpoints=services.failpoints,
            )
        except Unavailable:
            if time.monotonic() > give_up_at:
                raise
            await asyncio.sleep(SETTLE_RETRY_S)
        else:
            return


class _Turn:
    """The state that the steps of one turn share."""

    def __init__(
        self,
        task: ClaimedTask,
        owner: Owner,
        stop: StopSignal,
        services: TurnServices,
        opened: Opened,
        agent: str,
        start: StartSnapshot,
    ) -> None:
        self._task = task
        self._owner = owner
        self._stop = stop
        self._services = services
        self._opened = opened
        self._agent = agent
        self._transcript = Transcript(opened.ids, agent=agent)
        self._start = start

    async def run(self, chosen: Chosen) -> None:
        """Drive the backend and settle what came of it, with the session's worktree to itself."""
        try:
            async with self._services.workspaces.turn(self._task.session_id):
                await self._run(chosen)
        except Conflict as error:  # whoever has it does not let it go
            await self.end(failed_by(error), workspace=None, recorder=None)

    async def _run(self, chosen: Chosen) -> None:
        limits = self._services.settings
        liveness = Liveness(
            silence_s=limits.silence_by_agent.get(self._agent) or limits.silence_s,
            tool_silence_s=limits.tool_silence_s,
            running_tools=lambda: self._transcript.running_tools,
        )
        workspace: Workspace | None = None
        async with self._recorder(chosen, liveness) as recorder:
            try:
                if chosen.notice is not None:
                    await recorder.emit(chosen.notice)
                ready = await self._services.workspaces.ensure(self._task, emit=recorder.emit, stop=self._stop)
                workspace = ready if isinstance(ready, Workspace) else None
                if isinstance(ready, Workspace):
                    outcome = await self._drive(chosen, ready, recorder, liveness)
                else:
                    outcome = ready
            except LeaseLost:
                raise
            except Exception as error:
                log.warning("turn failed", extra={"task_id": self._task.id}, exc_info=error)
                outcome = failed_by(error)
            await self.end(outcome, workspace=workspace, recorder=recorder)

    def _recorder(self, chosen: Chosen, liveness: Liveness) -> Recorder:
        return Recorder(
            database=self._services.database,
            broker=self._services.broker,
            owner=self._owner,
            ids=self._opened.ids,
            agent=self._agent,
            backend=chosen.backend.name,
            transcript=self._transcript,
            liveness=liveness,
            stop=self._stop,
            failpoints=self._services.failpoints,
            decisions=self._services.decisions,
            opened_sessions=self._services.opened_sessions,
            before_prompt=self._start.wait,
        )

    async def _drive(self, chosen: Chosen, workspace: Workspace, recorder: Recorder, liveness: Liveness) -> Outcome:
        liveness.touch()  # making a worktree may have taken long
        if self._stop.reason is StopReason.CANCELLED:
            return Cancelled()
        self._start.begin(workspace.worktree)
        request = await self._request(chosen, workspace)
        missed = await self._missed()
        if missed:
            await recorder.emit(Notice("told_what_it_missed", TOLD.format(agent=self._agent)))
            request = replace(request, prompt=f"{missed}\n{request.prompt}")
        notes = await notes_text(self._task, database=self._services.database)
        if notes:
            await recorder.emit(Notice("told_about_files", f"{self._agent} was told: {notes}"))
            request = replace(request, prompt=f"{notes}\n\n{request.prompt}")
        return await drive(chosen.backend, request, recorder, liveness)

    async def _missed(self) -> str:
        """What other agents did in this chat since this one's last turn."""
        if self._agent != self._task.agent:
            return ""
        return await missed_text(self._task, database=self._services.database)

    async def _request(self, chosen: Chosen, workspace: Workspace) -> TurnRequest:
        task = self._task
        handover = ""
        if task.native_id not in self._services.opened_sessions:
            handover = await handover_text(task, database=self._services.database)
        request = request_of(task, self._agent, workspace.worktree.path, self._stop)
        return replace(request, model=task.model or chosen.info.default_model, handover=handover)

    async def end(self, outcome: Outcome, *, workspace: Workspace | None, recorder: Recorder | None) -> None:
        """Settle; a stop of the host in the middle of it waits until it is done."""
        self._services.failpoints.hit("settle.before_snapshot")
        await asyncio.shield(self._settle(outcome, workspace, recorder))

    async def _settle(self, outcome: Outcome, workspace: Workspace | None, recorder: Recorder | None) -> None:
        taken = await measured(self._task, workspace, self._transcript, self._services)
        self._transcript.close_tools()
        if recorder is not None:
            await recorder.flush()
        sent = recorder is not None and recorder.prompt_sent
        ending = Ending(
            outcome=outcome,
            agent=self._agent,
            summary=self._transcript.beginning,
            usage=self._transcript.usage,
            taken=taken,
            seen_ord=self._opened.message_ord if sent else None,
            requeue=isinstance(outcome, Interrupted) and not sent,
        )
        await settle_surely(ending, owner=self._owner, ids=self._opened.ids, services=self._services)


def session_ref(task: ClaimedTask, agent: str) -> AgentSessionRef | None:
    """The agent session to resume, if the task's agent has one in this chat."""
    if task.native_id is None or agent != task.agent:
        return None
    return AgentSessionRef(
        native_id=task.native_id,
        config_hash=task.config_hash or "",
        crashed=task.agent_session_state is AgentSessionState.CRASHED,
    )


def request_of(task: ClaimedTask, agent: str, worktree: Path, stop: StopSignal) -> TurnRequest:
    """The task as its backend sees it."""
    attached = task.attached()
    return TurnRequest(
        task_id=task.id,
        epoch=task.epoch,
        session_id=task.session_id,
        chat_id=task.chat_id,
        agent=agent,
        prompt=task.prompt + attached_text(attached),
        attachments=tuple(Path(one.path) for one in attached),
        worktree=worktree,
        model=task.model,
        mode=task.mode,
        thinking=task.thinking,
        agent_session=session_ref(task, agent),
        stop=stop,
    )


async def measured(
    task: ClaimedTask, workspace: Workspace | None, transcript: Transcript, services: TurnServices
) -> Taken | None:
    """Snapshot and measure the worktree; where that fails, the transcript says so and the change stays as it was."""
    if workspace is None:
        return None
    began = time.monotonic()
    if workspace.watch is not None:
        workspace.watch.look_again()
    try:
        async with asyncio.timeout(SNAPSHOT_S):
            taken = await services.workspaces.take(task, workspace.worktree)
    except (BoocoderError, TimeoutError) as error:
        log.warning("snapshot failed", extra={"task_id": task.id}, exc_info=error)
        text = f"The worktree could not be read, so the change was left as it was: {error}"
        transcript.notice(Notice("snapshot_failed", text, NoticeLevel.WARNING))
        return None
    outside = await workspace.watch.notice(time.monotonic() - began) if workspace.watch is not None else None
    if outside is not None:
        transcript.notice(outside)
    for left_out in taken.skipped[:SKIPPED_SHOWN]:
        text = f"{path_text(left_out.path)[0]} is not in the change: {left_out.reason}"
        transcript.notice(Notice("file_skipped", text, NoticeLevel.WARNING))
    return taken
