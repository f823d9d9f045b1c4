"""Runs turns in kept-open agents: one process per session, warm between turns, within a budget."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from boocoder.backends.base import TurnPort
from boocoder.backends.oneshot.attempt import ResumeRefused
from boocoder.backends.oneshot.command.command_line import command_line, environment
from boocoder.backends.oneshot.formats.registry import reader_of
from boocoder.backends.oneshot.outcome import last_meaningful_line
from boocoder.backends.oneshot.runner_base import Runner
from boocoder.backends.oneshot.session_setup import OneShotReadySession
from boocoder.backends.oneshot.session_store import OneShotSessionStore
from boocoder.backends.oneshot.settings import OneShotAgent, OneShotSettings
from boocoder.backends.oneshot.stdio.process import StdioProcess
from boocoder.backends.oneshot.stdio.turn import StdioTurn
from boocoder.backends.prompt_images import read_images
from boocoder.backends.shared.session_setup import LEFT_UNFINISHED
from boocoder.backends.shared.warm_pool import WarmLimits, WarmPool
from boocoder.errors import BackendError
from boocoder.model.mcp_server import McpServer
from boocoder.model.turn import Outcome, ResumeStep, TurnRequest
from boocoder.process.host import Command, ProcessHost

T = TypeVar("T")

_SPENT_GRACE_S = 0.5  # of a process that ignored a cancel


class StdioRunner(Runner[StdioTurn]):
    """The kept-open processes of one agent, and their turns."""

    def __init__(
        self,
        *,
        host: ProcessHost,
        agent: OneShotAgent,
        state_dir: Path,
        store: OneShotSessionStore,
        settings: OneShotSettings,
        mcp_servers: tuple[McpServer, ...] = (),
    ) -> None:
        super().__init__(
            host=host, agent=agent, state_dir=state_dir, store=store, settings=settings, mcp_servers=mcp_servers
        )
        self._places: dict[str, Path] = {}
        limits = WarmLimits(
            close_grace_s=settings.close_grace_s,
            idle_s=settings.idle_s,
            budget_bytes=settings.budget_bytes,
            sweep_s=settings.sweep_s,
        )
        self.pool: WarmPool[str, StdioProcess] = WarmPool(name="oneshot", limits=limits)

    def start(self) -> None:
        """Begin to look after age and memory."""
        self.pool.start()

    async def stop(self) -> None:
        """End every process. Safe twice and before start."""
        await self.pool.stop()
        self._places.clear()

    async def forget(self, worktree: Path) -> None:
        """End the processes of a worktree."""
        for native_id in [native_id for native_id, place in self._places.items() if place == worktree]:
            await self.end(native_id, self.settings.close_grace_s)

    async def end(self, native_id: str, grace_s: float) -> None:
        """End the process of a session."""
        self._places.pop(native_id, None)
        await self.pool.end(native_id, grace_s)

    async def prepare(self, request: TurnRequest, opening: OneShotReadySession) -> StdioAttempt:
        """The session's process, ready for a prompt; another model or mode is another process of the same session.

        Raises:
            ResumeRefused: the agent does not have the session.
            ProcessError, BackendError: the process cannot be had.
        """
        session = opening.known.agent_id if opening.known is not None else opening.native_id
        args = self.agent.resume_args if opening.known is not None else self.agent.new_session_args
        mcp_file = await asyncio.to_thread(self.mcp_file, request.worktree)
        line = partial(command_line, self.agent, request, session=session, prompt="", mcp_file=mcp_file)
        bare, argv = line(session_args=()), line(session_args=args)
        warm = self.pool.peek(opening.native_id)
        if warm is not None and warm.command != bare:
            await self.end(opening.native_id, self.settings.close_grace_s)
        elif warm is not None:
            opening = replace(opening, step=ResumeStep.WARM)
        if opening.known is not None and opening.step is not ResumeStep.WARM:
            self._check_resumable(request)
        extra = environment(self.agent, request, session=session)
        command = self.command(argv, request, extra, mcp_file)
        conversation = await self._acquire(request, opening, command, bare)
        return StdioAttempt(self, request, opening, conversation)

    def _check_resumable(self, request: TurnRequest) -> None:
        if not self.agent.resume_args:
            raise ResumeRefused("this agent cannot resume sessions")
        if self.agent.fresh_after_kill and request.agent_session is not None and request.agent_session.unfinished:
            raise ResumeRefused(LEFT_UNFINISHED)

    async def _acquire(
        self, request: TurnRequest, opening: OneShotReadySession, command: Command, bare: tuple[str, ...]
    ) -> StdioProcess:
        self._places = {id: place for id, place in self._places.items() if id in self.pool}
        self._places[opening.native_id] = request.worktree
        try:
            return await self.pool.acquire(opening.native_id, lambda: self._open(command, bare))
        except BackendError as error:
            if opening.known is not None and error.code == "agent_died":
                raise ResumeRefused(last_meaningful_line(error.text)) from error
            raise

    async def _open(self, command: Command, bare: tuple[str, ...]) -> StdioProcess:
        limit = self.settings.line_limit_bytes
        child = await self._host.spawn(command, stdin=True, line_limit_bytes=limit)
        conversation = StdioProcess(child=child, worktree=command.cwd, command=bare)
        try:
            await conversation.start(self.settings.start_timeout_s)
        except BaseException:
            await conversation.close(0.0)
            raise
        return conversation


class StdioAttempt:
    """One try of a turn.

    Args:
        runner: the runner of this turn.
        request: the turn.
        opening: its session.
        conversation: its process.
    """

    def __init__(
        self, runner: StdioRunner, request: TurnRequest, opening: OneShotReadySession, conversation: StdioProcess
    ) -> None:
        self._runner = runner
        self._request = request
        self._conversation = conversation
        self._clean = True
        self.opening = opening

    async def run(self, port: TurnPort) -> Outcome:
        """See `Attempt.run`."""
        runner, request = self._runner, self._request
        found = await read_images(request.attachments if runner.agent.images else ())
        for notice in found.notices:
            await port.emit(notice)
        record = runner.record(request, self.opening)
        turn = StdioTurn(
            agent=runner.agent,
            conversation=self._conversation,
            prompt=request.prompt_text(self.opening.step),
            images=found.images,
            mode=request.mode or runner.agent.safe_mode,
            unfinished=request.unfinished_after(self.opening.step),
            words=request.prompt,
            reader=reader_of(runner.agent.format, cost_before=self.opening.cost_before),
            record=record,
            port=port,
            stop=request.stop,
            settings=runner.settings,
        )
        key = (request.task_id, request.epoch)
        runner.turns[key] = turn
        self._clean = False
        try:
            outcome = await turn.run()
            self._clean = not turn.spoiled
            return outcome
        finally:
            runner.turns.pop(key, None)
            record.close()

    async def close(self) -> None:
        """Keep the process for the next turn, or end it if it is spoiled."""
        if not self._clean:
            await self._runner.end(self.opening.native_id, _SPENT_GRACE_S)
        self._runner.pool.release(self.opening.native_id)
