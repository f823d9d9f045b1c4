"""Runs turns as a command each: starts it for the prompt and sees that nothing of it is left."""

from __future__ import annotations

import asyncio
from pathlib import Path

from boocoder.backends.base import TurnPort
from boocoder.backends.oneshot.command import command_line, environment
from boocoder.backends.oneshot.command_turn import CommandTurn
from boocoder.backends.oneshot.formats.catalogue import reader_of
from boocoder.backends.oneshot.opening import Opening, prompt_of
from boocoder.backends.oneshot.runner import Runner
from boocoder.backends.oneshot.settings import PromptWay, Terminal
from boocoder.model.turn import Outcome, TurnRequest
from boocoder.process.child import Child
from boocoder.process.environment import agent_environment
from boocoder.process.host import Command
from boocoder.process.terminal import TerminalSize

_TERM = "xterm-256color"  # for a program on a pseudo-terminal; without one it is told that it has none
_DUMB = {"TERM": "dumb", "NO_COLOR": "1"}


class Commands(Runner[CommandTurn]):
    """The turns of one agent, each a command."""

    def start(self) -> None:
        """Nothing: a command starts with its turn."""

    async def stop(self) -> None:
        """End the commands that run. Safe twice."""
        await asyncio.gather(*(turn.end(self.settings.close_grace_s) for turn in list(self.turns.values())))

    async def forget(self, worktree: Path) -> None:
        """Nothing: a command ends with its turn."""

    async def prepare(self, request: TurnRequest, opening: Opening) -> CommandTry:
        """A try of the turn; nothing is started yet."""
        return CommandTry(self, request, opening)

    async def spawn(self, request: TurnRequest, opening: Opening, prompt: str) -> Child:
        """Start the command.

        Raises:
            ProcessError: it cannot be started.
        """
        known = opening.known
        by_argument = prompt if self.agent.prompt is PromptWay.ARGUMENT else ""
        session = known.agent_id if known is not None else opening.native_id
        argv = command_line(
            self.agent,
            request,
            session_args=self.agent.resume_args if known is not None else self.agent.new_session_args,
            session=session,
            prompt=by_argument,
        )
        in_terminal = self.agent.terminal is Terminal.PTY
        term = {"TERM": _TERM} if in_terminal else _DUMB
        extra = {**term, **environment(self.agent, request, session=session)}
        return await self._host.spawn(
            Command(argv, request.worktree, agent_environment(extra, keep=self.agent.keep_env)),
            stdin=self.agent.prompt is PromptWay.STDIN,
            line_limit_bytes=self.settings.line_limit_bytes,
            terminal=TerminalSize() if in_terminal else None,
        )


class CommandTry:
    """One try of a turn.

    Args:
        owner: whose turn it is.
        request: the turn.
        opening: its session.
    """

    def __init__(self, owner: Commands, request: TurnRequest, opening: Opening) -> None:
        self._owner = owner
        self._request = request
        self.opening = opening

    async def run(self, port: TurnPort) -> Outcome:
        """See `Try.run`."""
        owner, request = self._owner, self._request
        prompt = prompt_of(request, self.opening)
        record = owner.record(request, self.opening)
        try:
            turn = CommandTurn(
                agent=owner.agent,
                child=await owner.spawn(request, self.opening, prompt),
                prompt=prompt,
                reader=reader_of(owner.agent.format, cost_before=self.opening.cost_before),
                record=record,
                port=port,
                stop=request.stop,
                resumed=self.opening.known is not None,
                settings=owner.settings,
            )
            return await self._follow(turn)
        finally:
            record.close()

    async def _follow(self, turn: CommandTurn) -> Outcome:
        key = (self._request.task_id, self._request.epoch)
        self._owner.turns[key] = turn
        try:
            return await turn.run()
        finally:
            self._owner.turns.pop(key, None)

    async def close(self) -> None:
        """Nothing: the command is gone."""
