"""Sums the tokens and costs of a turn's model calls."""

from __future__ import annotations

from boocoder.backends.opencode.http.wire import Number, OpenCodePart
from boocoder.events.agent_event import Usage


def _count(value: Number) -> int:
    return int(value) if value and value > 0 else 0


class UsageTotals:
    """The turn's usage; every step counts once, however often it is sent."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._sum = Usage()

    def add(self, part: OpenCodePart, *, own: bool) -> Usage | None:
        """Take one step's end.

        Args:
            part: a part of type "step-finish".
            own: whether it is of the turn's own session; a sub-agent's context is not the conversation's.

        Returns:
            The new sum, None if the step was counted before or says nothing.
        """
        if part.id in self._seen or part.tokens is None:
            return None
        self._seen.add(part.id)
        tokens, old = part.tokens, self._sum
        read, write = _count(tokens.cache.read), _count(tokens.cache.write)
        context = _count(tokens.input) + _count(tokens.output) + _count(tokens.reasoning) + read + write
        self._sum = Usage(
            input_tokens=old.input_tokens + _count(tokens.input),
            output_tokens=old.output_tokens + _count(tokens.output),
            reasoning_tokens=old.reasoning_tokens + _count(tokens.reasoning),
            cache_read_tokens=old.cache_read_tokens + read,
            cache_write_tokens=old.cache_write_tokens + write,
            cost_usd=old.cost_usd + float(part.cost or 0.0),
            context_tokens=context if own else old.context_tokens,
        )
        return self._sum
