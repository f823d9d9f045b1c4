"""Makes the tool calls of one answer: asks where a rule says so, does them, reports each from pending to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from boocoder.backends.base import TurnPort
from boocoder.backends.native import tool_args
from boocoder.backends.native.calls import BadCall, GoodCall
from boocoder.backends.native.clock import TurnClock
from boocoder.backends.native.commands import run_search, run_shell
from boocoder.backends.native.file_tools import edit_file, list_folder, read_file, write_file
from boocoder.backends.native.places import Place, find_place
from boocoder.backends.native.reporter import Reporter
from boocoder.backends.native.tool_result import ToolResult, refused
from boocoder.events.agent_event import (
    PermissionOption,
    PermissionRequest,
    Plan,
    PlanEntry,
    PlanStatus,
    Question,
    QuestionRequest,
    ToolCall,
    ToolKind,
    ToolStatus,
)
from boocoder.events.clean_text import clean
from boocoder.service import Supervisor

_KINDS: Mapping[str, ToolKind] = {
    "read": ToolKind.READ,
    "write": ToolKind.EDIT,
    "edit": ToolKind.EDIT,
    "list": ToolKind.SEARCH,
    "search": ToolKind.SEARCH,
    "shell": ToolKind.EXECUTE,
    "plan": ToolKind.THINK,
}
_SIDE_BY_SIDE = frozenset({"read", "list", "search"})
_VERBS = {"read": "Read", "write": "Write", "edit": "Edit", "list": "List", "search": "Search"}
_OPTIONS = (PermissionOption("once", "Allow once", "allow_once"), PermissionOption("reject", "Refuse", "reject_once"))
_TITLE_CHARS = 120


@dataclass(frozen=True, slots=True)
class Job:
    """One call to make; `arguments` is what the model sent, as JSON."""

    id: str
    call: GoodCall | BadCall
    arguments: str


class ToolBench:
    """The tools of one turn.

    Args:
        worktree: where they work.
        readable: files elsewhere that the model may read without being asked about it.
        port: whom to ask.
        reporter: where calls are reported.
        supervisor: owner of calls that run side by side.
        shell_timeout_s: seconds until a command is killed.
        max_chars: of one result.
        keep: stores a result; called before it is reported.
        clock: stands still while a person is asked.
    """

    def __init__(
        self,
        *,
        worktree: Path,
        readable: tuple[Path, ...] = (),
        port: TurnPort,
        reporter: Reporter,
        supervisor: Supervisor,
        shell_timeout_s: float,
        max_chars: int,
        keep: Callable[[Job, ToolResult], None],
        clock: TurnClock,
    ) -> None:
        self._worktree = worktree
        self._readable = readable
        self._port = port
        self._reporter = reporter
        self._supervisor = supervisor
        self._shell_timeout_s = shell_timeout_s
        self._max_chars = max_chars
        self._keep = keep
        self._clock = clock

    async def use(self, jobs: Sequence[Job]) -> list[ToolResult]:
        """Make the calls in their order, neighbours that only read side by side; the results in the same order."""
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

    def _shown(self, job: Job) -> ToolCall:
        return ToolCall(
            part=self._reporter.new_part("tool"),
            name=job.call.name,
            kind=_KINDS.get(job.call.name, ToolKind.OTHER),
            title=_title(job.call, self._worktree),
            status=ToolStatus.PENDING,
            input=clean(job.arguments),
        )

    async def _use(self, job: Job, shown: ToolCall) -> ToolResult:
        if isinstance(job.call, BadCall):
            result = refused(job.call.problem)
        else:
            result = await self._do(job.call, shown)
        result = result.cleaned()
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

    async def _do(self, call: GoodCall, shown: ToolCall) -> ToolResult:
        running = replace(shown, status=ToolStatus.RUNNING)
        match call.args:
            case tool_args.Shell(command=command):
                await self._reporter.tool(running)
                return await run_shell(
                    command, worktree=self._worktree, timeout_s=self._shell_timeout_s, max_chars=self._max_chars
                )
            case tool_args.Plan(entries=entries):
                plan = tuple(PlanEntry(clean(entry.text), PlanStatus(entry.status)) for entry in entries)
                await self._reporter.report(Plan(plan))
                return ToolResult(True, "The plan is shown.")
            case tool_args.Ask():
                return await self._ask(call.args, shown)
            case _:
                return await self._use_place(call, running)

    async def _use_place(self, call: GoodCall, running: ToolCall) -> ToolResult:
        args = call.args
        assert not isinstance(args, tool_args.Shell | tool_args.Plan | tool_args.Ask)
        place = find_place(self._worktree, args.path)
        if isinstance(place, str):
            return refused(place)
        problem = await self._may_use(call.name, place, running.part)
        if problem:
            return refused(problem)
        await self._reporter.tool(running)
        try:
            return await self._work_at(place, args)
        except OSError as error:  # the file went away or changed its kind meanwhile
            return refused(f"{place.shown} cannot be used: {error.strerror}.")

    async def _work_at(
        self, place: Place, args: tool_args.Read | tool_args.Write | tool_args.Edit | tool_args.List | tool_args.Search
    ) -> ToolResult:
        match args:
            case tool_args.Read():
                return await asyncio.to_thread(read_file, place, args, max_chars=self._max_chars)
            case tool_args.Write():
                return write_file(place, args)
            case tool_args.Edit():
                return edit_file(place, args)
            case tool_args.List():
                return await asyncio.to_thread(list_folder, place, max_chars=self._max_chars)
            case tool_args.Search():
                return await run_search(place, args, worktree=self._worktree, max_chars=self._max_chars)

    async def _may_use(self, tool: str, place: Place, part: str) -> str:
        """Ask where a place is none that the agent may use by itself; why not, or ""."""
        if place.git and tool in ("write", "edit"):
            return f"{place.shown} is git's own data: the tools do not write it."
        if tool == "read" and place.path in self._readable:
            return ""
        if place.inside and (not place.secret or tool == "write"):  # an edit shows what stands in the file
            return ""
        outside = not place.inside
        title = f"{_VERBS[tool]} {place.shown}{', outside the worktree' if outside else ', which may hold secrets'}"
        request = PermissionRequest(
            key=self._reporter.new_part("permission"),
            tool="external_directory" if outside else "read",
            title=clean(title),
            argument=clean(str(place.path) if outside else place.shown),
            part=part,
            options=_OPTIONS,
        )
        with self._clock.stopped():
            answer = await self._port.ask_permission(request)
        if answer.allowed:
            return ""
        reason = answer.message or "The person refused this."
        return f"{reason} ({place.shown} {'is outside the working directory' if outside else 'may hold secrets'}.)"

    async def _ask(self, args: tool_args.Ask, shown: ToolCall) -> ToolResult:
        question = Question(clean(args.question), choices=tuple(clean(choice) for choice in args.choices))
        key = self._reporter.new_part("question")
        with self._clock.stopped():
            answer = await self._port.ask_question(QuestionRequest(key, (question,), shown.part))
        if answer.answers is None:
            return ToolResult(True, "The person did not answer. Decide by yourself what is best, or say what you need.")
        return ToolResult(True, "; ".join(", ".join(one) for one in answer.answers))


def _title(call: GoodCall | BadCall, worktree: Path) -> str:
    if isinstance(call, BadCall):
        return call.name
    match call.args:
        case tool_args.Shell(command=text) | tool_args.Ask(question=text):
            title = text.strip().partition("\n")[0]
        case tool_args.Search(pattern=pattern, path=path):
            title = f"{pattern} in {path}"
        case tool_args.Plan(entries=entries):
            title = f"plan of {len(entries)} steps"
        case args:
            place = find_place(worktree, args.path)
            title = place.shown if isinstance(place, Place) else args.path
    return clean(title)[:_TITLE_CHARS] or call.name
