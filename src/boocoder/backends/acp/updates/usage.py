"""Computes a turn's usage from counts that mean different things with different agents."""

from __future__ import annotations

from dataclasses import dataclass

from boocoder.backends.acp.updates.parser import Counts, UsageReport
from boocoder.backends.shared.usage_meaning import UsageMeaning
from boocoder.events.agent_event import Usage


@dataclass(slots=True)
class SessionTotals:
    """What a session had used when its turn began.

    Args:
        counts: of an agent that counts the whole session; None if it is not known.
        cost: in US dollars, since the agent's process opened the session.
    """

    counts: Counts | None = None
    cost: float = 0.0


class UsageLedger:
    """One turn's account.

    Args:
        meaning: scope of the counts in a prompt's answer.
        totals: the session's, brought up to date as reports come.
    """

    def __init__(self, *, meaning: UsageMeaning, totals: SessionTotals) -> None:
        self._meaning = meaning
        self._totals = totals
        self._cost_before = totals.cost
        self._cost = 0.0
        self._context = 0
        self._calls: Counts | None = None
        self._answered: Counts | None = None
        self._reported = Usage()

    def on_report(self, report: UsageReport) -> tuple[Usage, ...]:
        """How full the context is now, and the session's cost."""
        self._context = report.used or self._context
        if report.cost is not None:
            if report.cost < self._cost_before:  # the agent restarted its count with its process
                self._cost_before = 0.0
            self._cost = report.cost - self._cost_before
            self._totals.cost = report.cost
        return self._news()

    def on_call(self, counts: Counts) -> None:
        """Counts of one model call, from an agent that sends them with its text."""
        self._calls = counts if self._calls is None else _sum(self._calls, counts)
        self._context = counts.total_tokens or self._context

    def on_answer(self, counts: Counts | None) -> tuple[Usage, ...]:
        """The counts in the prompt's answer."""
        if counts is not None:
            self._answered = self._of_turn(counts)
        return self._news()

    @property
    def counts_output(self) -> bool:
        """Whether the agent counts tokens that its model wrote in this turn; counts of a last call may be older."""
        return self._meaning is not UsageMeaning.LAST_CALL and self._usage().output_tokens > 0

    def _news(self) -> tuple[Usage, ...]:
        before, self._reported = self._reported, self._usage()
        return () if self._reported == before else (self._reported,)

    def _of_turn(self, counts: Counts) -> Counts:
        if self._meaning is not UsageMeaning.CUMULATIVE:
            if not self._context and self._meaning is UsageMeaning.LAST_CALL:
                self._context = counts.total_tokens or counts.input_tokens + counts.output_tokens
            return counts
        before, self._totals.counts = self._totals.counts, counts
        return Counts() if before is None else _difference(counts, before)

    def _usage(self) -> Usage:
        counts = self._answered or self._calls or Counts()
        return Usage(
            input_tokens=counts.input_tokens,
            output_tokens=counts.output_tokens,
            reasoning_tokens=counts.reasoning_tokens,
            cache_read_tokens=counts.cache_read_tokens,
            cache_write_tokens=counts.cache_write_tokens,
            cost_usd=self._cost,
            context_tokens=self._context,
        )


def _sum(one: Counts, other: Counts) -> Counts:
    return Counts(
        input_tokens=one.input_tokens + other.input_tokens,
        output_tokens=one.output_tokens + other.output_tokens,
        reasoning_tokens=one.reasoning_tokens + other.reasoning_tokens,
        cache_read_tokens=one.cache_read_tokens + other.cache_read_tokens,
        cache_write_tokens=one.cache_write_tokens + other.cache_write_tokens,
        total_tokens=one.total_tokens + other.total_tokens,
    )


def _difference(now: Counts, before: Counts) -> Counts:
    return Counts(
        input_tokens=max(0, now.input_tokens - before.input_tokens),
        output_tokens=max(0, now.output_tokens - before.output_tokens),
        reasoning_tokens=max(0, now.reasoning_tokens - before.reasoning_tokens),
        cache_read_tokens=max(0, now.cache_read_tokens - before.cache_read_tokens),
        cache_write_tokens=max(0, now.cache_write_tokens - before.cache_write_tokens),
        total_tokens=max(0, now.total_tokens - before.total_tokens),
    )
