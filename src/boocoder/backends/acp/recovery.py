"""Recovers a turn after a crash of boocoder by replaying its journal."""

from __future__ import annotations

import asyncio
from pathlib import Path

from boocoder.backends.acp.outcome import TurnProduct, classify
from boocoder.backends.acp.protocol.agent_process import PERMISSION
from boocoder.backends.acp.protocol.message import RpcNotification, RpcRequest, read_line
from boocoder.backends.acp.settings import AcpAgent
from boocoder.backends.acp.updates.parser import ToolReport, read_counts, read_update
from boocoder.backends.acp.updates.translator import AcpTranslator
from boocoder.backends.acp.updates.usage import SessionTotals, UsageLedger
from boocoder.backends.base import TurnPort
from boocoder.backends.shared import outcomes
from boocoder.backends.shared.line_journal import RecordedLines, journal_path, read_journal
from boocoder.events import json_coerce
from boocoder.events.agent_event import AgentEvent
from boocoder.model.turn import Completed, Outcome, TurnRequest


async def recover_turn(state_dir: Path, agent: AcpAgent, request: TurnRequest, port: TurnPort) -> Outcome:
    """Emit the agent's output of this turn again, from its beginning, with the same part keys.

    Returns:
        Completed if the agent had come to a good end, else Interrupted.
    """
    path = journal_path(state_dir, request.chat_id)
    recorded = await asyncio.to_thread(read_journal, path, request.task_id)
    if recorded is None:
        return outcomes.prompt_not_received("There is no record that the agent got it.")
    translator = AcpTranslator(ledger=UsageLedger(meaning=agent.usage, totals=SessionTotals()))
    for event in _replay(translator, recorded):
        await port.emit(event)
    outcome = _outcome(translator.product(request.prompt), recorded, agent)
    for event in translator.close_tools(completed=isinstance(outcome, Completed)):
        await port.emit(event)
    return outcome


def _replay(translator: AcpTranslator, recorded: RecordedLines) -> list[AgentEvent]:
    events: list[AgentEvent] = []
    permissions = 0
    for message in (message for line in recorded.lines for message in read_line(line).messages):
        if isinstance(message, RpcNotification):
            events += translator.on_update(read_update(message.params.get("update")))
        elif isinstance(message, RpcRequest) and message.method == PERMISSION:
            permissions += 1
            fields = json_coerce.mapping(message.params.get("toolCall"))
            id = json_coerce.text(fields.get("toolCallId")) or f"permission-{permissions}"
            events += translator.on_permission(ToolReport(id, fields, announced=False))[2]
    counts = json_coerce.mapping(recorded.how).get("usage")
    return events + translator.on_answer(read_counts(counts))


def _outcome(product: TurnProduct, recorded: RecordedLines, agent: AcpAgent) -> Outcome:
    if recorded.ended:
        outcome, _ = classify(recorded.how, agent, product)
        if isinstance(outcome, Completed):
            return outcome
    return outcomes.host_died()
