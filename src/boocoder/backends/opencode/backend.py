"""The opencode backend: implements the Backend contract on one warm `opencode serve`. It holds no turn's logic."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path

from boocoder.backends.base import TurnPort
from boocoder.backends.opencode import catalogue, verdict
from boocoder.backends.opencode.client import ModelChoice, Prompt, TextPart
from boocoder.backends.opencode.ids import message_id, part_id
from boocoder.backends.opencode.models import coalesce_model, default_model
from boocoder.backends.opencode.opening import Opened, config_hash, open_session
from boocoder.backends.opencode.private_home import PrivateHome
from boocoder.backends.opencode.recovery import recover_turn
from boocoder.backends.opencode.server import OpenCodeServer
from boocoder.backends.opencode.server_process import ServerProcess
from boocoder.backends.opencode.settings import ModelProvider, OpenCodeSettings
from boocoder.backends.opencode.turn import Turn
from boocoder.errors import BackendError, LeaseLost
from boocoder.events.agent_event import AgentSessionOpened, PromptSending
from boocoder.model.agent import AgentInfo, AgentState
from boocoder.model.ids import TaskId
from boocoder.model.turn import (
    AgentSessionRef,
    Failed,
    Interrupted,
    Outcome,
    ResumeStep,
    StopSignal,
    TurnError,
    TurnRequest,
)
from boocoder.process.host import ProcessHost
from boocoder.service import Supervisor

log = logging.getLogger(__name__)

_STREAM_WAIT_S = 5.0  # without a stream the turn runs as well, and shows its text at its end
_RECONCILE_S = 15.0
_HEALTH_S = 2.0  # 5 ms is usual
_WARM_S = 30.0  # the first call in a directory took up to 2 s on two slow cores


class OpenCodeBackend:
    """Drives opencode 1.x.

    Args:
        host: starts processes.
        program: opencode's program, None if it is not installed.
        state_dir: ours alone; opencode's sessions live in it, so it must outlast this process.
        provider: an OpenAI-compatible model server to offer to opencode, if there is one.
        settings: limits and choices.
    """

    name = "opencode"

    def __init__(
        self,
        *,
        host: ProcessHost,
        program: Path | None,
        state_dir: Path,
        provider: ModelProvider | None,
        settings: OpenCodeSettings,
    ) -> None:
        self.stop_grace_s = settings.abort_timeout_s + settings.settle_wait_s + 5.0
        self._program = program
        self._provider = provider
        self._settings = settings
        self._home = PrivateHome(state_dir=state_dir, provider=provider, settings=settings)
        self._server = OpenCodeServer(host=host, program=program, home=self._home, settings=settings)
        self._turns: dict[tuple[TaskId, int], Turn] = {}
        self._warm_sessions: dict[str, str] = {}  # with the newest message of those that are settled
        self._warm_process: ServerProcess | None = None
        self._directories: set[Path] = set()

    @property
    def server(self) -> OpenCodeServer:
        """The server, for statistics."""
        return self._server

    def offer(self, provider: ModelProvider | None) -> bool:
        """The model server has other models now; says whether that is news. A running server is replaced when idle."""
        if provider == self._provider:
            return False
        self._provider = provider
        self._home.offer(provider)
        self._server.replace_when_idle()
        return True

    async def start(self) -> None:
        """Nothing yet: the server starts with the first probe, warming or turn."""

    async def stop(self) -> None:
        """End the server and its tools. Safe twice and before start."""
        await self._server.stop()

    async def probe(self) -> AgentInfo:
        """Start the server if need be and ask it what it offers; bounded in time, never raises."""
        if self._home.lacks_models:
            error = _no_models(self._provider)
            return self._info(AgentState.ERROR, reason=error.text, cure=error.cure)
        try:
            async with asyncio.timeout(self._settings.probe_timeout_s), self._server.use() as process:
                offer = await catalogue.offer(process.client, self._server.neutral)
        except BackendError as error:
            missing = error.code in ("agent_missing", "agent_version_unsupported")
            state = AgentState.UNAVAILABLE if missing else AgentState.ERROR
            return self._info(state, reason=error.text, cure=error.cure)
        except TimeoutError:
            text = f"opencode did not answer within {self._settings.probe_timeout_s:.0f} s."
            return self._info(AgentState.ERROR, reason=text, cure="Run `opencode serve` by hand to see why.")
        info = self._info(AgentState.READY, version=process.version, models=offer.models, modes=offer.modes)
        return replace(info, commands=offer.commands)

    async def warm(self, worktree: Path) -> None:
        """Make opencode load what it needs for this directory. Best effort, never raises."""
        self._directories.add(worktree)
        with suppress(BackendError, TimeoutError):
            async with asyncio.timeout(_WARM_S), self._server.use() as process:
                await catalogue.warm(process.client, worktree)

    async def forget(self, worktree: Path) -> None:
        """Free what the live server holds for this directory. Best effort, never raises."""
        process = self._server.process
        if process is None or worktree not in self._directories:
            return  # asking about a foreign directory would make the server load it
        self._directories.discard(worktree)
        with suppress(BackendError):
            await process.client.dispose_instance(worktree)

    async def run_turn(self, request: TurnRequest, port: TurnPort) -> Outcome:
        """Run one turn to its end, as the Backend contract says."""
        if self._home.lacks_models:
            return Failed(_no_models(self._provider))
        async with AsyncExitStack() as stack:
            try:
                prepared = await self._prepare(stack, request)
                if prepared is None:
                    assert request.stop.reason is not None
                    return verdict.stopped(request.stop.reason)
                return await self._run(*prepared, request, port)
            except BackendError as error:
                return verdict.unusable(error.code, error.text, error.cure)

    async def reconcile(self, request: TurnRequest, port: TurnPort) -> bool:
        """Ask opencode's store about a silent turn; whether it is still being worked on."""
        turn = self._turns.get((request.task_id, request.epoch))
        return await turn.reconcile(_RECONCILE_S) if turn is not None else False

    async def recover(self, request: TurnRequest, native: AgentSessionRef, port: TurnPort) -> Outcome:
        """After a crash of ours: emit what the store has of the turn and say how far it got."""
        self._directories.add(request.worktree)
        try:
            async with self._server.use() as process:
                return await recover_turn(
                    process.client, request, native, port, abort_timeout_s=self._settings.abort_timeout_s
                )
        except BackendError as error:
            return Interrupted(TurnError(error.code, error.text, error.cure or "Resume the turn."))

    async def _prepare(self, stack: AsyncExitStack, request: TurnRequest) -> tuple[ServerProcess, Opened] | None:
        """Get the server, for as long as `stack` lives, and a session; None if the turn was stopped meanwhile."""
        self._directories.add(request.worktree)
        watch = Supervisor("opencode-opening")
        try:
            async with asyncio.timeout(None) as scope:
                watch.spawn(_expire_when_stopped(scope, request.stop), "stop")
                process = await stack.enter_async_context(self._server.use())
                if process is not self._warm_process:
                    self._warm_process, self._warm_sessions = process, {}
                opened = await open_session(
                    process.client, request, warm=self._warm_sessions, abort_timeout_s=self._settings.abort_timeout_s
                )
                await process.stream.wait_connected(_STREAM_WAIT_S)
                return process, opened
        except TimeoutError:
            return None
        finally:
            await watch.stop()

    async def _run(self, process: ServerProcess, opened: Opened, request: TurnRequest, port: TurnPort) -> Outcome:
        await port.emit(AgentSessionOpened(opened.native_id, config_hash(request.worktree), opened.step))
        for notice in opened.notices:
            await port.emit(notice)
        if request.stop.reason is not None:
            return verdict.stopped(request.stop.reason)
        await port.emit(PromptSending())
        self._warm_sessions[opened.native_id] = ""
        turn = Turn(
            request=request,
            port=port,
            process=process,
            session_id=opened.native_id,
            prompt=self._prompt(request, opened),
            settings=self._settings,
        )
        return await self._drive(turn, request, process, opened.native_id)

    async def _drive(self, turn: Turn, request: TurnRequest, process: ServerProcess, session_id: str) -> Outcome:
        key = (request.task_id, request.epoch)
        self._turns[key] = turn
        try:
            outcome = await turn.run()
        except (LeaseLost, asyncio.CancelledError):
            await asyncio.shield(self._abandon(process, session_id))
            raise
        finally:
            self._turns.pop(key, None)
        if process is self._warm_process:
            self._warm_sessions[session_id] = turn.settled_at
        if turn.unruly:
            self._warm_sessions.pop(session_id, None)
            await self._kill_unless_needed(process)
        return outcome

    async def _abandon(self, process: ServerProcess, session_id: str) -> None:
        """Nobody waits for this turn any more: it must not go on working in the worktree."""
        with suppress(BackendError):
            await process.client.abort(session_id, self._settings.abort_timeout_s)

    async def _kill_unless_needed(self, process: ServerProcess) -> None:
        """A turn did not end when told to and may still work in its worktree; other turns' health goes before."""
        if self._server.users > 1:
            with suppress(BackendError, TimeoutError):
                async with asyncio.timeout(_HEALTH_S):
                    await process.client.health()
                    return
        log.warning("opencode does not obey any more and is killed")
        await process.kill()

    def _prompt(self, request: TurnRequest, opened: Opened) -> Prompt:
        known = opened.step in (ResumeStep.WARM, ResumeStep.RESUMED)
        text = request.prompt if known or not request.handover else f"{request.handover}\n\n{request.prompt}"
        model = coalesce_model(request.model, self._provider)
        message = message_id(request.task_id, time.time())
        return Prompt(
            message_id=message,
            parts=[TextPart(part_id(message), text)],
            model=ModelChoice(model.provider, model.model) if model else None,
            agent=request.mode or None,
            variant=request.thinking or None,
        )

    def _info(
        self,
        state: AgentState,
        *,
        reason: str = "",
        cure: str = "",
        version: str = "",
        models: tuple[str, ...] = (),
        modes: tuple[str, ...] = (),
    ) -> AgentInfo:
        return AgentInfo(
            name=self.name,
            backend=self.name,
            state=state,
            reason=reason,
            cure=cure,
            version=version,
            program=str(self._program or ""),
            models=models,
            modes=modes,
            default_model=default_model(self._provider),
        )


async def _expire_when_stopped(scope: asyncio.Timeout, stop: StopSignal) -> None:
    await stop.wait()
    scope.reschedule(asyncio.get_running_loop().time())


def _no_models(provider: ModelProvider | None) -> TurnError:
    """Without a model of the person's own, opencode would quietly take a hosted one."""
    where = provider.base_url if provider else "(none)"
    return TurnError(
        "model_server_unavailable",
        f"No model is known: the model server at {where} was not reached, or lists none.",
        "Start it, or correct models.base_url; then send the prompt again.",
    )
