"""Gets one answer from the model: fits the conversation into its context and retries temporary failures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from boocoder.backends.native.context.window import ContextWindow
from boocoder.backends.native.conversation.images import ImageStore
from boocoder.backends.native.conversation.store import Record
from boocoder.backends.native.limits import NativeLimits
from boocoder.backends.native.loop.reporter import NativeReporter
from boocoder.backends.native.loop.usage_meter import UsageMeter
from boocoder.backends.native.model.client import ModelCall, ModelClient, Tool
from boocoder.backends.native.model.errors import CHECK_SERVER, LARGER, ModelError
from boocoder.backends.native.model.response import AnswerComplete, ModelAnswer, ResponseAccumulator
from boocoder.backends.native.model.wait_status import WaitStatus
from boocoder.backends.native.model.wire import Chunk, RequestMessage
from boocoder.events.agent_event import Progress
from boocoder.net.backoff import jittered
from boocoder.service import TaskSupervisor

LOADING_POLL_S = 1.0
PAUSE_REPORT_S = 5.0  # how often a long pause is reported as one, so that it does not count as silence
SHRINKS_MAX = 4  # times a conversation is made smaller because the server calls it too long
_NUDGE = "Your last answer was empty. Go on with the task: call a tool, or say in words what you found or did."


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """The model and its thinking level."""

    model: str
    thinking: str = ""


@dataclass
class ModelHabits:
    """Peculiarities of a model's answers, shared by all turns with it.

    Args:
        thinking_first: its answers begin with thinking that has no opening tag.
    """

    thinking_first: bool = False


class CompletionRunner:
    """Runs the model calls of one turn.

    Args:
        client: the server.
        choice: the model.
        system: the system prompt.
        preamble: text before the first prompt.
        records: the conversation so far, which others extend.
        images: of conversations.
        window: the model's context window.
        reporter: receives the answer.
        limits: retries and pauses.
        habits: known peculiarities of the model's answers.
        tools: tools that it may call.
        supervisor: owner of tasks that run alongside a call.
        meter: adds up the turn's tokens.
    """

    def __init__(
        self,
        *,
        client: ModelClient,
        choice: ModelChoice,
        system: str,
        preamble: str,
        records: Sequence[Record],
        images: ImageStore,
        window: ContextWindow,
        reporter: NativeReporter,
        limits: NativeLimits,
        habits: ModelHabits,
        tools: tuple[Tool, ...],
        supervisor: TaskSupervisor,
        meter: UsageMeter | None = None,
    ) -> None:
        self._client = client
        self._choice = choice
        self._system = system
        self._preamble = preamble
        self._records = records
        self._images = images
        self._window = window
        self._reporter = reporter
        self._limits = limits
        self._habits = habits
        self._tools = tools
        self._supervisor = supervisor
        self._accumulator: ResponseAccumulator | None = None
        self.meter = meter or UsageMeter()
        self._prompt_tokens = 0  # of the newest request, about

    @property
    def tokens(self) -> int:
        """Input and output tokens of the turn so far."""
        return self.meter.tokens

    async def ask(self, *, nudge: bool = False) -> ModelAnswer:
        """Get a complete answer.

        Args:
            nudge: tell the model that its previous answer was empty.

        Raises:
            ModelError: the call failed, and retries are pointless or failed too.
        """
        retries = _Retries(self._limits)
        while True:
            messages = await self._messages(nudge=nudge)
            try:
                return await self._stream(messages)
            except ModelError as error:
                await self._recover(error, retries)

    async def give_rest(self) -> None:
        """After an interrupted answer: report the text held back, and count an estimate of its tokens."""
        accumulator, self._accumulator = self._accumulator, None
        if accumulator is None:
            return
        await accumulator.abandon()
        if accumulator.begun:
            self.meter.add_broken(prompt_tokens=self._prompt_tokens, answer_chars=accumulator.chars)
            await self._reporter.report(self.meter.usage)

    async def prove_life(self) -> None:
        """Report progress while the server is alive and loads the model or reads the prompt, which causes no events."""
        accumulator = self._accumulator
        if accumulator is None or accumulator.begun:
            return
        if await self._client.answers():
            await self._reporter.report(Progress())

    async def _stream(self, messages: tuple[RequestMessage, ...]) -> ModelAnswer:
        status = WaitStatus(client=self._client, model=self._choice.model, reporter=self._reporter)
        self._accumulator = accumulator = ResponseAccumulator(
            reporter=self._reporter, thinking_first=self._habits.thinking_first, on_prompt=status.prompt_read
        )
        self._prompt_tokens = self._window.estimate(messages)
        call = ModelCall(
            model=self._choice.model,
            messages=messages,
            tools=self._tools,
            max_tokens=self._window.answer_tokens,
            thinking=self._choice.thinking,
            image_urls=await self._image_urls(messages),
        )
        watch = self._supervisor.spawn(status.run(), "wait-status")
        begun_at = 0.0

        async def take(chunk: Chunk) -> None:
            nonlocal begun_at
            await accumulator.take(chunk)
            if accumulator.begun and not begun_at:
                begun_at = time.monotonic()
                watch.cancel()

        try:
            with suppress(AnswerComplete):
                await self._client.complete(call, take)
        finally:
            watch.cancel()
        if not accumulator.finished:
            text = "The model's answer ended without saying that it is whole."
            raise ModelError("model_stream_cut", text, CHECK_SERVER, again=True)
        answer = await accumulator.finish()
        self._accumulator = None
        await self._count(answer, messages, time.monotonic() - begun_at if begun_at else 0.0)
        return answer

    async def _image_urls(self, messages: tuple[RequestMessage, ...]) -> dict[str, str]:
        names = {name for message in messages for name in message.images}
        return await asyncio.to_thread(self._images.data_urls, names) if names else {}

    async def _recover(self, error: ModelError, retries: _Retries) -> None:
        """Prepare for a retry.

        Raises:
            ModelError: a retry would be pointless.
        """
        accumulator = self._accumulator
        await self.give_rest()
        if accumulator is not None and accumulator.spoke:
            raise error
        if error.overflow and retries.shrinks < SHRINKS_MAX and self._window.shrink(error.limit_tokens):
            retries.shrinks += 1
            return
        if error.loading and (waited_s := retries.loading_s()) < self._limits.load_timeout_s:
            await self._reporter.report(Progress(f"The server is loading the model, {waited_s:.0f} s"))
            await asyncio.sleep(LOADING_POLL_S)
            return
        if not error.again or error.after_s > self._limits.retry_after_max_s or not retries.left:
            raise error
        await self._pause(error, retries.next())

    async def _messages(self, *, nudge: bool) -> tuple[RequestMessage, ...]:
        before = self._window.trimmed.amount
        messages = self._window.messages(self._system, self._records, preamble=self._preamble)
        if messages is None:
            size = self._window.needed_tokens
            text = (
                f"The newest prompt takes about {size} tokens with rules and tools, and the model's context has room "
                f"for {self._window.budget_tokens} beside its answer."
            )
            raise ModelError("context_overflow", text, LARGER)
        if self._window.trimmed.amount > before:
            text = "The model's context was full: old images, tool results or messages are left out from here on."
            await self._reporter.notice("context_trimmed", text)
        if nudge and messages[-1].role != "user":
            return (*messages, RequestMessage("user", _NUDGE))
        return messages

    async def _pause(self, error: ModelError, tries: int) -> None:
        limits = self._limits
        pause_s = jittered(min(limits.retry_cap_s, limits.retry_first_s * 2 ** (tries - 1)))
        pause_s = max(pause_s, error.after_s)
        text = f"{error.text} Trying again in {pause_s:.1f} s ({tries} of {limits.retries})."
        await self._reporter.notice("model_retry", text)
        until = time.monotonic() + pause_s
        while (left_s := until - time.monotonic()) > 0:
            await asyncio.sleep(min(left_s, PAUSE_REPORT_S))
            await self._reporter.report(Progress(f"Waiting to try again, {max(until - time.monotonic(), 0):.0f} s"))

    async def _count(self, answer: ModelAnswer, messages: tuple[RequestMessage, ...], took_s: float) -> None:
        self._habits.thinking_first = answer.unopened_thinking
        prompt_tokens = self.meter.add(answer, took_s=took_s)
        self._window.learn(messages, prompt_tokens)
        if answer.left:
            self.meter.add_broken(prompt_tokens=self._prompt_tokens, answer_chars=answer.chars)
        if answer.usage is not None or answer.left:
            await self._reporter.report(self.meter.usage)


class _Retries:
    """The retries of one answer."""

    def __init__(self, limits: NativeLimits) -> None:
        self._limits = limits
        self._tries = 0
        self._loading_since = 0.0
        self.shrinks = 0

    @property
    def left(self) -> bool:
        """Whether another retry is allowed."""
        return self._tries < self._limits.retries

    def next(self) -> int:
        """Count a retry and return its number."""
        self._tries += 1
        return self._tries

    def loading_s(self) -> float:
        """Seconds since the server first reported that it is loading the model."""
        self._loading_since = self._loading_since or time.monotonic()
        return time.monotonic() - self._loading_since
