"""Detects a model that repeats itself: the same calls, alternating calls, calls that never succeed."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence

from boocoder.backends.native.model.tool_calls import InvalidCall
from boocoder.backends.native.tools.executor import ToolJob
from boocoder.backends.native.tools.result import ToolResult

FAILED_ANSWERS_MAX = 8  # in a row in which no call worked
PLANNING_ANSWERS_MAX = 8  # in a row that only wrote the plan
CYCLE_MAX = 8  # answers; a longer cycle is ended by the limit of model calls
SAME_ARGUMENTS_FACTOR = 3  # so much oftener may a call be made whose results differ: a build that is watched
_WARN_BEFORE = 2  # this many repetitions before the turn ends, the model is warned

_Done = tuple[str, str, str]  # a call's name, arguments and result


class LoopGuard:
    """Counts repeated calls in the answers of a turn.

    Args:
        same_calls: number of identical answers that end the turn.
    """

    def __init__(self, *, same_calls: int) -> None:
        self._same_calls = same_calls
        self._answers: deque[tuple[_Done, ...]] = deque(maxlen=CYCLE_MAX * same_calls)
        self._arguments: Counter[tuple[str, str]] = Counter()
        self._changes: Counter[tuple[str, str]] = Counter()
        self._failed = 0
        self._planned = 0

    def is_repeated(self, job: ToolJob, result: ToolResult) -> bool:
        """Whether the model should be warned, because the call had this result several times."""
        done = (job.call.name, job.arguments, result.output)
        return sum(done in earlier for earlier in self._answers) >= self._same_calls - _WARN_BEFORE

    def find_loop(self, jobs: Sequence[ToolJob], results: Sequence[ToolResult]) -> str:
        """Add an answer's calls and results; returns a sentence about the loop that they are part of, "" for none."""
        pairs = list(zip(jobs, results, strict=True))
        changed = [(job.call.name, job.arguments) for job, result in pairs if result.diffs]
        if any(change not in self._changes for change in changed):  # progress: a test may now fail once more
            self._answers.clear()
            self._arguments.clear()
        self._changes.update(changed)
        done = tuple((job.call.name, job.arguments, result.output) for job, result in pairs)
        self._answers.append(done)
        self._arguments.update({(name, arguments) for name, arguments, _ in done})
        self._failed = 0 if any(result.worked for result in results) else self._failed + 1
        self._planned = self._planned + 1 if all(job.call.name == "plan" for job in jobs) else 0
        return self._loop(done, jobs)

    def _loop(self, done: tuple[_Done, ...], jobs: Sequence[ToolJob]) -> str:
        times = self._answers.count(done)
        if times >= self._same_calls:
            return f"The model made the same tool call {times} times with the same result."
        times = max(self._changes.values(), default=0)
        if times >= self._same_calls:
            return f"The model made and undid the same change {times} times."
        times = max((self._arguments[name, arguments] for name, arguments, _ in done), default=0)
        if times >= SAME_ARGUMENTS_FACTOR * self._same_calls:
            return f"The model made the same tool call {times} times."
        if self._failed >= FAILED_ANSWERS_MAX:
            why = "could not be understood" if all(isinstance(job.call, InvalidCall) for job in jobs) else "failed"
            return f"All tool calls in {self._failed} answers of the model in a row {why}."
        if self._planned >= PLANNING_ANSWERS_MAX:
            return f"The model wrote its plan {self._planned} times in a row and did nothing else."
        return ""
