"""Runs each turn as one command and leaves none of its processes behind."""

from __future__ import annotations

import asyncio
from pathlib import Path

from boocoder.backends.base import TurnPort
from boocoder.backends.oneshot.command.command_line import command_line, environment
from boocoder.backends.oneshot.command.turn import CommandTurn
from boocoder.backends.oneshot.formats.registry import reader_of
from boocoder.backends.oneshot.runner_base import Runner
from boocoder.backends.oneshot.session_setup import OneShotReadySession
from boocoder.backends.oneshot.settings import PromptInput, TerminalKind
from boocoder.model.turn import Outcome, TurnRequest
from boocoder.process.child import Child
from boocoder.process.terminal import TerminalSize

_TERM = "xterm-256color"  # for a program on a pseudo-terminal
_DUMB = {"TERM": "dumb", "NO_COLOR": "1"}


class CommandRunner(Runner[CommandTurn]):
    """The turns of one agent, each a command."""

    def start(self) -> None:
        """Nothing: a command starts with its turn."""

    async def stop(self) -> None:
        """End the commands that run. Safe twice."""
        await asyncio.gather(*(turn.end(self.settings.close_grace_s) for turn in list(self.turns.values())))

    async def forget(self, worktree: Path) -> None:
        """Nothing: a command ends with its turn."""

    async def prepare(self, request: TurnRequest, opening: OneShotReadySession) -> CommandAttempt:
        """A try of the turn; nothing is started yet."""
        return CommandAttempt(self, request, opening)

    async def spawn(self, request: TurnRequest, opening: OneShotReadySession, prompt: str) -> Child:
        """Start the command.

        Raises:
            ProcessError: it cannot be started.
        """
        known = opening.known
        by_argument = prompt if self.agent.prompt is PromptInput.ARGUMENT else ""
        session = known.agent_id if known is not None else opening.native_id
        mcp_file = await asyncio.to_thread(self.mcp_file, request.worktree)
        argv = command_line(
            self.agent,
            request,
            session_args=self.agent.resume_args if known is not None else self.agent.new_session_args,
            session=session,
            prompt=by_argument,
            mcp_file=mcp_file,
        )
        in_terminal = self.agent.terminal is TerminalKind.PTY
        term = {"TERM": _TERM} if in_terminal else _DUMB
        extra = {**term, **environment(self.agent, request, session=session)}
        return await self._host.spawn(
            self.command(argv, request, extra, mcp_file),
            stdin=self.agent.prompt is PromptInput.STDIN,
            line_limit_bytes=self.settings.line_limit_bytes,
            terminal=TerminalSize() if in_terminal else None,
        )


class CommandAttempt:
    """One try of a turn.

    Args:
        runner: the runner of this turn.
        request: the turn.
        opening: its session.
    """

    def __init__(self, runner: CommandRunner, request: TurnRequest, opening: OneShotReadySession) -> None:
        self._runner = runner
        self._request = request
        self.opening = opening

    async def run(self, port: TurnPort) -> Outcome:
        """See `Attempt.run`."""
        runner, request = self._runner, self._request
        prompt = request.prompt_text(self.opening.step)
        record = runner.record(request, self.opening)
        try:
            turn = CommandTurn(
                agent=runner.agent,
                child=await runner.spawn(request, self.opening, prompt),
                prompt=prompt,
                reader=reader_of(runner.agent.format, cost_before=self.opening.cost_before),
                record=record,
                port=port,
                stop=request.stop,
                resumed=self.opening.known is not None,
                settings=runner.settings,
            )
            return await self._follow(turn)
        finally:
            record.close()

    async def _follow(self, turn: CommandTurn) -> Outcome:
        key = (self._request.task_id, self._request.epoch)
        self._runner.turns[key] = turn
        try:
            return await turn.run()
        finally:
            self._runner.turns.pop(key, None)

    async def close(self) -> None:
        """Nothing: the command is gone."""
