"""Notices that a resumed agent runs again what its last turn left unfinished, and holds it until a person decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from boocoder.backends.base import TurnPort
from boocoder.backends.shared.approvals.open_requests import OpenRequests
from boocoder.events.agent_event import (
    AgentEvent,
    Notice,
    NoticeLevel,
    PermissionOption,
    PermissionRequest,
    Plan,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    ToolKind,
)
from boocoder.events.tool_command import command_of
from boocoder.process.orphans import ToolDescendants, ToolHold
from boocoder.service import TaskSupervisor

_OPTIONS = (PermissionOption("allow", "Let it run", "allow_once"), PermissionOption("deny", "End it", "reject_once"))
_SHOWN_CHARS = 200


class RerunWatch:
    """Watches one turn of a session that the agent resumed in another process.

    A command that was left unfinished and begins again before the agent has said anything to the new prompt is one that
    the agent may run on its own account. Its processes are stopped as soon as they are seen, and the person is asked,
    unless the agent itself asks before it runs it. A prompt that holds the command wants it.

    Args:
        commands: left unfinished by the last turn, as `command_of` has them; none watches nothing.
        prompt: the person's.
        descendants: of the turn.
        port: of the turn.
        failed: called with the error when the port refuses to go on.
    """

    def __init__(
        self,
        *,
        commands: Sequence[str],
        prompt: str,
        descendants: ToolDescendants,
        port: TurnPort,
        failed: Callable[[BaseException], None],
    ) -> None:
        wanted = " ".join(prompt.split())
        self._commands = {command for command in commands if command and command not in wanted}
        self._descendants = descendants
        self._port = port
        self._early: set[str] = set()
        self._told: set[str] = set()
        self._asked: set[str] = set()
        self._spoken = False
        self._holds = OpenRequests(task_group="rerun-holds", failed=failed)

    async def see(self, event: AgentEvent) -> None:
        """Look at an event that was just emitted."""
        if not self._commands:
            return
        match event:
            case TextDelta() | ReasoningDelta() | Plan():
                self._spoken = True
            case ToolCall(kind=ToolKind.EXECUTE):
                await self._see_call(event)

    def agent_asks(self, part: str) -> None:
        """The agent asks for permission for a call before it runs it."""
        self._asked.add(part)
        self._holds.withdraw(part)

    async def stop(self) -> None:
        """The turn is over: what is still held is ended."""
        await self._holds.stop()

    async def _see_call(self, call: ToolCall) -> None:
        if not self._spoken:
            self._early.add(call.part)
        command = command_of(call.title, call.input)
        if call.part in self._early and command in self._commands and call.part not in self._told:
            self._told.add(call.part)
            await self._port.emit(_runs_again(command))
            if call.part not in self._asked and not call.status.final:
                self._holds.begin(call.part, self._hold(call, command))
        elif call.status.final:
            self._holds.withdraw(call.part)

    async def _hold(self, call: ToolCall, command: str) -> None:
        hold = ToolHold(self._descendants)
        keeping = TaskSupervisor("rerun-hold")
        allowed = False
        try:
            keeping.spawn(hold.keep(), "keep")
            await hold.began.wait()
            answer = await self._port.ask_permission(
                PermissionRequest(
                    key=f"again:{call.part}",
                    tool=call.name,
                    title=f"Run again what was left unfinished: {command[:_SHOWN_CHARS]}",
                    argument=command,
                    part=call.part,
                    options=_OPTIONS,
                )
            )
            allowed = answer.allowed
        finally:
            await keeping.stop()
            if allowed:
                hold.let_go()
            else:
                hold.end()


def _runs_again(command: str) -> Notice:
    text = (
        f"The agent runs `{command[:_SHOWN_CHARS]}` again, which its last turn left unfinished, before it has said "
        "anything to this prompt. If it does so unasked, set fresh_after_kill = true in the agent's settings."
    )
    return Notice("command_runs_again", text, NoticeLevel.WARNING)
