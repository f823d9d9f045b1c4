"""Plays the script of one turn step by step."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence

from boocoder.backends.base import TurnPort
from boocoder.backends.scripted import outcome as scripted_outcome
from boocoder.backends.scripted.tool_executor import ScriptedReporter, ScriptedToolExecutor
from boocoder.backends.shared import outcomes
from boocoder.backends.shared.steer_inbox import SteerInbox
from boocoder.events.agent_event import (
    Notice,
    NoticeLevel,
    Plan,
    PlanEntry,
    PlanStatus,
    Question,
    QuestionRequest,
    Usage,
)
from boocoder.model.turn import Completed, Outcome, TurnRequest
from boocoder.scripted_model.script import (
    Directive,
    Verb,
    counted_words,
    flaky_numbers,
    listed,
    parse,
    recall_text,
    words,
)

HANG_S = 600.0  # nothing waits longer, not even a hanging agent
WORDS_PER_DELTA = 2
FAIR_DELTAS = 256  # deltas in a row before the rest of the program has its turn
DEFAULT_INPUT_TOKENS = 100


class ScriptPlayer:
    """One running turn.

    Args:
        request: the turn; its prompt is the script.
        prompts: all prompts of this conversation, this one included.
        port: who answers questions.
        reporter: where events go.
        bench: the tools.
        learn: remembers a message that came during the turn.
    """

    def __init__(
        self,
        *,
        request: TurnRequest,
        prompts: Sequence[str],
        port: TurnPort,
        reporter: ScriptedReporter,
        bench: ScriptedToolExecutor,
        learn: Callable[[str], None],
    ) -> None:
        self._stop = request.stop
        self._steps = deque(parse(request.prompt))
        self._learn = learn
        self.inbox = SteerInbox()
        """Messages of the person, played between two steps."""
        self._prompts = prompts
        self._port = port
        self._reporter = reporter
        self._bench = bench
        self._delay_s = 0.0
        self._input_tokens = DEFAULT_INPUT_TOKENS
        self.working = True
        """False while the agent hangs, which is what its own store says when it is asked."""
        self._actions: dict[Verb, Callable[[Directive], Awaitable[None]]] = {
            Verb.SAY: self._say,
            Verb.THINK: self._think,
            Verb.TOKENS: self._say_tokens,
            Verb.RECALL: self._say_recall,
            Verb.FLOOD: self._flood,
            Verb.PLAN: self._plan,
            Verb.NOTICE: self._notice,
            Verb.USAGE: self._usage,
            Verb.FLAKY: self._flaky,
            Verb.QUESTION: self._question,
            Verb.DELAY: self._set_delay,
            Verb.SLEEP: self._sleep,
            Verb.HANG: self._hang,
            Verb.STUBBORN: self._be_stubborn,
        }

    async def play(self) -> Outcome:
        """Play all steps; ends early when asked to stop or when a step ends the turn."""
        while await self._more():
            step = self._steps.popleft()
            outcome = self._fatal(step)
            if outcome is None:
                await self._do(step)
            if self._stop.reason is not None:
                return outcomes.stopped(self._stop.reason)
            if outcome is not None:
                return outcome
        await self._report_usage()
        return Completed()

    async def _more(self) -> bool:
        """Whether there is a step to play, with messages that came meanwhile before the rest of the script."""
        await self.inbox.take(self._steer)
        if not self._steps:
            self.inbox.close()
        return bool(self._steps)

    async def _steer(self, text: str) -> None:
        self._learn(text)
        self._reporter.end_part()
        self._steps.extendleft(reversed(parse(text)))

    def _fatal(self, step: Directive) -> Outcome | None:
        match step.verb:
            case Verb.FAIL:
                return scripted_outcome.failed(step.argument.strip())
            case Verb.CRASH:
                return scripted_outcome.died()
            case Verb.DROP | Verb.CUT:
                return scripted_outcome.stream_cut()
            case _:
                return None

    async def _do(self, step: Directive) -> None:
        action = self._actions.get(step.verb)
        if action is not None:
            await action(step)
        else:
            await self._bench.use(step)

    async def _say(self, step: Directive) -> None:
        await self._speak(words(step.argument), self._reporter.say)

    async def _think(self, step: Directive) -> None:
        await self._speak(words(step.argument), self._reporter.think)

    async def _say_tokens(self, step: Directive) -> None:
        await self._speak(counted_words(int(step.number)), self._reporter.say)

    async def _say_recall(self, step: Directive) -> None:
        await self._speak(words(recall_text(self._prompts)), self._reporter.say)

    async def _speak(self, spoken: Sequence[str], say: Callable[[str], Awaitable[None]]) -> None:
        starts = range(0, len(spoken), WORDS_PER_DELTA)
        await self._send_all(("".join(spoken[at : at + WORDS_PER_DELTA]) for at in starts), say)

    async def _flood(self, step: Directive) -> None:
        await self._send_all(("x" for _ in range(int(step.number))), self._reporter.say)

    async def _send_all(self, texts: Iterable[str], say: Callable[[str], Awaitable[None]]) -> None:
        for number, text in enumerate(texts):
            if self._stop.reason is not None:
                return
            await say(text)
            if self._delay_s > 0:
                await self._wait(self._delay_s)
            elif number % FAIR_DELTAS == FAIR_DELTAS - 1:
                await asyncio.sleep(0)

    async def _plan(self, step: Directive) -> None:
        first, *others = step.listed() or ("",)
        entries = [PlanEntry(first, PlanStatus.IN_PROGRESS)]
        entries += [PlanEntry(text, PlanStatus.PENDING) for text in others]
        await self._reporter.report(Plan(tuple(entries)))

    async def _notice(self, step: Directive) -> None:
        await self._reporter.report(Notice("scripted_notice", step.argument))

    async def _usage(self, step: Directive) -> None:
        self._input_tokens = int(step.number)
        await self._report_usage()

    async def _report_usage(self) -> None:
        usage = Usage(
            input_tokens=self._input_tokens, output_tokens=self._reporter.words, context_tokens=self._input_tokens
        )
        await self._reporter.report(usage)

    async def _flaky(self, step: Directive) -> None:
        times, status = flaky_numbers(step)
        for attempt in range(1, times + 1):
            text = f"The scripted model answered with status {status}; trying again ({attempt})."
            await self._reporter.report(Notice("model_retry", text, NoticeLevel.WARNING))

    async def _question(self, step: Directive) -> None:
        text, choices = step.split(2)
        offered = listed(choices)
        question = Question(
            text=text.strip(), choices=tuple(one for one in offered if one != "..."), free="..." in offered
        )
        answer = await self._port.ask_question(QuestionRequest(self._reporter.new_part("question"), (question,)))
        if self._stop.reason is None:
            said = "dismissed" if answer.answers is None else "; ".join(", ".join(one) for one in answer.answers)
            await self._reporter.say(f"answer: {said} ")

    async def _set_delay(self, step: Directive) -> None:
        self._delay_s = step.number

    async def _sleep(self, step: Directive) -> None:
        await self._wait(step.number)

    async def _hang(self, step: Directive) -> None:
        self.working = False
        await self._wait(HANG_S)
        self.working = True

    async def _be_stubborn(self, step: Directive) -> None:
        self.working = False
        await asyncio.sleep(HANG_S)
        self.working = True

    async def _wait(self, seconds: float) -> None:
        """Wait, but not past the moment when the turn is asked to stop."""
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            return
