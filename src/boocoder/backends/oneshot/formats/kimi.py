"""Reader of Kimi CLI's `stream-json`: whole chat messages.

It has no final message: the turn is over when the process exits with 0 after an answer without tool calls.
"""

from __future__ import annotations

from collections.abc import Mapping

from boocoder.backends.oneshot.formats import tool_view
from boocoder.backends.oneshot.formats.reader import JsonReader
from boocoder.events import json_coerce
from boocoder.events.agent_event import AgentEvent, ToolKind, ToolStatus

_THOUGHTS = ("think", "thinking", "reasoning")


class KimiReader(JsonReader):
    """Reads one turn."""

    def __init__(self) -> None:
        super().__init__()
        self._answered = False

    def on_object(self, fields: Mapping[str, object]) -> list[AgentEvent]:
        """The events of a message."""
        self.story.native_id = json_coerce.text(fields.get("session_id")) or self.story.native_id
        match fields.get("role"):
            case "assistant":
                return self._assistant(fields)
            case "tool":
                return self._result(fields)
        return []

    def finish(self) -> list[AgentEvent]:
        """The last message of the agent is its answer unless it contains tool calls."""
        if self._answered:
            self.story.end(True)
        return []

    def _assistant(self, fields: Mapping[str, object]) -> list[AgentEvent]:
        self.story.interrupt()
        reasoning = json_coerce.text(fields.get("reasoning_content"))
        events = self.story.say(reasoning, thought=True)
        content = fields.get("content")
        blocks = json_coerce.items(content) if not isinstance(content, str) else [{"type": "text", "text": content}]
        for item in blocks:
            block = json_coerce.mapping(item)
            kind = json_coerce.text(block.get("type"))
            text = json_coerce.text(block.get(kind)) or json_coerce.text(block.get("text"))
            events += self.story.say(text, thought=kind in _THOUGHTS)
        calls = [json_coerce.mapping(call) for call in json_coerce.items(fields.get("tool_calls"))]
        for call in calls:
            function = json_coerce.mapping(call.get("function"))
            name, given = json_coerce.text(function.get("name")), _arguments(function.get("arguments"))
            events += self.story.tool(
                json_coerce.text(call.get("id")), name=name, given=given, status=ToolStatus.RUNNING
            )
        self._answered = not calls
        return events

    def _result(self, fields: Mapping[str, object]) -> list[AgentEvent]:
        id = json_coerce.text(fields.get("tool_call_id"))
        output = tool_view.result_text(fields.get("content"))
        code = tool_view.exit_code_in(output) if self.story.kind_of_tool(id) is ToolKind.EXECUTE else None
        self._answered = False
        return self.story.tool(id, output=output, status=ToolStatus.COMPLETED, exit_code=code)


def _arguments(value: object) -> object:
    """Arguments as an object; they come as JSON text."""
    try:
        return json_coerce.decode(value.encode("utf-8", "replace")) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return value
