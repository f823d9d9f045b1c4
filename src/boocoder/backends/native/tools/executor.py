"""Executes the tool calls of an answer: asks for permission where needed, runs them, and reports their states."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from boocoder.backends.base import TurnPort
from boocoder.backends.native.loop.clock import TurnClock
from boocoder.backends.native.loop.reporter import NativeReporter
from boocoder.backends.native.mcp.toolbox import McpToolbox
from boocoder.backends.native.mode import AgentMode
from boocoder.backends.native.model.tool_calls import InvalidCall, ValidCall
from boocoder.backends.native.tools import arguments as tool_args
from boocoder.backends.native.tools.commands import run_search, run_shell
from boocoder.backends.native.tools.display import call_title, tool_kind, tool_label
from boocoder.backends.native.tools.edit_form import EditForm, EditStatistics
from boocoder.backends.native.tools.editing import edit_file, form_of
from boocoder.backends.native.tools.files import list_folder, read_file, write_file
from boocoder.backends.native.tools.folder_rules import FolderRules
from boocoder.backends.native.tools.known_files import KnownFiles
from boocoder.backends.native.tools.path_policy import ResolvedPath, resolve_path
from boocoder.backends.native.tools.repair_hints import RepairHints
from boocoder.backends.native.tools.result import ToolResult, tool_refused
from boocoder.events.agent_event import (
    PermissionOption,
    PermissionRequest,
    Plan,
    PlanEntry,
    PlanStatus,
    Question,
    QuestionRequest,
    ToolCall,
    ToolStatus,
)
from boocoder.events.clean_text import clean
from boocoder.process.host import ProcessHost
from boocoder.service import TaskSupervisor

_SIDE_BY_SIDE = frozenset({"read", "list", "search"})
_DUPLICATE = "This answer holds the same call before this one; it was made once. Read its result and go on."
_NOT_IN_MODE = "{tool} is not allowed in the mode {mode}: nothing may be changed or run. Say what you would do."
_VERBS = {"read": "Read", "write": "Write", "edit": "Edit", "list": "List", "search": "Search"}
_PLACELESS = (
    tool_args.ShellArguments
    | tool_args.PlanArguments
    | tool_args.AskArguments
    | tool_args.ExploreArguments
    | tool_args.FetchArguments
    | tool_args.McpArguments
)  # what touches no file of its own
_OPTIONS = (PermissionOption("once", "Allow once", "allow_once"), PermissionOption("reject", "Refuse", "reject_once"))


@dataclass(frozen=True, slots=True)
class ToolJob:
    """A call to execute.

    Args:
        id: unique in the conversation.
        call: the interpreted call.
        arguments: its arguments as JSON.
        part: part key of the call if it is already shown, else "".
        duplicate: the same call occurs earlier in the answer; it is answered but not executed.
    """

    id: str
    call: ValidCall | InvalidCall
    arguments: str
    part: str = ""
    duplicate: bool = False


KeepResult = Callable[[ToolJob, ToolResult], None]
"""Stores a result in the conversation."""


@dataclass(frozen=True, slots=True)
class ModelEdits:
    """The edit form of a turn's model.

    Args:
        model: its name.
        statistics: counts its edits.
        form: the form that it uses in this turn.
    """

    model: str
    statistics: EditStatistics
    form: EditForm

    def count(self, args: tool_args.EditArguments, result: ToolResult) -> None:
        """Count an edit that matched or did not match; other refusals are not counted."""
        if result.worked or result.missed:
            self.statistics.add(self.model, form_of(args), worked=result.worked)


class ToolExecutor:
    """The tools of one turn.

    Args:
        worktree: their working directory.
        processes: starts commands.
        readable: files elsewhere that the model may read without permission.
        port: answers permissions and questions.
        reporter: receives the calls' states.
        supervisor: owner of calls that run in parallel.
        shell_timeout_s: seconds until a command is killed.
        max_chars: limit of a result.
        keep: stores a result; called before it is reported.
        clock: stops while waiting for a person.
        mode: what the agent may do.
        edits: the model's edit form; None: by exact text, uncounted.
        known: files of the project that the model has seen.
        folder_rules: rules of folders, sent when the model works there.
        mcp: the tools of MCP servers.
        explore: has a helper answer a question for the call with this part key; None where there is no helper.
    """

    def __init__(
        self,
        *,
        worktree: Path,
        processes: ProcessHost,
        readable: tuple[Path, ...] = (),
        port: TurnPort,
        reporter: NativeReporter,
        supervisor: TaskSupervisor,
        shell_timeout_s: float,
        max_chars: int,
        keep: KeepResult,
        clock: TurnClock,
        mode: AgentMode = AgentMode.BUILD,
        edits: ModelEdits | None = None,
        known: KnownFiles | None = None,
        folder_rules: FolderRules | None = None,
        mcp: McpToolbox | None = None,
        explore: Callable[[str, str], Awaitable[ToolResult]] | None = None,
    ) -> None:
        self._worktree = worktree
        self._processes = processes
        self._readable = readable
        self._port = port
        self._reporter = reporter
        self._supervisor = supervisor
        self._shell_timeout_s = shell_timeout_s
        self._max_chars = max_chars
        self._keep = keep
        self._clock = clock
        self._mode = mode
        self._edits = edits
        self._known = known or KnownFiles()
        self._folder_rules = folder_rules
        self._mcp = mcp or McpToolbox()
        self._explore = explore
        self._hints = RepairHints(known=self._known)

    async def use(self, jobs: Sequence[ToolJob]) -> list[ToolResult]:
        """Execute the calls in order, adjacent read-only ones in parallel; returns the results in the same order."""
        shown = [self._shown(job) for job in jobs]
        for call in shown:
            await self._reporter.tool(call)
        results: list[ToolResult] = []
        while len(results) < len(jobs):
            first = len(results)
            last = first + 1
            while last < len(jobs) and all(job.call.name in _SIDE_BY_SIDE for job in jobs[first : last + 1]):
                last += 1
            results += await self._together([self._use(jobs[n], shown[n]) for n in range(first, last)])
        return results

    async def _together(self, uses: list[Coroutine[Any, Any, ToolResult]]) -> list[ToolResult]:
        if len(uses) == 1:
            return [await uses[0]]
        tasks = [self._supervisor.spawn(use, "tool") for use in uses]
        try:
            return list(await asyncio.gather(*tasks))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _shown(self, job: ToolJob) -> ToolCall:
        return ToolCall(
            part=job.part or self._reporter.new_part("tool"),
            name=job.call.name,
            kind=tool_kind(job.call.name),
            title=call_title(job.call, self._worktree),
            status=ToolStatus.PENDING,
            input=clean(job.arguments),
        )

    async def _use(self, job: ToolJob, shown: ToolCall) -> ToolResult:
        if isinstance(job.call, InvalidCall):
            result = tool_refused(job.call.problem)
        elif not self._allows(job.call):
            result = tool_refused(_NOT_IN_MODE.format(tool=job.call.name, mode=self._mode))
        elif job.duplicate:
            result = tool_refused(_DUPLICATE)
        else:
            result = await self._do(job.call, shown)
        result = self._hints.extend(job.call, result, self._worktree).cleaned()
        self._keep(job, result)
        ended = replace(
            shown,
            status=ToolStatus.COMPLETED if result.worked else ToolStatus.FAILED,
            output=result.output,
            exit_code=result.exit_code,
            locations=result.locations,
            diffs=result.diffs,
        )
        await self._reporter.tool(ended)
        return result

    def _allows(self, call: ValidCall) -> bool:
        """Whether the mode allows it; the toolbox holds only what the mode allows."""
        return isinstance(call.args, tool_args.McpArguments) or self._mode.allows(call.name)

    async def _do(self, call: ValidCall, shown: ToolCall) -> ToolResult:
        running = replace(shown, status=ToolStatus.RUNNING)
        match call.args:
            case tool_args.ShellArguments(command=command):
                await self._reporter.tool(running)
                return await run_shell(
                    command,
                    processes=self._processes,
                    worktree=self._worktree,
                    timeout_s=self._shell_timeout_s,
                    max_chars=self._max_chars,
                )
            case tool_args.PlanArguments(entries=entries):
                plan = tuple(PlanEntry(clean(entry.text), PlanStatus(entry.status)) for entry in entries)
                await self._reporter.report(Plan(plan))
                return ToolResult(True, "The plan is shown.")
            case tool_args.AskArguments():
                return await self._ask(call.args, shown)
            case tool_args.McpArguments(values=values):
                return await self._call_server(call, values, running)
            case tool_args.ExploreArguments(question=question):
                await self._reporter.tool(running)
                assert self._explore is not None  # a helper's mode does not have the tool
                return await self._explore(question, shown.part)
            case tool_args.FetchArguments():
                return await self._fetch(call.args, running)
            case _:
                return await self._use_place(call, running)

    async def _use_place(self, call: ValidCall, running: ToolCall) -> ToolResult:
        args = call.args
        assert not isinstance(args, _PLACELESS)
        place = resolve_path(self._worktree, args.path)
        if isinstance(place, str):
            return tool_refused(place)
        problem = await self._may_use(call.name, place, running.part)
        if problem:
            return tool_refused(problem)
        await self._reporter.tool(running)
        try:
            result = await self._work_at(place, args)
        except OSError as error:  # the file was deleted or changed its type since
            return tool_refused(f"{place.shown} cannot be used: {error.strerror}.")
        rules = self._folder_rules.unseen_rules(place) if self._folder_rules is not None else ""
        return replace(result, output=f"{result.output}\n\n{rules}") if rules else result

    async def _work_at(
        self,
        place: ResolvedPath,
        args: tool_args.ReadArguments
        | tool_args.WriteArguments
        | tool_args.EditArguments
        | tool_args.ListArguments
        | tool_args.SearchArguments,
    ) -> ToolResult:
        match args:
            case tool_args.ReadArguments():
                by_lines = self._edits is not None and self._edits.form is EditForm.LINES
                return await asyncio.to_thread(
                    read_file, place, args, max_chars=self._max_chars, known=self._known, with_numbers=by_lines
                )
            case tool_args.WriteArguments():
                return write_file(place, args, known=self._known)
            case tool_args.EditArguments():
                result = edit_file(place, args, known=self._known)
                if self._edits is not None:
                    self._edits.count(args, result)
                return result
            case tool_args.ListArguments():
                return await asyncio.to_thread(list_folder, place, max_chars=self._max_chars)
            case tool_args.SearchArguments():
                return await run_search(
                    place, args, processes=self._processes, worktree=self._worktree, max_chars=self._max_chars
                )

    async def _may_use(self, tool: str, place: ResolvedPath, part: str) -> str:
        """Ask for permission if the path needs one; returns why it may not be used, or ""."""
        if place.git and tool in ("write", "edit"):
            return f"{place.shown} is git's own data: the tools do not write it."
        if self._mode is AgentMode.YOLO or (tool == "read" and place.path in self._readable):
            return ""
        if place.inside and (not place.secret or tool == "write"):  # an edit shows the content of the file
            return ""
        outside = not place.inside
        title = f"{_VERBS[tool]} {place.shown}{', outside the worktree' if outside else ', which may hold secrets'}"
        tool_asked = "external_directory" if outside else "read"
        reason = await self._ask_permission(tool_asked, title, str(place.path) if outside else place.shown, part)
        if not reason:
            return ""
        return f"{reason} ({place.shown} {'is outside the working directory' if outside else 'may hold secrets'}.)"

    async def _ask_permission(self, tool: str, title: str, argument: str, part: str) -> str:
        """Ask a person, or what answers for them; why it is refused, or ""."""
        request = PermissionRequest(
            key=self._reporter.new_part("permission"),
            tool=tool,
            title=clean(title),
            argument=clean(argument),
            part=part,
            options=_OPTIONS,
        )
        with self._clock.stopped():
            answer = await self._port.ask_permission(request)
        return "" if answer.allowed else answer.message or "The person refused this."

    async def _call_server(self, call: ValidCall, values: dict[str, object], running: ToolCall) -> ToolResult:
        """Call a tool of an MCP server, which may do anything: a person is asked unless a rule answers."""
        if self._mode is not AgentMode.YOLO:
            title = f"Use the MCP tool {tool_label(call.name)}"
            if problem := await self._ask_permission(call.name, title, call.json, running.part):
                return tool_refused(problem)
        await self._reporter.tool(running)
        return await self._mcp.call(call.name, values, max_chars=self._max_chars)

    async def _fetch(self, args: tool_args.FetchArguments, running: ToolCall) -> ToolResult:
        """Fetch a page; every host that it leads to needs a permission."""
        from boocoder.backends.native.tools.web_page import fetch_page

        async def may_fetch(url: str) -> str:
            if self._mode is AgentMode.YOLO:
                return ""
            return await self._ask_permission("fetch", f"Fetch {url}", url, running.part)

        return await fetch_page(
            args.url,
            offset=args.offset,
            max_chars=self._max_chars,
            may_fetch=may_fetch,
            begun=lambda: self._reporter.tool(running),
        )

    async def _ask(self, args: tool_args.AskArguments, shown: ToolCall) -> ToolResult:
        question = Question(clean(args.question), choices=tuple(clean(choice) for choice in args.choices), free=True)
        key = self._reporter.new_part("question")
        with self._clock.stopped():
            answer = await self._port.ask_question(QuestionRequest(key, (question,), shown.part))
        if answer.answers is None:
            return ToolResult(True, "The person did not answer. Decide by yourself what is best, or say what you need.")
        return ToolResult(True, "; ".join(", ".join(one) for one in answer.answers))
