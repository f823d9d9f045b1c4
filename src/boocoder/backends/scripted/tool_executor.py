"""The scripted agent's tools: run for real in the worktree, each reported as one tool call."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from boocoder.backends.base import TurnPort
from boocoder.backends.scripted.workspace import FileResult, ScriptedFiles
from boocoder.backends.shared.event_journal import TurnJournal
from boocoder.backends.shared.event_reporter import EventReporter
from boocoder.errors import ProcessError
from boocoder.events.agent_event import (
    AgentEvent,
    Location,
    PermissionOption,
    PermissionRequest,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    ToolKind,
    ToolStatus,
)
from boocoder.model.turn import StopSignal
from boocoder.process.host import Command, ProcessHost
from boocoder.process.run import ProcessResult
from boocoder.process.sandbox.profile import SandboxUse
from boocoder.process.supervised_run import run_supervised
from boocoder.scripted_model.script import Directive, Verb
from boocoder.service import TaskSupervisor

COMMAND_TIMEOUT_S = 300.0  # a scripted command is short; longer is a mistake in the script
COMMAND_OUTPUT_MAX_BYTES = 4 * 1024 * 1024
_SHELL_TOOL = "bash"
_OPTIONS = (
    PermissionOption("once", "Allow once", "allow_once"),
    PermissionOption("always", "Always allow", "allow_always"),
    PermissionOption("reject", "Reject", "reject_once"),
)
T = TypeVar("T")


class ScriptedReporter(EventReporter):
    """Emits the events of one turn; every event other than text ends the open part."""

    def __init__(self, *, port: TurnPort, journal: TurnJournal) -> None:
        super().__init__(port=port, journal=journal)
        self.words = 0

    async def report(self, event: AgentEvent) -> None:
        """Report any event; each piece of text is a word."""
        if isinstance(event, TextDelta | ReasoningDelta):
            self.words += 1
        else:
            self.end_part()
        await super().report(event)


class ScriptedToolExecutor:
    """The tools of one turn.

    Args:
        worktree: where they work.
        environment: the whole environment of commands.
        processes: starts commands.
        port: whom to ask for permission.
        reporter: where tool calls go.
        stop: ends a running command.
        supervisor: owner of the waiting tasks.
    """

    def __init__(
        self,
        *,
        worktree: Path,
        environment: Mapping[str, str],
        processes: ProcessHost,
        port: TurnPort,
        reporter: ScriptedReporter,
        stop: StopSignal,
        supervisor: TaskSupervisor,
    ) -> None:
        self._worktree = worktree
        self._environment = environment
        self._processes = processes
        self._workspace = ScriptedFiles(root=worktree)
        self._port = port
        self._reporter = reporter
        self._stop = stop
        self._supervisor = supervisor

    async def use(self, step: Directive) -> None:
        """Do what a step with a tool says, from `pending` to a final state of its call."""
        match step.verb:
            case Verb.WRITE | Verb.EDIT | Verb.READ:
                await self._use_file(step)
            case Verb.BASH:
                call = self._call(_SHELL_TOOL, ToolKind.EXECUTE, step.argument, {"command": step.argument})
                await self._reporter.report(call)
                await self._run_command(call, step.argument)
            case Verb.PERMISSION:
                await self._ask(step)
            case _:
                name, text = step.split(2)
                call = replace(self._call(name.strip(), ToolKind.OTHER, name.strip(), {}), input=text or "{}")
                await self._reporter.report(call)
                await self._finish(call, ToolStatus.COMPLETED, "done")

    async def _use_file(self, step: Directive) -> None:
        path, first, second = step.split(3) if step.verb is Verb.EDIT else (*step.split(2), "")
        path = path.strip()
        kind = ToolKind.READ if step.verb is Verb.READ else ToolKind.EDIT
        call = replace(
            self._call(step.verb.value, kind, path, _file_arguments(step.verb, path, first, second)),
            locations=(Location(path),),
        )
        await self._reporter.report(call)
        await self._reporter.report(replace(call, status=ToolStatus.RUNNING))
        result = self._work_on_file(step.verb, path, first, second)
        call = replace(call, diffs=() if result.diff is None else (result.diff,))
        await self._finish(call, ToolStatus.COMPLETED if result.worked else ToolStatus.FAILED, result.output)

    def _work_on_file(self, verb: Verb, path: str, first: str, second: str) -> FileResult:
        match verb:
            case Verb.WRITE:
                return self._workspace.write(path, first)
            case Verb.EDIT:
                return self._workspace.edit(path, first, second)
            case _:
                return self._workspace.read(path)

    async def _ask(self, step: Directive) -> None:
        tool, argument = (piece.strip() for piece in step.split(2))
        kind = ToolKind.EXECUTE if tool == _SHELL_TOOL else ToolKind.OTHER
        call = self._call(tool, kind, argument or tool, {"command": argument})
        await self._reporter.report(call)
        request = PermissionRequest(
            key=self._reporter.new_part("permission"),
            tool=tool,
            title=argument or tool,
            argument=argument,
            part=call.part,
            options=_OPTIONS,
        )
        answer = await self._port.ask_permission(request)
        if self._stop.reason is not None:
            await self._finish(call, ToolStatus.CANCELLED, "")
        elif not answer.allowed:
            await self._finish(call, ToolStatus.FAILED, answer.message or "Permission refused.")
        elif tool == _SHELL_TOOL:
            await self._run_command(call, argument)
        else:
            await self._finish(call, ToolStatus.COMPLETED, "Permission granted.")

    async def _run_command(self, call: ToolCall, command: str) -> None:
        await self._reporter.report(replace(call, status=ToolStatus.RUNNING))
        result = await self._until_stop(self._shell(command))
        match result:
            case None:
                await self._finish(call, ToolStatus.CANCELLED, "")
            case ProcessError():
                await self._finish(call, ToolStatus.FAILED, str(result))
            case ProcessResult():
                output = result.stdout.decode("utf-8", errors="replace") + result.stderr
                await self._finish(replace(call, exit_code=result.returncode), ToolStatus.COMPLETED, output)

    async def _shell(self, command: str) -> ProcessResult | ProcessError:
        try:
            return await run_supervised(
                self._processes,
                Command(
                    ("bash", "-c", command), self._worktree, self._environment, SandboxUse("scripted", self._worktree)
                ),
                timeout_s=COMMAND_TIMEOUT_S,
                max_bytes=COMMAND_OUTPUT_MAX_BYTES,
            )
        except ProcessError as error:
            return error

    async def _until_stop(self, work: Coroutine[Any, Any, T]) -> T | None:
        """The result of `work`, or None if the turn was asked to stop first; by then the work is over too."""
        working = self._supervisor.spawn(work, "tool")
        stopping = self._supervisor.spawn(self._stop.wait(), "stop")
        try:
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return working.result() if working.done() else None
        finally:
            working.cancel()
            stopping.cancel()
            await asyncio.gather(working, stopping, return_exceptions=True)

    def _call(self, name: str, kind: ToolKind, title: str, arguments: Mapping[str, str]) -> ToolCall:
        return ToolCall(
            part=self._reporter.new_part("tool"),
            name=name,
            kind=kind,
            title=title.partition("\n")[0],
            status=ToolStatus.PENDING,
            input=msgspec.json.encode(arguments).decode(),
        )

    async def _finish(self, call: ToolCall, status: ToolStatus, output: str) -> None:
        await self._reporter.report(replace(call, status=status, output=output))


def _file_arguments(verb: Verb, path: str, first: str, second: str) -> dict[str, str]:
    match verb:
        case Verb.WRITE:
            return {"path": path, "content": first}
        case Verb.EDIT:
            return {"path": path, "old": first, "new": second}
        case _:
            return {"path": path}
