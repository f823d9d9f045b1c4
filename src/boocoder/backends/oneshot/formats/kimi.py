"""Kimi CLI's `stream-json`: whole chat messages as they stand in the conversation. Pure.

It has no last message: the turn is over when the process has ended well behind an answer without tool calls.
"""

from __future__ import annotations

from collections.abc import Mapping

from boocoder.backends.oneshot.formats import tool_view
from boocoder.backends.oneshot.formats.reader import JsonReader
from boocoder.events import loose
from boocoder.events.agent_event import AgentEvent, ToolKind, ToolStatus

_THOUGHTS = ("think", "thinking", "reasoning")


class KimiReader(JsonReader):
    """Reads one turn."""

    def __init__(self) -> None:
        super().__init__()
        self._answered = False

    def on_object(self, fields: Mapping[str, object]) -> list[AgentEvent]:
        """The events of a message."""
        self.story.native_id = loose.text(fields.get("session_id")) or self.story.native_id
        match fields.get("role"):
            case "assistant":
                return self._assistant(fields)
            case "tool":
                return self._result(fields)
        return []

    def finish(self) -> list[AgentEvent]:
        """The last message of the agent is its answer unless tools stand in it."""
        if self._answered:
            self.story.end(True)
        return []

    def _assistant(self, fields: Mapping[str, object]) -> list[AgentEvent]:
        self.story.interrupt()
        reasoning = loose.text(fields.get("reasoning_content"))
        events = self.story.say(reasoning, thought=True)
        content = fields.get("content")
        blocks = loose.items(content) if not isinstance(content, str) else [{"type": "text", "text": content}]
        for item in blocks:
            block = loose.mapping(item)
            kind = loose.text(block.get("type"))
            text = loose.text(block.get(kind)) or loose.text(block.get("text"))
            events += self.story.say(text, thought=kind in _THOUGHTS)
        calls = [loose.mapping(call) for call in loose.items(fields.get("tool_calls"))]
        for call in calls:
            function = loose.mapping(call.get("function"))
            name, given = loose.text(function.get("name")), _arguments(function.get("arguments"))
            events += self.story.tool(loose.text(call.get("id")), name=name, given=given, status=ToolStatus.RUNNING)
        self._answered = not calls
        return events

    def _result(self, fields: Mapping[str, object]) -> list[AgentEvent]:
        id = loose.text(fields.get("tool_call_id"))
        output = tool_view.result_text(fields.get("content"))
        code = tool_view.exit_code_in(output) if self.story.kind_of_tool(id) is ToolKind.EXECUTE else None
        self._answered = False
        return self.story.tool(id, output=output, status=ToolStatus.COMPLETED, exit_code=code)


def _arguments(value: object) -> object:
    """Arguments as an object; they come as JSON text."""
    try:
        return loose.decode(value.encode("utf-8", "replace")) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return value
