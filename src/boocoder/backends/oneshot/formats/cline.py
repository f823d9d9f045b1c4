"""Reader of Cline's `--json`: events of a run, then "run_result"."""

from __future__ import annotations

from collections.abc import Mapping

from boocoder.backends.oneshot.formats import tool_view
from boocoder.backends.oneshot.formats.reader import JsonReader
from boocoder.events import json_coerce
from boocoder.events.agent_event import AgentEvent, ToolKind, ToolStatus, Usage


class ClineReader(JsonReader):
    """Reads one turn."""

    def on_object(self, fields: Mapping[str, object]) -> list[AgentEvent]:
        """The events of a message."""
        match fields.get("type"):
            case "agent_event":
                return self._event(json_coerce.mapping(fields.get("event")))
            case "run_result":
                good = fields.get("finishReason") == "completed"
                words = json_coerce.text(fields.get("text")) or tool_view.as_text(fields.get("finishReason"))
                self.story.end(good, "" if good else words)
                return self._count(json_coerce.mapping(fields.get("usage")))
            case "error":
                self.story.end(False, json_coerce.text(fields.get("message")))
        return []

    def _event(self, event: Mapping[str, object]) -> list[AgentEvent]:
        match event.get("type"), event.get("contentType"):
            case "content_start", "text":
                return self.story.say(json_coerce.text(event.get("text")))
            case "content_start", "reasoning":
                return self.story.say(json_coerce.text(event.get("reasoning")), thought=True)
            case "content_start", "tool":
                name, given = json_coerce.text(event.get("toolName")), event.get("input")
                id = json_coerce.text(event.get("toolCallId"))
                return self.story.tool(id, name=name, given=given, status=ToolStatus.RUNNING)
            case "content_end", "tool":
                return self._tool_ends(event)
            case "iteration_start", _:
                self.story.interrupt()
        return []

    def _tool_ends(self, event: Mapping[str, object]) -> list[AgentEvent]:
        id, error = json_coerce.text(event.get("toolCallId")), json_coerce.text(event.get("error"))
        output = _output(event.get("output")) or error
        code = tool_view.exit_code_in(output) if self.story.kind_of_tool(id) is ToolKind.EXECUTE else None
        status = ToolStatus.FAILED if error and code is None else ToolStatus.COMPLETED
        return self.story.tool(id, output=output, status=status, exit_code=code)

    def _count(self, counts: Mapping[str, object]) -> list[AgentEvent]:
        return self.story.count(
            Usage(
                input_tokens=json_coerce.count(counts.get("inputTokens")),
                output_tokens=json_coerce.count(counts.get("outputTokens")),
                cache_read_tokens=json_coerce.count(counts.get("cacheReadTokens")),
                cache_write_tokens=json_coerce.count(counts.get("cacheWriteTokens")),
                cost_usd=json_coerce.amount(counts.get("totalCost")),
            )
        )


def _output(value: object) -> str:
    """One result, or the results of several commands that were run by one call."""
    results = [json_coerce.mapping(item).get("result") for item in json_coerce.items(value)]
    texts = [tool_view.result_text(result) for result in results if result is not None]
    return "\n".join(texts) if texts else tool_view.result_text(value)
