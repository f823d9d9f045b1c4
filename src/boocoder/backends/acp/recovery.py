"""After a crash of ours: tells again what our record has of a turn. It never sends a prompt and starts no agent."""

from __future__ import annotations

import asyncio
from pathlib import Path

from boocoder.backends.acp import verdict
from boocoder.backends.acp.agent_process import PERMISSION
from boocoder.backends.acp.message import Call, Notification, read_line
from boocoder.backends.acp.settings import AcpAgent
from boocoder.backends.acp.translate import TurnTranslator
from boocoder.backends.acp.updates import ToolReport, read_counts, read_update
from boocoder.backends.acp.usage import SessionTotals, UsageLedger
from boocoder.backends.base import TurnPort
from boocoder.backends.line_journal import RecordedLines, journal_path, read_journal
from boocoder.events import loose
from boocoder.events.agent_event import AgentEvent
from boocoder.model.turn import Completed, Interrupted, Outcome, TurnError, TurnRequest

_RESUME = "Resume the turn."


async def recover_turn(state_dir: Path, agent: AcpAgent, request: TurnRequest, port: TurnPort) -> Outcome:
    """Emit what the agent had said in this turn, from its beginning, with the part keys that it had then.

    Returns:
        Completed if the agent had come to a good end, else Interrupted.
    """
    path = journal_path(state_dir, request.chat_id)
    recorded = await asyncio.to_thread(read_journal, path, request.task_id)
    if recorded is None:
        return Interrupted(TurnError("prompt_not_received", "There is no record that the agent got it.", _RESUME))
    translator = TurnTranslator(ledger=UsageLedger(meaning=agent.usage, totals=SessionTotals()))
    for event in _replay(translator, recorded):
        await port.emit(event)
    outcome = _outcome(translator, recorded, agent)
    for event in translator.close_tools(completed=isinstance(outcome, Completed)):
        await port.emit(event)
    return outcome


def _replay(translator: TurnTranslator, recorded: RecordedLines) -> list[AgentEvent]:
    events: list[AgentEvent] = []
    permissions = 0
    for message in (message for line in recorded.lines for message in read_line(line).messages):
        if isinstance(message, Notification):
            events += translator.on_update(read_update(message.params.get("update")))
        elif isinstance(message, Call) and message.method == PERMISSION:
            permissions += 1
            fields = loose.mapping(message.params.get("toolCall"))
            id = loose.text(fields.get("toolCallId")) or f"permission-{permissions}"
            events += translator.on_permission(id, ToolReport(id, fields, announced=False))[1]
    counts = loose.mapping(recorded.how).get("usage")
    return events + translator.on_answer(read_counts(counts))


def _outcome(translator: TurnTranslator, recorded: RecordedLines, agent: AcpAgent) -> Outcome:
    if recorded.ended:
        outcome, _ = verdict.judge(
            recorded.how,
            agent,
            said_something=translator.said_something,
            text=translator.last_text,
        )
        if isinstance(outcome, Completed):
            return outcome
    return Interrupted(TurnError("host_died", "boocoder ended while the turn ran; what it had is kept.", _RESUME))
