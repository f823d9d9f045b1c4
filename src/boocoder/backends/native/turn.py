"""One turn of the native agent: ask the model, do what it calls for, until it says it is done. Opens no session."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from boocoder.backends.base import TurnPort
from boocoder.backends.event_journal import TurnJournal
from boocoder.backends.native import verdict
from boocoder.backends.native.asking import Asker, ModelChoice
from boocoder.backends.native.bench import Job, ToolBench
from boocoder.backends.native.calls import BadCall, SentCall, understand
from boocoder.backends.native.client import ModelClient
from boocoder.backends.native.clock import TurnClock
from boocoder.backends.native.closing import close_turn
from boocoder.backends.native.context import ContextWindow
from boocoder.backends.native.hearing import Answer
from boocoder.backends.native.instructions import system_prompt
from boocoder.backends.native.limits import (
    CHARS_PER_TOKEN,
    TOOL_OUTPUT_MAX_CHARS,
    TOOL_OUTPUT_SHARE,
    NativeLimits,
)
from boocoder.backends.native.mend import is_json
from boocoder.backends.native.refusal import ModelError
from boocoder.backends.native.reporter import Reporter
from boocoder.backends.native.store import AgentSaid, Conversation, ToolSaid, ToolUse, UserSaid
from boocoder.backends.native.tool_result import ToolResult
from boocoder.errors import LeaseLost
from boocoder.events.clean_text import clean
from boocoder.model.turn import Completed, Failed, Outcome, TurnRequest
from boocoder.service import Supervisor

STOP_WAIT_S = 6.0  # a killed command is gone in milliseconds unless it hangs in the kernel
_WARN_BEFORE = 2  # so many repetitions before the end of the turn the model is told of them


class Turn:
    """A running turn.

    Args:
        request: the turn.
        port: where events go and who answers.
        conversation: it goes on with it.
        journal_path: where the turn's events are written.
        client, choice: the model.
        window: the model's context.
        limits: what the turn may take.
    """

    def __init__(
        self,
        *,
        request: TurnRequest,
        port: TurnPort,
        conversation: Conversation,
        journal_path: Path,
        client: ModelClient,
        choice: ModelChoice,
        window: ContextWindow,
        limits: NativeLimits,
    ) -> None:
        self._request = request
        self._conversation = conversation
        self._limits = limits
        self._window = window
        self._clock = TurnClock(limits.time_limit_s)
        self._supervisor = Supervisor(f"native:{request.task_id}")
        self._journal = TurnJournal(path=journal_path, task_id=request.task_id)
        self._reporter = Reporter(port=port, journal=self._journal)
        self._asker = Asker(
            client=client,
            choice=choice,
            system=system_prompt(request.worktree),
            conversation=conversation,
            window=window,
            reporter=self._reporter,
            limits=limits,
        )
        self._bench = ToolBench(
            worktree=request.worktree,
            readable=request.attachments,
            port=port,
            reporter=self._reporter,
            supervisor=self._supervisor,
            shell_timeout_s=limits.shell_timeout_s,
            max_chars=_output_chars(window),
            keep=self._keep_result,
            clock=self._clock,
        )
        self._repeats: deque[tuple[object, ...]] = deque(maxlen=2 * limits.same_calls)
        self._ids = {
            call.id for record in conversation.records if isinstance(record, AgentSaid) for call in record.calls
        }

    async def run(self, prompt: str) -> Outcome:
        """Run the turn to its end, or until it is asked to stop; the conversation is whole afterwards.

        Args:
            prompt: the person's words, with what is handed over before them.

        Raises:
            LeaseLost: another host owns the turn.
            OSError: the conversation cannot be written.
        """
        try:
            self._conversation.append(UserSaid(str(self._request.task_id), clean(prompt)))
            outcome = await self._until_stopped()
            self._close(outcome)
            return outcome
        finally:
            self._close(None)
            self._journal.close()
            await self._supervisor.stop()

    async def prove_life(self) -> None:
        """Report progress if the model may be loading or reading, which nothing else tells."""
        await self._asker.prove_life()

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
        await self._asker.give_rest()
        await self._reporter.close_calls()
        if ended is not None:
            return ended
        assert stop.reason is not None
        return verdict.stopped(stop.reason)

    async def _work(self) -> Outcome | LeaseLost:
        """The turn within its time; a lost lease is a value, because nobody is to be alarmed by it."""
        try:
            async with self._clock.running():
                return await self._steps()
        except TimeoutError:
            if self._clock.expired:
                return verdict.too_long(self._limits)
            raise
        except ModelError as error:
            return verdict.model_failed(error)
        except OSError as error:
            return verdict.store_broken(error)
        except LeaseLost as error:
            return error

    async def _steps(self) -> Outcome:
        for _ in range(self._limits.max_steps):
            answer = await self._asker.ask()
            if answer.empty and answer.finish != "length":
                answer = await self._asker.ask(nudge=True)
            if answer.empty and answer.finish != "length":
                return verdict.gave_nothing()
            jobs = self._jobs(answer)
            self._keep_answer(answer, jobs)
            if not jobs:
                return verdict.answer_too_long(self._window.answer_tokens) if answer.finish == "length" else Completed()
            results = await self._bench.use(jobs)
            if self._is_looping(jobs, results):
                return verdict.looping(self._limits.same_calls)
            if self._asker.tokens > self._limits.turn_tokens:
                return verdict.too_many_tokens(self._limits)
        return verdict.too_many_steps(self._limits)

    def _jobs(self, answer: Answer) -> list[Job]:
        jobs = []
        for number, sent in enumerate(answer.calls, start=1):
            call = understand(sent)
            cut = answer.finish == "length" and number == len(answer.calls)
            if cut and (answer.written or not is_json(sent.arguments)):
                call = BadCall(
                    call.name, "Your answer reached its limit in the middle of this call. Send smaller pieces."
                )
            arguments = "{}" if isinstance(call, BadCall) else call.json
            jobs.append(Job(self._call_id(sent), call, arguments))
        return jobs

    def _call_id(self, sent: SentCall) -> str:
        """The server's own id, else one of nine letters and digits, which is what Mistral's templates ask for."""
        wanted = sent.id
        number = len(self._ids)
        while not wanted or wanted in self._ids:
            number += 1
            wanted = f"call{number:05d}"
        self._ids.add(wanted)
        return wanted

    def _is_looping(self, jobs: Sequence[Job], results: Sequence[ToolResult]) -> bool:
        """Whether the same calls had the same results too often."""
        done = tuple((job.call.name, job.arguments, result.output) for job, result in zip(jobs, results, strict=True))
        self._repeats.append(done)
        return self._repeats.count(done) >= self._limits.same_calls

    def _keep_answer(self, answer: Answer, jobs: Sequence[Job]) -> None:
        calls = tuple(ToolUse(job.id, job.call.name, job.arguments) for job in jobs)
        if answer.text or calls:
            self._conversation.append(AgentSaid(clean(answer.text), clean(answer.reasoning) if calls else "", calls))
        self._reporter.answer_stored()

    def _keep_result(self, job: Job, result: ToolResult) -> None:
        output = result.output if result.worked else f"Error: {result.output}"
        done = (job.call.name, job.arguments, result.output)
        times = sum(done in earlier for earlier in self._repeats)
        if times >= self._limits.same_calls - _WARN_BEFORE:
            output += "\n[You have made exactly this call before, with this result. Do something else.]"
        self._conversation.append(ToolSaid(job.id, job.call.name, output))

    def _close(self, outcome: Outcome | None) -> None:
        """Make the conversation whole, once; without an outcome, where nobody waits for one any more."""
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
