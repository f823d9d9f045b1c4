"""A turn of the native agent: calls the model and executes its tool calls until it is done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

from boocoder.backends.base import TurnPort
from boocoder.backends.native.context.commands import NativeCommand, command_of
from boocoder.backends.native.context.instructions import explorer_prompt, system_prompt
from boocoder.backends.native.context.window import ContextWindow
from boocoder.backends.native.conversation.images import ImageStore
from boocoder.backends.native.conversation.store import (
    NativeConversation,
    StoredImage,
    SummaryRecord,
    ToolResultRecord,
    UserRecord,
)
from boocoder.backends.native.conversation.transcript_repair import close_turn
from boocoder.backends.native.limits import (
    CHARS_PER_TOKEN,
    RULES_SHARE,
    TOOL_OUTPUT_MAX_CHARS,
    TOOL_OUTPUT_SHARE,
    NativeLimits,
)
from boocoder.backends.native.loop import outcome as native_outcome
from boocoder.backends.native.loop.clock import TurnClock
from boocoder.backends.native.loop.exploration import Exploration
from boocoder.backends.native.loop.jobs import JobQueue, answer_record
from boocoder.backends.native.loop.loop_guard import LoopGuard
from boocoder.backends.native.loop.reporter import NativeReporter
from boocoder.backends.native.mcp.toolbox import McpToolbox
from boocoder.backends.native.mode import AgentMode
from boocoder.backends.native.model.client import ModelClient
from boocoder.backends.native.model.completion import CompletionRunner, ModelChoice, ModelHabits
from boocoder.backends.native.model.errors import ModelError
from boocoder.backends.native.model.response import ModelAnswer
from boocoder.backends.native.tools.edit_form import EditStatistics
from boocoder.backends.native.tools.executor import ModelEdits, ToolExecutor, ToolJob
from boocoder.backends.native.tools.folder_rules import FolderRules
from boocoder.backends.native.tools.known_files import KnownFiles
from boocoder.backends.native.tools.result import ToolResult
from boocoder.backends.native.tools.schemas import schema_chars, tool_schemas
from boocoder.backends.shared import outcomes
from boocoder.backends.shared.event_journal import TurnJournal, store_broken
from boocoder.backends.shared.steer_inbox import SteerInbox
from boocoder.errors import LeaseLost
from boocoder.events.agent_event import Notice, NoticeLevel
from boocoder.events.clean_text import clean
from boocoder.model.turn import Completed, Failed, Outcome, TurnRequest
from boocoder.process.host import ProcessHost
from boocoder.service import TaskSupervisor

STOP_WAIT_S = 6.0  # a killed command is gone in milliseconds unless it hangs in the kernel


class NativeTurn:
    """A running turn.

    Args:
        request: the turn.
        port: receives events and answers requests.
        conversation: the conversation that it continues.
        images: of conversations.
        journal_path: file for the turn's events.
        client, choice: the model.
        window: the model's context window.
        limits: limits of the turn.
        habits: known peculiarities of the model's answers.
        mode: what the agent may do.
        preamble: text before the conversation's first prompt.
        processes: starts commands.
        known: files of the project that the model has seen.
        edits: counts edits per model, and selects this model's edit form.
        mcp: the tools of MCP servers.
        learn_context: asks for the model's context once it is loaded; None if it is known. It returns 0 if it stays so.
    """

    def __init__(
        self,
        *,
        request: TurnRequest,
        port: TurnPort,
        conversation: NativeConversation,
        images: ImageStore,
        journal_path: Path,
        client: ModelClient,
        choice: ModelChoice,
        window: ContextWindow,
        limits: NativeLimits,
        habits: ModelHabits,
        mode: AgentMode,
        preamble: str,
        processes: ProcessHost,
        known: KnownFiles,
        edits: EditStatistics,
        mcp: McpToolbox,
        learn_context: Callable[[], Awaitable[int]] | None = None,
    ) -> None:
        self._request = request
        self._mcp = mcp
        self._learn_context = learn_context
        self._known = known
        self._edits = ModelEdits(choice.model, edits, edits.form(choice.model))
        self._conversation = conversation
        self._limits = limits
        self._window = window
        self._clock = TurnClock(limits.time_limit_s)
        self._supervisor = TaskSupervisor(f"native:{request.task_id}")
        self._journal = TurnJournal(path=journal_path, task_id=request.task_id)
        self._reporter = NativeReporter(port=port, journal=self._journal)
        self._completion_with = partial(
            CompletionRunner,
            client=client,
            choice=choice,
            images=images,
            limits=limits,
            habits=habits,
            supervisor=self._supervisor,
        )
        self._executor_with = self._executors(port, processes)
        self._completion = self._make_completion(mode, preamble)
        self._executor = self._make_executor(mode)
        self._loops = LoopGuard(same_calls=limits.same_calls)
        self.inbox = SteerInbox()
        """Messages of the person that the model gets with its next call."""
        self._queue = JobQueue(conversation.records, mcp_tools=mcp.names)

    def _executors(self, port: TurnPort, processes: ProcessHost) -> partial[ToolExecutor]:
        """Makes executors of the turn and of its helpers."""
        return partial(
            ToolExecutor,
            worktree=self._request.worktree,
            processes=processes,
            readable=self._request.attachments,
            port=port,
            supervisor=self._supervisor,
            shell_timeout_s=self._limits.shell_timeout_s,
            max_chars=_output_chars(self._window),
            clock=self._clock,
        )

    def _make_completion(self, mode: AgentMode, preamble: str) -> CompletionRunner:
        form = self._edits.form
        return self._completion_with(
            system=system_prompt(mode, form),
            preamble=preamble,
            records=self._conversation.records,
            window=self._window,
            reporter=self._reporter,
            tools=(*tool_schemas(mode, form), *self._mcp.definitions),
        )

    def _make_executor(self, mode: AgentMode) -> ToolExecutor:
        worktree, known = self._request.worktree, self._known
        return self._executor_with(
            reporter=self._reporter,
            keep=self._keep_result,
            mode=mode,
            edits=self._edits,
            known=known,
            folder_rules=FolderRules(worktree=worktree, known=known, max_chars=rules_chars(self._window)),
            mcp=self._mcp,
            explore=self._explore,
        )

    async def _explore(self, question: str, call: str) -> ToolResult:
        """Have a helper with an empty context answer a question for the call with this part key."""
        mode, reporter = AgentMode.EXPLORE, self._reporter.nested(call)
        exploration = Exploration(same_calls=self._limits.same_calls, max_chars=_output_chars(self._window))
        completion = self._completion_with(
            system=explorer_prompt(),
            preamble="",
            records=exploration.records,
            window=self._window.empty(schema_chars(mode)),
            reporter=reporter,
            tools=tool_schemas(mode),
            meter=self._completion.meter,
        )
        executor = self._executor_with(reporter=reporter, keep=exploration.keep_result, mode=mode)
        return await exploration.answer(question, completion, executor)

    async def run(self, prompt: str, images: tuple[StoredImage, ...] = ()) -> Outcome:
        """Run the turn to its end, or until it is stopped; afterwards the conversation is complete.

        Args:
            prompt: the person's text, after any handed-over transcript.
            images: that the person attached.

        Raises:
            LeaseLost: another host owns the turn.
            OSError: the conversation cannot be written.
        """
        try:
            self._conversation.append(UserRecord(str(self._request.task_id), clean(prompt), images))
            outcome = await self._until_stopped()
            self._close(outcome)
            return outcome
        finally:
            self.inbox.close()
            self._close(None)
            self._journal.close()
            await self._supervisor.stop()

    async def prove_life(self) -> None:
        """Report progress while the model may be loading or reading, which causes no events."""
        await self._completion.prove_life()

    async def _until_stopped(self) -> Outcome:
        stop = self._request.stop
        working = self._supervisor.spawn(self._work(), "work")
        stopping = self._supervisor.spawn(stop.wait(), "stop")
        try:
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                working.cancel()
                await asyncio.wait({working}, timeout=STOP_WAIT_S)
            ended = working.result() if working.done() and not working.cancelled() else None
        finally:
            working.cancel()
            stopping.cancel()
            await asyncio.gather(working, stopping, return_exceptions=True)
        if isinstance(ended, LeaseLost):
            raise ended
        await self._completion.give_rest()
        await self._reporter.close_calls()
        if ended is not None:
            return ended
        assert stop.reason is not None
        return outcomes.stopped(stop.reason)

    async def _work(self) -> Outcome | LeaseLost:
        """The turn within its time limit; a lost lease is returned as a value, because it is an expected end."""
        try:
            async with self._clock.running():
                return await self._steps()
        except TimeoutError:
            if self._clock.expired:
                return native_outcome.too_long(self._limits)
            raise
        except ModelError as error:
            return native_outcome.model_failed(error)
        except OSError as error:
            return store_broken("The native agent", error)
        except LeaseLost as error:
            return error

    async def _compact(self) -> Outcome:
        """Have the model summarise the conversation. The summary is the answer and replaces what is before it."""
        answer = await self._completion.ask()
        if not answer.text.strip():
            return native_outcome.gave_nothing()
        if answer.finish == "length":
            return native_outcome.answer_too_long(self._window.answer_tokens)
        self._conversation.append(SummaryRecord(clean(answer.text).strip()))
        self._reporter.answer_stored()
        self._known.forget()
        text = "The conversation was replaced by the summary above; the next prompt goes on from it."
        await self._reporter.report(Notice("context_compacted", text, NoticeLevel.INFO))
        return Completed()

    async def _steps(self) -> Outcome:
        if command_of(self._request.prompt) is NativeCommand.COMPACT:
            return await self._compact()
        for _ in range(self._limits.max_steps):
            answer = await self._completion.ask()
            await self._fit_context()
            if answer.empty and answer.finish != "length":
                answer = await self._completion.ask(nudge=True)
            if answer.empty and answer.finish != "length":
                return native_outcome.gave_nothing()
            jobs = self._queue.jobs_of(answer)
            self._keep_answer(answer, jobs)
            if not jobs:
                if answer.finish == "length":
                    return native_outcome.answer_too_long(self._window.answer_tokens)
                if await self.inbox.take(self._steer):
                    continue
                self.inbox.close()
                return Completed()
            results = await self._executor.use(jobs)
            if loop := self._loops.find_loop(jobs, results):
                return native_outcome.looping(loop)
            if self._completion.tokens > self._limits.turn_tokens:
                return native_outcome.too_many_tokens(self._limits)
            await self.inbox.take(self._steer)
        return native_outcome.too_many_steps(self._limits)

    async def _fit_context(self) -> None:
        """Adopt the context of a model that the server had not loaded before its first answer."""
        if self._learn_context is None:
            return
        learn, self._learn_context = self._learn_context, None
        if tokens := await learn():
            self._window.resize(tokens)

    async def _steer(self, text: str) -> None:
        """A message of the person: the model gets it with its next call, and answers it in a part of its own."""
        self._conversation.append(UserRecord(str(self._request.task_id), clean(text)))
        self._reporter.end_part()

    def _keep_answer(self, answer: ModelAnswer, jobs: Sequence[ToolJob]) -> None:
        if (record := answer_record(answer, jobs)) is not None:
            self._conversation.append(record)
        self._reporter.answer_stored()

    def _keep_result(self, job: ToolJob, result: ToolResult) -> None:
        output = result.output if result.worked else f"Error: {result.output}"
        if self._loops.is_repeated(job, result):
            output += "\n[You have made exactly this call before, with this result. Do something else.]"
        self._conversation.append(ToolResultRecord(job.id, job.call.name, output))

    def _close(self, outcome: Outcome | None) -> None:
        """Complete the conversation, once; without an outcome if the turn was cancelled."""
        if self._conversation.open_turn != str(self._request.task_id):
            return
        if outcome is not None:
            self._journal.end(outcome)
        close_turn(self._conversation, code=_code(outcome), unstored_text=clean(self._reporter.unstored_text))


def _code(outcome: Outcome | None) -> str:
    match outcome:
        case Completed():
            return "completed"
        case Failed(error=error):
            return error.code
        case _:
            return "interrupted"


def _output_chars(window: ContextWindow) -> int:
    return min(TOOL_OUTPUT_MAX_CHARS, int(window.budget_tokens * TOOL_OUTPUT_SHARE * CHARS_PER_TOKEN))


def rules_chars(window: ContextWindow) -> int:
    """Limit of a project's rules in a context, in characters."""
    return int(window.budget_tokens * RULES_SHARE * CHARS_PER_TOKEN)
