"""A helper with a context of its own, which looks through the project to answer one question and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from boocoder.backends.native.conversation.store import Record, ToolResultRecord, UserRecord
from boocoder.backends.native.loop.jobs import JobQueue, answer_record
from boocoder.backends.native.loop.loop_guard import LoopGuard
from boocoder.backends.native.model.completion import CompletionRunner
from boocoder.backends.native.model.errors import ModelError
from boocoder.backends.native.tools.executor import ToolExecutor, ToolJob
from boocoder.backends.native.tools.result import ToolResult, shorten, tool_refused
from boocoder.events.clean_text import clean

STEPS_MAX = 25  # answers of one helper; small models do not look for longer with success
_OWN_ENDS = frozenset({"model_loop", "context_overflow"})  # of the helper alone; the turn goes on


@dataclass
class Exploration:
    """One question.

    Args:
        same_calls: identical calls that end it.
        max_chars: of its answer.

    Attributes:
        records: the helper's conversation.
    """

    same_calls: int
    max_chars: int
    records: list[Record] = field(default_factory=list)

    async def answer(self, question: str, completion: CompletionRunner, executor: ToolExecutor) -> ToolResult:
        """What the helper found, or why it found nothing.

        Args:
            question: for the helper, which knows nothing else.
            completion: makes its model calls with its records.
            executor: has tools that only read, and keeps their results by `keep_result`.

        Raises:
            ModelError: a model call failed in a way that would fail the turn's own calls as well.
        """
        self.records.append(UserRecord("", clean(question)))
        try:
            return await self._search(completion, executor)
        except ModelError as error:
            if error.code not in _OWN_ENDS:
                raise
            return _nothing(error.text)

    def keep_result(self, job: ToolJob, result: ToolResult) -> None:
        """Add a result to the helper's conversation."""
        output = result.output if result.worked else f"Error: {result.output}"
        self.records.append(ToolResultRecord(job.id, job.call.name, output))

    async def _search(self, completion: CompletionRunner, executor: ToolExecutor) -> ToolResult:
        queue, loops = JobQueue(()), LoopGuard(same_calls=self.same_calls)
        for _ in range(STEPS_MAX):
            answer = await completion.ask()
            jobs = queue.jobs_of(answer)
            if not jobs:
                found = clean(answer.text).strip()
                return ToolResult(True, shorten(found, self.max_chars)) if found else _nothing("it said nothing")
            if (record := answer_record(answer, jobs)) is not None:
                self.records.append(record)
            if loop := loops.find_loop(jobs, await executor.use(jobs)):
                return _nothing(loop)
        return _nothing(f"it looked at {STEPS_MAX} places and did not finish")


def _nothing(why: str) -> ToolResult:
    return tool_refused(f"The helper found no answer: {why.rstrip('.')}. Ask for less, or search by yourself.")
