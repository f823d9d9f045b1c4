"""Runs one claimed task from its first row to its last: prepare, drive, record, finish."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial

from boocoder.db.tasks.claim import ClaimedTask
from boocoder.dispatch.agent_choice import ChosenBackend, choose
from boocoder.dispatch.approvals import ask_host
from boocoder.dispatch.attempt_key import AttemptKey
from boocoder.dispatch.liveness import Liveness
from boocoder.dispatch.turn.drive import drive, failed_by
from boocoder.dispatch.turn.end_snapshot import EndSnapshot
from boocoder.dispatch.turn.finish import TurnEnding, finish_turn
from boocoder.dispatch.turn.own_files import OwnFilesWatch
from boocoder.dispatch.turn.prepare import OpenedTurn, PromptContext, open_turn, read_context
from boocoder.dispatch.turn.prompt import missed_by
from boocoder.dispatch.turn.recorder import Recorder, TurnHooks
from boocoder.dispatch.turn.redaction import redacted_outcome, redactor_of
from boocoder.dispatch.turn.request import request_of
from boocoder.dispatch.turn.services import TurnServices
from boocoder.dispatch.turn.start_snapshot import StartSnapshot
from boocoder.dispatch.turn.steering import TurnSteering
from boocoder.dispatch.turn.worktree_checks import WorktreeCheck, check_worktree, trust_refusal
from boocoder.dispatch.workspaces import Workspace, known_worktree
from boocoder.errors import DATABASE_AWAY, Conflict, LeaseLost, Unavailable
from boocoder.events.agent_event import Notice
from boocoder.events.transcript import Transcript
from boocoder.model.mcp_server import McpServer
from boocoder.model.turn import Cancelled, Completed, Failed, Interrupted, Outcome, StopReason, StopSignal
from boocoder.worktrees.create.setup import NotReady

log = logging.getLogger(__name__)


async def run_turn(task: ClaimedTask, attempt: AttemptKey, stop: StopSignal, services: TurnServices) -> None:
    """Run the task to its end. It is finished exactly once in any case, unless its lease was lost.

    Raises:
        LeaseLost: another host owns the turn now; nothing more was written.
    """
    services.failpoints.hit("claim.after")
    start = StartSnapshot(task, services.workspaces)
    last = EndSnapshot(task, services.workspaces, services.failpoints)
    try:
        start.begin(known_worktree(task))  # in parallel with storing the messages: the prompt waits for both
        chosen = await choose(task.agent, services.agents, fallback=services.settings.agent_fallback)
        agent = chosen.agent if isinstance(chosen, ChosenBackend) else task.agent
        opened, context, check = await asyncio.gather(
            open_turn(task, attempt, agent=agent, outbox=services.outbox),
            read_context(task, database=services.database),
            check_worktree(task, agent, services),
        )
        services.failpoints.hit("prepare.after_commit")
        turn = _TurnRun(task, attempt, stop, services, opened, context, agent, start, last, check)
        if isinstance(chosen, ChosenBackend):
            await turn.run(chosen)
        else:
            await turn.end(chosen, recorder=None)
    finally:
        await start.stop()
        await last.stop()


class _TurnRun:
    """The state that the steps of one turn share."""

    def __init__(
        self,
        task: ClaimedTask,
        attempt: AttemptKey,
        stop: StopSignal,
        services: TurnServices,
        opened: OpenedTurn,
        context: PromptContext,
        agent: str,
        start: StartSnapshot,
        last: EndSnapshot,
        check: WorktreeCheck | None,
    ) -> None:
        self._task = task
        self._attempt = attempt
        self._stop = stop
        self._services = services
        self._opened = opened
        self._context = context
        self._agent = agent
        self._transcript = Transcript(
            opened.ids,
            agent=agent,
            text_max_chars=services.settings.text_max_chars,
            redactor=redactor_of(task, services),
        )
        self._start = start
        self._last = last
        self._check = check
        self._workspace: Workspace | None = None
        self._own_files: OwnFilesWatch | None = None

    async def run(self, chosen: ChosenBackend) -> None:
        """Drive the backend and store how the turn ended, with the session's worktree to itself."""
        try:
            async with self._services.workspaces.turn(self._task.session_id):
                await self._run(chosen)
        except Conflict as error:  # another operation still holds the worktree lock
            await self.end(failed_by(error), recorder=None)

    async def _run(self, chosen: ChosenBackend) -> None:
        limits = self._services.settings
        liveness = Liveness(
            silence_s=limits.silence_by_agent.get(self._agent) or limits.silence_s,
            tool_silence_s=limits.tool_silence_s,
            running_tools=lambda: self._transcript.running_tools,
        )
        async with self._recorder(chosen, liveness) as recorder:
            try:
                for notice in (chosen.notice, self._services.workspaces.no_sandbox(self._task, self._agent)):
                    if notice is not None:
                        await recorder.emit(notice)
                ready, refusal = await self._worktree(recorder)
                if isinstance(ready, Workspace):
                    self._workspace = ready
                    with self._own_server() as servers:
                        outcome = refusal or await self._drive(chosen, ready, recorder, liveness, servers)
                else:
                    outcome = ready
            except LeaseLost:
                raise
            except Exception as error:
                log.warning("turn failed", extra={"task_id": self._task.id}, exc_info=error)
                outcome = failed_by(error)
            await self.end(outcome, recorder=recorder)

    def _recorder(self, chosen: ChosenBackend, liveness: Liveness) -> Recorder:
        return Recorder(
            self._services,
            attempt=self._attempt,
            ids=self._opened.ids,
            agent=self._agent,
            backend=chosen.backend.name,
            transcript=self._transcript,
            liveness=liveness,
            stop=self._stop,
            batches=self._opened.batches,
            hooks=TurnHooks(
                before_prompt=self._start.wait, after_prompt=self._look_at_checkout, when_done=self._measure_early
            ),
        )

    def _look_at_checkout(self) -> None:
        if self._workspace is not None and self._workspace.watch is not None:
            self._workspace.watch.begin()

    def _measure_early(self) -> None:
        if self._workspace is not None:
            self._last.begin(self._workspace)

    async def _worktree(self, recorder: Recorder) -> tuple[Workspace | NotReady, Failed | None]:
        """The worktree, and how the turn ends if nobody trusts its files; as checked at the claim if that is fresh."""
        check, ensure = self._check, self._services.workspaces.ensure
        if check is not None and check.fresh:
            ready = await ensure(self._task, emit=recorder.emit, stop=self._stop, checked=check.worktree)
            return ready, check.refusal
        ready = await ensure(self._task, emit=recorder.emit, stop=self._stop)
        if not isinstance(ready, Workspace):
            return ready, None
        return ready, await trust_refusal(self._task, self._agent, ready.worktree.path, self._services)

    def _own_server(self) -> AbstractContextManager[tuple[McpServer, ...]]:
        task = self._task
        tokens = self._services.agent_tokens
        return tokens.turn(task.id, session_id=task.session_id, project_id=task.project_id)

    async def _drive(
        self,
        chosen: ChosenBackend,
        workspace: Workspace,
        recorder: Recorder,
        liveness: Liveness,
        servers: tuple[McpServer, ...],
    ) -> Outcome:
        liveness.touch()  # making a worktree may have taken long
        if self._stop.reason is StopReason.CANCELLED:
            return Cancelled()
        self._start.begin(workspace.worktree)
        patterns = self._services.settings.own_files.get(self._agent, ())
        self._own_files = OwnFilesWatch(self._agent, patterns, workspace.worktree.path)
        await self._services.attachments.copy_here(self._task.attached())
        request = request_of(self._task, self._agent, workspace.worktree.path, self._stop, context=self._context)
        request = replace(request, model=request.model or chosen.info.default_model, mcp_servers=servers)
        if request.missed:
            count = len(missed_by(self._context.earlier, self._task.seen_message_ord))
            what = "the message" if count == 1 else f"the {count} messages"
            text = f"Sent {self._agent} {what} it missed."
            await recorder.emit(Notice("told_what_it_missed", text))
        if request.notes:
            await recorder.emit(Notice("told_about_files", f"Sent {self._agent} a note: {request.notes}"))
        steering = TurnSteering(
            self._services,
            backend=chosen.backend,
            request=request,
            recorder=recorder,
            attempt=self._attempt,
            message_id=self._opened.ids.message_id,
        )
        hosts = self._services.host_requests.during_turn(request.worktree, partial(ask_host, recorder))
        async with hosts, steering.running():
            return await drive(chosen.backend, request, recorder, liveness)

    async def end(self, outcome: Outcome, *, recorder: Recorder | None) -> None:
        """Settle; a stop of the host waits until it is done."""
        self._services.failpoints.hit("settle.before_snapshot")
        await asyncio.shield(self._end(outcome, recorder))

    async def _end(self, outcome: Outcome, recorder: Recorder | None) -> None:
        settled = isinstance(outcome, Completed) and recorder is not None and recorder.over
        measure = await self._last.measure(self._workspace, self._transcript, anew=not settled)
        for notice in self._own_files.notices(measure) if self._own_files is not None else ():
            self._transcript.notice(notice)
        self._transcript.close_tools()
        if recorder is not None:
            await self._flush(recorder)
        sent = recorder is not None and recorder.prompt_sent
        if not sent and isinstance(outcome, Failed) and outcome.error.code in DATABASE_AWAY:
            outcome = Interrupted(outcome.error)  # the agent never had the prompt: back into the queue
        ending = TurnEnding(
            outcome=redacted_outcome(outcome, self._transcript),
            agent=self._agent,
            summary=self._transcript.beginning,
            usage=self._transcript.usage,
            measure=measure,
            seen_ord=self._opened.message_ord if sent else None,
            requeue=isinstance(outcome, Interrupted) and not sent,
        )
        await finish_turn(ending, key=self._attempt, ids=self._opened.ids, services=self._services, recorder=recorder)

    async def _flush(self, recorder: Recorder) -> None:
        """Store what is left; what the database refuses is lost, and the turn ends all the same."""
        try:
            await recorder.flush()
        except (LeaseLost, Unavailable):
            raise
        except Exception:
            log.exception("the last text of a turn is lost", extra={"task_id": self._task.id})
