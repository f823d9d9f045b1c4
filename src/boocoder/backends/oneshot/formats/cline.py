"""Cline's `--json`: events of its run, then "run_result". Pure."""

from __future__ import annotations

from collections.abc import Mapping

from boocoder.backends.oneshot.formats import tool_view
from boocoder.backends.oneshot.formats.reader import JsonReader
from boocoder.events import loose
from boocoder.events.agent_event import AgentEvent, ToolKind, ToolStatus, Usage


class ClineReader(JsonReader):
    """Reads one turn."""

    def on_object(self, fields: Mapping[str, object]) -> list[AgentEvent]:
        """The events of a message."""
        match fields.get("type"):
            case "agent_event":
                return self._event(loose.mapping(fields.get("event")))
            case "run_result":
                good = fields.get("finishReason") == "completed"
                words = loose.text(fields.get("text")) or tool_view.as_text(fields.get("finishReason"))
                self.story.end(good, "" if good else words)
                return self._count(loose.mapping(fields.get("usage")))
            case "error":
                self.story.end(False, loose.text(fields.get("message")))
        return []

    def _event(self, event: Mapping[str, object]) -> list[AgentEvent]:
        match event.get("type"), event.get("contentType"):
            case "content_start", "text":
                return self.story.say(loose.text(event.get("text")))
            case "content_start", "reasoning":
                return self.story.say(loose.text(event.get("reasoning")), thought=True)
            case "content_start", "tool":
                name, given = loose.text(event.get("toolName")), event.get("input")
                id = loose.text(event.get("toolCallId"))
                return self.story.tool(id, name=name, given=given, status=ToolStatus.RUNNING)
            case "content_end", "tool":
                return self._tool_ends(event)
            case "iteration_start", _:
                self.story.interrupt()
        return []

    def _tool_ends(self, event: Mapping[str, object]) -> list[AgentEvent]:
        id, error = loose.text(event.get("toolCallId")), loose.text(event.get("error"))
        output = _output(event.get("output")) or error
        code = tool_view.exit_code_in(output) if self.story.kind_of_tool(id) is ToolKind.EXECUTE else None
        status = ToolStatus.FAILED if error and code is None else ToolStatus.COMPLETED
        return self.story.tool(id, output=output, status=status, exit_code=code)

    def _count(self, counts: Mapping[str, object]) -> list[AgentEvent]:
        return self.story.count(
            Usage(
                input_tokens=loose.count(counts.get("inputTokens")),
                output_tokens=loose.count(counts.get("outputTokens")),
                cache_read_tokens=loose.count(counts.get("cacheReadTokens")),
                cache_write_tokens=loose.count(counts.get("cacheWriteTokens")),
                cost_usd=loose.amount(counts.get("totalCost")),
            )
        )


def _output(value: object) -> str:
    """One result, or the results of several commands that were run by one call."""
    results = [loose.mapping(item).get("result") for item in loose.items(value)]
    told = [tool_view.result_text(result) for result in results if result is not None]
    return "\n".join(told) if told else tool_view.result_text(value)
