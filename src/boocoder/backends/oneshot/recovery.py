"""After a crash of ours: tells again what our record has of a turn. It never sends a prompt and starts no agent."""

from __future__ import annotations

import asyncio
from pathlib import Path

from boocoder.backends.base import TurnPort
from boocoder.backends.line_journal import journal_path, read_journal
from boocoder.backends.oneshot.formats.catalogue import reader_of
from boocoder.backends.oneshot.settings import OneShotAgent
from boocoder.backends.oneshot.verdict import Facts, judge
from boocoder.model.turn import Completed, Interrupted, Outcome, TurnError, TurnRequest

_RESUME = "Resume the turn."


async def recover_turn(
    state_dir: Path, agent: OneShotAgent, request: TurnRequest, port: TurnPort, *, cost_before: float
) -> Outcome:
    """Emit what the agent had said in this turn, from its beginning, with the part keys that it had then.

    Args:
        cost_before: what the session had cost before the turn, in US dollars.

    Returns:
        Completed if the agent had come to a good end, else Interrupted.
    """
    path = journal_path(state_dir, request.chat_id)
    recorded = await asyncio.to_thread(read_journal, path, request.task_id)
    if recorded is None:
        return Interrupted(TurnError("prompt_not_received", "There is no record that the agent got it.", _RESUME))
    reader = reader_of(agent.format, cost_before=cost_before)
    for line in recorded.lines:
        for event in reader.take(line):
            await port.emit(event)
    returncode = recorded.how if isinstance(recorded.how, int) else None
    if returncode is not None:
        reader.finish()
    outcome = judge(Facts(reader, returncode), agent)
    for event in reader.story.close_tools(completed=isinstance(outcome, Completed)):
        await port.emit(event)
    if isinstance(outcome, Completed):
        return outcome
    return Interrupted(TurnError("host_died", "boocoder ended while the turn ran; what it had is kept.", _RESUME))
