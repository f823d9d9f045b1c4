"""Asks the model for one answer: fits the conversation into its context, and tries again what may work later."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass

from boocoder.backends.native.client import ModelCall, ModelClient
from boocoder.backends.native.context import ContextWindow
from boocoder.backends.native.hearing import Answer, Hearing
from boocoder.backends.native.limits import NativeLimits
from boocoder.backends.native.refusal import CHECK_SERVER, SHORTER, ModelError
from boocoder.backends.native.reporter import Reporter
from boocoder.backends.native.store import Conversation
from boocoder.backends.native.tool_schemas import tool_schemas
from boocoder.backends.native.wire import ChatMessage
from boocoder.errors import BackendError
from boocoder.events.agent_event import Progress, Usage

SHRINKS_MAX = 4  # times a conversation is made smaller because the server calls it too long
_NUDGE = "Your last answer was empty. Go on with the task: call a tool, or say in words what you found or did."


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Which model answers and how hard it thinks."""

    model: str
    thinking: str = ""


class Asker:
    """The model's side of one turn.

    Args:
        client: the server.
        choice: the model.
        system: the system prompt.
        conversation: what was said so far.
        window: the model's context.
        reporter: where the answer goes.
        limits: tries and pauses.
    """

    def __init__(
        self,
        *,
        client: ModelClient,
        choice: ModelChoice,
        system: str,
        conversation: Conversation,
        window: ContextWindow,
        reporter: Reporter,
        limits: NativeLimits,
    ) -> None:
        self._client = client
        self._choice = choice
        self._system = system
        self._conversation = conversation
        self._window = window
        self._reporter = reporter
        self._limits = limits
        self._hearing: Hearing | None = None
        self._usage = Usage()

    @property
    def tokens(self) -> int:
        """Tokens in and out of the turn so far."""
        return self._usage.input_tokens + self._usage.cache_read_tokens + self._usage.output_tokens

    async def ask(self, *, nudge: bool = False) -> Answer:
        """One whole answer.

        Args:
            nudge: tell the model that its last answer was empty.

        Raises:
            ModelError: there is none, and trying again is of no use or did not help.
        """
        tries, shrinks = 0, 0
        while True:
            messages = await self._messages(nudge=nudge)
            self._hearing = hearing = Hearing(reporter=self._reporter)
            try:
                answer = await self._hear(hearing, messages)
            except ModelError as error:
                await self.give_rest()
                if hearing.spoke:
                    raise
                if error.overflow and shrinks < SHRINKS_MAX and self._window.shrink(error.limit_tokens):
                    shrinks += 1
                    continue
                if not error.again or tries >= self._limits.retries:
                    raise
                tries += 1
                await self._pause(error, tries)
                continue
            self._hearing = None
            await self._count(answer, messages)
            return answer

    async def give_rest(self) -> None:
        """The answer was broken off: report what was held back of it."""
        hearing, self._hearing = self._hearing, None
        if hearing is not None:
            await hearing.finish()

    async def prove_life(self) -> None:
        """Report progress while the model is loaded or reads the prompt, which no stream tells, if its server lives."""
        hearing = self._hearing
        if hearing is None or hearing.begun:
            return
        try:
            await self._client.models()
        except BackendError:
            return
        await self._reporter.report(Progress())

    async def _hear(self, hearing: Hearing, messages: tuple[ChatMessage, ...]) -> Answer:
        call = ModelCall(
            model=self._choice.model,
            messages=messages,
            tools=tool_schemas(),
            max_tokens=self._window.answer_tokens,
            thinking=self._choice.thinking,
        )
        await self._client.complete(call, hearing.take)
        if not hearing.finished:
            text = "The model's answer ended without saying that it is whole."
            raise ModelError("model_stream_cut", text, CHECK_SERVER, again=True)
        return await hearing.finish()

    async def _messages(self, *, nudge: bool) -> tuple[ChatMessage, ...]:
        before = self._window.trimmed.amount
        messages = self._window.messages(self._system, self._conversation.records)
        if messages is None:
            text = f"The prompt does not fit into the model's context ({self._window.budget_tokens} tokens)."
            raise ModelError("context_overflow", text, SHORTER)
        if self._window.trimmed.amount > before:
            text = "The model's context was full: old tool results or old messages are left out from here on."
            await self._reporter.notice("context_trimmed", text)
        if nudge and messages[-1].role != "user":
            return (*messages, ChatMessage("user", _NUDGE))
        return messages

    async def _pause(self, error: ModelError, tries: int) -> None:
        limits = self._limits
        pause_s = min(limits.retry_cap_s, limits.retry_first_s * 2 ** (tries - 1))
        pause_s = min(max(pause_s, error.after_s), limits.retry_cap_s) * random.uniform(0.75, 1.25)
        text = f"{error.text} Trying again in {pause_s:.1f} s ({tries} of {limits.retries})."
        await self._reporter.notice("model_retry", text)
        await asyncio.sleep(pause_s)

    async def _count(self, answer: Answer, messages: tuple[ChatMessage, ...]) -> None:
        if answer.usage is None:
            return
        said = answer.usage
        prompt, completion = max(said.prompt_tokens or 0, 0), max(said.completion_tokens or 0, 0)
        details, out_details = said.prompt_tokens_details, said.completion_tokens_details
        cached = min(max(details.cached_tokens or 0, 0), prompt) if details is not None else 0
        reasoning = max(out_details.reasoning_tokens or 0, 0) if out_details is not None else 0
        self._window.learn(messages, prompt)
        old = self._usage
        self._usage = Usage(
            input_tokens=old.input_tokens + prompt - cached,
            output_tokens=old.output_tokens + completion,
            reasoning_tokens=old.reasoning_tokens + reasoning,
            cache_read_tokens=old.cache_read_tokens + cached,
            context_tokens=prompt + completion,
        )
        await self._reporter.report(self._usage)
