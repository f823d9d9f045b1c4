"""Turns the calls of a model's answer into jobs with ids that are unique in the conversation."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from boocoder.backends.native.conversation.store import AnswerRecord, Record, RequestedTool
from boocoder.backends.native.model.json_repair import is_json
from boocoder.backends.native.model.response import ModelAnswer
from boocoder.backends.native.model.tool_calls import SEND_SMALLER, InvalidCall, SentCall, interpret_call
from boocoder.backends.native.tools.executor import ToolJob
from boocoder.events.clean_text import clean


class JobQueue:
    """The calls of one conversation.

    Args:
        records: of the conversation so far.
        mcp_tools: names of tools that MCP servers have.
    """

    def __init__(self, records: Sequence[Record], *, mcp_tools: Collection[str] = ()) -> None:
        self._ids = {call.id for record in records if isinstance(record, AnswerRecord) for call in record.calls}
        self._mcp_tools = mcp_tools

    def jobs_of(self, answer: ModelAnswer) -> list[ToolJob]:
        """The answer's calls in its order; one that was cut off is invalid."""
        jobs: list[ToolJob] = []
        for number, sent in enumerate(answer.calls, start=1):
            call = interpret_call(sent, self._mcp_tools)
            cut = answer.finish == "length" and number == len(answer.calls)
            if cut and (answer.written or not is_json(sent.arguments)):
                problem = f"Your answer reached its limit in the middle of this call. {SEND_SMALLER}"
                call = InvalidCall(call.name, problem)
            arguments = "{}" if isinstance(call, InvalidCall) else call.json
            duplicate = any(job.call == call for job in jobs)
            jobs.append(ToolJob(self._call_id(sent), call, arguments, sent.part, duplicate))
        return jobs

    def _call_id(self, sent: SentCall) -> str:
        """The server's id, else nine letters and digits, which Mistral's chat templates require."""
        wanted = sent.id
        number = len(self._ids)
        while not wanted or wanted in self._ids:
            number += 1
            wanted = f"call{number:05d}"
        self._ids.add(wanted)
        return wanted


def answer_record(answer: ModelAnswer, jobs: Sequence[ToolJob]) -> AnswerRecord | None:
    """What a conversation keeps of an answer; None for an empty one."""
    calls = tuple(RequestedTool(job.id, job.call.name, job.arguments) for job in jobs)
    if not answer.text and not calls:
        return None
    return AnswerRecord(clean(answer.text), clean(answer.reasoning) if calls else "", calls)
