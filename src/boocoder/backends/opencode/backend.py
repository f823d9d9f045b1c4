"""The opencode backend: drives opencode 1 through a warm `opencode serve`, of all sessions or of one."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

from boocoder.backends.base import SteerMessage, TurnPort
from boocoder.backends.opencode import outcome as opencode_outcome
from boocoder.backends.opencode import probe
from boocoder.backends.opencode.http.client import Prompt, PromptFilePart, PromptModel, PromptText
from boocoder.backends.opencode.ids import message_id, part_id
from boocoder.backends.opencode.mcp_servers import offered_uses
from boocoder.backends.opencode.models import coalesce_model, default_model
from boocoder.backends.opencode.recovery import recover_turn
from boocoder.backends.opencode.rules import rules_of
from boocoder.backends.opencode.server.process import ServerProcess
from boocoder.backends.opencode.server.server import OpenCodeServer
from boocoder.backends.opencode.server.servers import OpenCodeServers
from boocoder.backends.opencode.session_setup import OpenCodeReadySession, config_hash, open_session
from boocoder.backends.opencode.settings import ModelProvider, OpenCodeSettings
from boocoder.backends.opencode.turn import OpenCodeTurn
from boocoder.backends.prompt_images import PromptImage, images_not_seen, read_images
from boocoder.backends.shared import outcomes
from boocoder.backends.shared.session_setup import announce_session, waiting_report
from boocoder.errors import BackendError, LeaseLost
from boocoder.events.agent_event import PromptSending
from boocoder.model.agent import AgentInfo, AgentState
from boocoder.model.ids import TaskId
from boocoder.model.mcp_server import McpServer
from boocoder.model.steer import SteerResult
from boocoder.model.turn import (
    AgentSessionRef,
    Failed,
    Interrupted,
    Outcome,
    StopSignal,
    TurnError,
    TurnRequest,
)
from boocoder.process.host import ProcessHost
from boocoder.service import TaskSupervisor

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
        state_dir: private to this backend; opencode's sessions live in it, so it must outlast this process.
        providers: model servers to offer to opencode; the first one's default model is its default.
        settings: limits and choices.
        mcp_servers: those that the person configured.
    """

    name = "opencode"

    def __init__(
        self,
        *,
        host: ProcessHost,
        program: Path | None,
        state_dir: Path,
        providers: tuple[ModelProvider, ...],
        settings: OpenCodeSettings,
        mcp_servers: tuple[McpServer, ...] = (),
    ) -> None:
        self._mcp_servers = mcp_servers
        self.stop_grace_s = settings.abort_timeout_s + settings.settle_wait_s + 5.0
        self._program = program
        self._providers = providers
        self._settings = settings
        self._servers = OpenCodeServers(
            host=host,
            program=program,
            state_dir=state_dir,
            providers=providers,
            settings=settings,
            mcp_servers=mcp_servers,
        )
        self._turns: dict[tuple[TaskId, int], OpenCodeTurn] = {}
        self._directories: set[Path] = set()

    @property
    def server(self) -> OpenCodeServer:
        """The server that sessions share, for statistics."""
        return self._servers.shared

    @property
    def own_servers(self) -> dict[Path, OpenCodeServer]:
        """Servers of single worktrees, for statistics."""
        return self._servers.own

    def offer(self, providers: tuple[ModelProvider, ...]) -> bool:
        """Take the model servers' present models; whether they changed. A running server is replaced when idle."""
        if providers == self._providers:
            return False
        self._providers = providers
        self._servers.offer(providers)
        return True

    async def start(self) -> None:
        """Nothing yet: the server starts with the first probe, warming or turn."""

    async def stop(self) -> None:
        """End the servers and their tools. Safe twice and before start."""
        await self._servers.stop()

    async def probe(self) -> AgentInfo:
        """Start the server if need be and ask it what it offers; bounded in time, never raises."""
        if self._servers.lacks_models:
            error = _no_models(self._providers)
            return self._info(AgentState.ERROR, reason=error.text, cure=error.cure)
        try:
            async with asyncio.timeout(self._settings.probe_timeout_s), self._servers.use() as process:
                offer = await probe.list_offer(process.client, self.server.neutral)
        except BackendError as error:
            missing = error.code in ("agent_missing", "agent_version_unsupported")
            state = AgentState.UNAVAILABLE if missing else AgentState.ERROR
            return self._info(state, reason=error.text, cure=error.cure)
        except TimeoutError:
            text = f"opencode did not answer within {self._settings.probe_timeout_s:.0f} s."
            return self._info(AgentState.ERROR, reason=text, cure="Run `opencode serve` by hand to see why.")
        info = self._info(AgentState.READY, version=process.version, models=offer.models, modes=offer.modes)
        return replace(info, commands=offer.commands, steering=True)

    async def warm(self, worktree: Path) -> None:
        """Make the shared server load what it needs for this directory. Best effort, never raises.

        A server of its own is not started: the worktree's git directory may be made anew before its first turn, and
        the sandbox of a server that runs would keep showing the old one.
        """
        if self._servers.has_own(worktree):
            return
        self._directories.add(worktree)
        with suppress(BackendError, TimeoutError):
            async with asyncio.timeout(_WARM_S), self._servers.use(worktree) as process:
                await probe.load_directory(process.client, worktree)

    async def forget(self, worktree: Path) -> None:
        """Free the live server's resources for this directory. Best effort, never raises."""
        process = self._servers.peek(worktree)
        if process is None or worktree not in self._directories:
            return  # asking about a foreign directory would make the server load it
        self._directories.discard(worktree)
        with suppress(BackendError):
            await process.client.dispose_instance(worktree)
        await self._servers.end(worktree)

    async def run_turn(self, request: TurnRequest, port: TurnPort) -> Outcome:
        """Run one turn to its end, as the Backend contract says."""
        if self._servers.lacks_models:
            return Failed(_no_models(self._providers))
        async with AsyncExitStack() as stack:
            try:
                prepared = await self._prepare(stack, request)
                if prepared is None:
                    assert request.stop.reason is not None
                    return outcomes.stopped(request.stop.reason)
                return await self._run(*prepared, request, port)
            except BackendError as error:
                return opencode_outcome.unusable(error.code, error.text, error.cure)

    async def steer(self, request: TurnRequest, message: SteerMessage) -> SteerResult:
        """Give the message to the turn's session as a second prompt."""
        turn = self._turns.get((request.task_id, request.epoch))
        return await turn.steer(message) if turn is not None else SteerResult.REFUSED

    async def reconcile(self, request: TurnRequest, port: TurnPort) -> bool:
        """Ask opencode's store about a silent turn; whether it is still being worked on."""
        turn = self._turns.get((request.task_id, request.epoch))
        return await turn.reconcile(_RECONCILE_S) if turn is not None else False

    async def recover(self, request: TurnRequest, native: AgentSessionRef, port: TurnPort) -> Outcome:
        """Emit what the store has of the turn after a crash, and return how far it got."""
        self._directories.add(request.worktree)
        try:
            async with self._servers.use(request.worktree) as process:
                return await recover_turn(
                    process.client, request, native, port, abort_timeout_s=self._settings.abort_timeout_s
                )
        except BackendError as error:
            return Interrupted(TurnError(error.code, error.text, error.cure or "Resume the turn."))

    async def _prepare(
        self, stack: AsyncExitStack, request: TurnRequest
    ) -> tuple[ServerProcess, OpenCodeReadySession] | None:
        """Get the server, for the lifetime of `stack`, and a session; None if the turn was stopped in the meantime."""
        self._directories.add(request.worktree)
        watch = TaskSupervisor("opencode-opening")
        try:
            async with asyncio.timeout(None) as scope:
                watch.spawn(_expire_when_stopped(scope, request.stop), "stop")
                process = await stack.enter_async_context(self._servers.use(request.worktree))
                opened = await open_session(
                    process.client, request, warm=process.warm_sessions, abort_timeout_s=self._settings.abort_timeout_s
                )
                await process.stream.wait_connected(_STREAM_WAIT_S)
                return process, opened
        except TimeoutError:
            return None
        finally:
            await watch.stop()

    async def _run(
        self, process: ServerProcess, opened: OpenCodeReadySession, request: TurnRequest, port: TurnPort
    ) -> Outcome:
        await announce_session(
            port,
            native_id=opened.native_id,
            config_hash=config_hash(request.worktree),
            step=opened.step,
            notices=opened.notices,
        )
        async with self._place(request, port) as entered:
            if not entered or request.stop.reason is not None:
                assert request.stop.reason is not None
                return outcomes.stopped(request.stop.reason)
            return await self._send(process, opened, request, port)

    @asynccontextmanager
    async def _place(self, request: TurnRequest, port: TurnPort) -> AsyncIterator[bool]:
        """A place at the turn's model server; False if the turn was asked to stop while it waited for one."""
        model = coalesce_model(request.model, self._providers)
        gates = {provider.id: provider.gate for provider in self._providers}
        gate = gates.get(model.provider) if model is not None else None
        if model is None or gate is None:
            yield True
            return
        async with gate.turn(model.model, stop=request.stop, report=waiting_report(port)) as entered:
            yield entered

    async def _send(
        self, process: ServerProcess, opened: OpenCodeReadySession, request: TurnRequest, port: TurnPort
    ) -> Outcome:
        """Give opencode the prompt, and run the turn to its end."""
        images = await self._images(process, request, port)
        prompt = await asyncio.to_thread(self._prompt, request, opened, images)
        await port.emit(PromptSending())
        process.warm_sessions[opened.native_id] = ""
        turn = OpenCodeTurn(
            request=request,
            port=port,
            process=process,
            session_id=opened.native_id,
            prompt=prompt,
            settings=self._settings,
        )
        return await self._drive(turn, request, process, opened.native_id)

    async def _images(self, process: ServerProcess, request: TurnRequest, port: TurnPort) -> tuple[PromptImage, ...]:
        """The attached images for a model that sees them; the person is told where it does not."""
        found = await read_images(request.attachments)
        if not found.images:
            return ()
        model = coalesce_model(request.model, self._providers)
        # Without a model opencode takes its own default, and answers for one that sees no images.
        seen = model is None or await probe.sees_images(process.client, request.worktree, model)
        for notice in found.notices if seen else (images_not_seen(str(model)),):
            await port.emit(notice)
        return found.images if seen else ()

    async def _drive(
        self, turn: OpenCodeTurn, request: TurnRequest, process: ServerProcess, session_id: str
    ) -> Outcome:
        key = (request.task_id, request.epoch)
        self._turns[key] = turn
        try:
            outcome = await turn.run()
        except (LeaseLost, asyncio.CancelledError):
            await asyncio.shield(self._abandon(process, session_id))
            raise
        finally:
            self._turns.pop(key, None)
        process.warm_sessions[session_id] = turn.settled_at
        if turn.unruly:
            process.warm_sessions.pop(session_id, None)
            await self._kill_unless_needed(process)
        return outcome

    async def _abandon(self, process: ServerProcess, session_id: str) -> None:
        """Abort an orphaned turn so that it stops modifying the worktree."""
        with suppress(BackendError):
            await process.client.abort(session_id, self._settings.abort_timeout_s)

    async def _kill_unless_needed(self, process: ServerProcess) -> None:
        """Kill a server that ignored an abort, unless other turns use it and it answers."""
        if process.users > 1:
            with suppress(BackendError, TimeoutError):
                async with asyncio.timeout(_HEALTH_S):
                    await process.client.health()
                    return
        log.warning("opencode ignored the abort, killing the server")
        await process.kill()

    def _prompt(self, request: TurnRequest, opened: OpenCodeReadySession, images: tuple[PromptImage, ...]) -> Prompt:
        model = coalesce_model(request.model, self._providers)
        message = message_id(request.task_id, time.time())
        files = [
            PromptFilePart(part_id(message, number), image.data_url, image.media_type, image.path.name)
            for number, image in enumerate(images, start=1)
        ]
        return Prompt(
            message_id=message,
            parts=[PromptText(part_id(message), request.prompt_text(opened.step)), *files],
            model=PromptModel(model.provider, model.model) if model else None,
            agent=request.mode or None,
            variant=request.thinking or None,
            system=rules_of(request.worktree) or None,
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
        default = default_model(self._providers)
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
            default_model=str(default) if default is not None else None,
            mcp_servers=offered_uses(self._mcp_servers),
            model_details=tuple(
                replace(one, id=f"{provider.id}/{one.id}", label=f"{provider.id}/{one.label}")
                for provider in self._providers
                for one in provider.details
            ),
        )


async def _expire_when_stopped(scope: asyncio.Timeout, stop: StopSignal) -> None:
    await stop.wait()
    scope.reschedule(asyncio.get_running_loop().time())


def _no_models(providers: tuple[ModelProvider, ...]) -> TurnError:
    """Without a model of the person's own, opencode would quietly take a hosted one."""
    where = ", ".join(provider.base_url for provider in providers)
    return TurnError(
        "model_server_unavailable",
        f"No model is known: the model server at {where} was not reached, or lists none.",
        "Start it, or correct models.base_url; then send the prompt again.",
    )
