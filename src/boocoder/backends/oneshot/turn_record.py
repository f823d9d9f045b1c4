"""Everything that a turn leaves on disk: its journal, its raw output and its session's record."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from boocoder.backends.oneshot.command.raw_output import RawOutput, raw_outputs
from boocoder.backends.oneshot.formats.claude import ClaudeReader
from boocoder.backends.oneshot.formats.event_builder import EventBuilder
from boocoder.backends.oneshot.formats.plain import PlainReader
from boocoder.backends.oneshot.formats.reader import OutputReader
from boocoder.backends.oneshot.session_setup import OneShotReadySession
from boocoder.backends.oneshot.session_store import KnownSession, OneShotSessionStore
from boocoder.backends.oneshot.settings import OneShotAgent, OneShotSettings
from boocoder.backends.shared.line_journal import LineJournal, journal_path
from boocoder.backends.shared.usage_meaning import UsageMeaning
from boocoder.events.agent_event import AgentEvent, Notice, Usage
from boocoder.model.turn import TurnRequest


class TurnRecord:
    """What one turn leaves.

    Args:
        state_dir: ours alone.
        agent: who works.
        request: the turn.
        opening: its session.
        store: where sessions are known.
        settings: limits.

    Raises:
        OSError: it cannot be written; so do all methods.
    """

    def __init__(
        self,
        *,
        state_dir: Path,
        agent: OneShotAgent,
        request: TurnRequest,
        opening: OneShotReadySession,
        store: OneShotSessionStore,
        settings: OneShotSettings,
    ) -> None:
        self._agent = agent
        self._opening = opening
        self._store = store
        self._known = opening.known
        path = journal_path(state_dir, request.chat_id)
        self._journal = LineJournal(path=path, task_id=request.task_id, agent=agent.name)
        raw = raw_outputs(state_dir) / f"{request.task_id}.txt"
        self._raw = RawOutput(raw, settings.raw_limit_bytes) if agent.format == "plain" else None

    def lines(self, lines: Sequence[bytes]) -> None:
        """Lines of the agent."""
        self._journal.write(*lines)
        if self._raw is not None:
            self._raw.write(lines)

    def learn(self, story: EventBuilder) -> None:
        """The agent has the session as soon as it says something in it."""
        if self._known is None and (story.said_something or story.native_id):
            self._remember(story.native_id or self._opening.native_id, Usage())

    def ended(self, returncode: int) -> None:
        """The process ended by itself."""
        self._journal.ended(returncode)

    def of_turn(self, events: list[AgentEvent]) -> list[AgentEvent]:
        """The events, with the counts of an agent that counts its whole session made those of the turn."""
        if self._agent.usage is not UsageMeaning.CUMULATIVE or self._known is None:
            return events
        before = self._opening.known.used if self._opening.known is not None else Usage()
        return [_less(event, before) if isinstance(event, Usage) else event for event in events]

    def finish(self, reader: OutputReader) -> list[Notice]:
        """The turn is over: what to say about the record."""
        story = reader.story
        if self._known is not None and self._agent.usage is UsageMeaning.CUMULATIVE and story.usage != Usage():
            self._remember(self._known.agent_id, story.usage)
        elif self._known is not None and isinstance(reader, ClaudeReader):
            self._remember(self._known.agent_id, Usage(cost_usd=reader.cost_total))
        if self._raw is None or not isinstance(reader, PlainReader) or not reader.stripped:
            return []
        self._raw.keep()
        text = f"Terminal codes were taken out of the output; it is kept unchanged in {self._raw.path}."
        return [Notice("output_stripped", text)]

    def close(self) -> None:
        """Close the files. Safe twice."""
        self._journal.close()
        if self._raw is not None:
            self._raw.close()

    def _remember(self, agent_id: str, used: Usage) -> None:
        self._known = KnownSession(agent_id, used)
        self._store.put(self._opening.native_id, self._known)


def _less(now: Usage, before: Usage) -> Usage:
    return Usage(
        input_tokens=max(0, now.input_tokens - before.input_tokens),
        output_tokens=max(0, now.output_tokens - before.output_tokens),
        reasoning_tokens=max(0, now.reasoning_tokens - before.reasoning_tokens),
        cache_read_tokens=max(0, now.cache_read_tokens - before.cache_read_tokens),
        cache_write_tokens=max(0, now.cache_write_tokens - before.cache_write_tokens),
        cost_usd=max(0.0, now.cost_usd - before.cost_usd),
        context_tokens=now.context_tokens,
    )
