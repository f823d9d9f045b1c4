"""Recovers a turn after a crash of boocoder by replaying its journal."""

from __future__ import annotations

import asyncio
from pathlib import Path

from boocoder.backends.base import TurnPort
from boocoder.backends.oneshot.formats.registry import reader_of
from boocoder.backends.oneshot.outcome import TurnFacts, classify
from boocoder.backends.oneshot.settings import OneShotAgent
from boocoder.backends.shared import outcomes
from boocoder.backends.shared.line_journal import journal_path, read_journal
from boocoder.model.turn import Completed, Outcome, TurnRequest


async def recover_turn(
    state_dir: Path, agent: OneShotAgent, request: TurnRequest, port: TurnPort, *, cost_before: float
) -> Outcome:
    """Emit the agent's output of this turn again, from its beginning, with the same part keys.

    Args:
        cost_before: what the session had cost before the turn, in US dollars.

    Returns:
        Completed if the agent had come to a good end, else Interrupted.
    """
    path = journal_path(state_dir, request.chat_id)
    recorded = await asyncio.to_thread(read_journal, path, request.task_id)
    if recorded is None:
        return outcomes.prompt_not_received("There is no record that the agent got it.")
    reader = reader_of(agent.format, cost_before=cost_before)
    for line in recorded.lines:
        for event in reader.take(line):
            await port.emit(event)
    returncode = recorded.how if isinstance(recorded.how, int) else None
    if returncode is not None:
        reader.finish()
    outcome = classify(TurnFacts(reader, returncode), agent)
    for event in reader.story.close_tools(completed=isinstance(outcome, Completed)):
        await port.emit(event)
    if isinstance(outcome, Completed):
        return outcome
    return outcomes.host_died()
