"""Adds up the tokens of a turn's model calls, including those of broken answers."""

from __future__ import annotations

from boocoder.backends.native.limits import CHARS_PER_TOKEN
from boocoder.backends.native.model.response import ModelAnswer
from boocoder.events import json_coerce
from boocoder.events.agent_event import Usage


class UsageMeter:
    """The tokens of one turn so far."""

    def __init__(self) -> None:
        self.usage = Usage()

    @property
    def tokens(self) -> int:
        """Input and output tokens."""
        return self.usage.input_tokens + self.usage.cache_read_tokens + self.usage.output_tokens

    def add(self, answer: ModelAnswer, *, took_s: float) -> int:
        """Add a complete answer.

        Args:
            answer: with the server's count.
            took_s: seconds from its first chunk to its end.

        Returns:
            The tokens of its prompt, 0 if the server does not count them.
        """
        said = answer.usage
        if said is None:
            return 0
        prompt, completion = json_coerce.count(said.prompt_tokens), json_coerce.count(said.completion_tokens)
        details, out_details = said.prompt_tokens_details, said.completion_tokens_details
        cached = min(json_coerce.count(details.cached_tokens), prompt) if details is not None else 0
        reasoning = json_coerce.count(out_details.reasoning_tokens) if out_details is not None else 0
        measured = json_coerce.amount(answer.timings.predicted_per_second) if answer.timings is not None else 0.0
        speed = measured or (completion / took_s if took_s > 0 else 0.0)
        self._add(prompt - cached, cached, completion, reasoning, speed)
        return prompt

    def add_broken(self, *, prompt_tokens: int, answer_chars: int) -> None:
        """Add the estimated tokens of an answer that broke off before the server sent a count."""
        self._add(prompt_tokens, 0, int(answer_chars / CHARS_PER_TOKEN), 0, self.usage.tokens_per_s)

    def _add(self, prompt: int, cached: int, completion: int, reasoning: int, speed: float) -> None:
        old = self.usage
        self.usage = Usage(
            input_tokens=old.input_tokens + prompt,
            output_tokens=old.output_tokens + completion,
            reasoning_tokens=old.reasoning_tokens + reasoning,
            cache_read_tokens=old.cache_read_tokens + cached,
            context_tokens=prompt + cached + completion,
            tokens_per_s=round(speed, 1),
        )
