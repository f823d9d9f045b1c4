"""Reader of goose's `stream-json`: messages in pieces, tools by request and response, then "complete"."""

from __future__ import annotations

from collections.abc import Mapping

from boocoder.backends.oneshot.formats import tool_view
from boocoder.backends.oneshot.formats.event_builder import usage_of
from boocoder.backends.oneshot.formats.reader import JsonReader
from boocoder.events import json_coerce
from boocoder.events.agent_event import AgentEvent, NoticeLevel, ToolKind, ToolStatus


class GooseReader(JsonReader):
    """Reads one turn."""

    def on_object(self, fields: Mapping[str, object]) -> list[AgentEvent]:
        """The events of a message."""
        match fields.get("type"):
            case "message":
                return self._message(json_coerce.mapping(fields.get("message")))
            case "notification":
                return []
            case "error":
                self.story.end(False, json_coerce.text(fields.get("error")) or tool_view.as_text(fields.get("message")))
            case "complete":
                self.story.end(True)
                return self.story.count(usage_of(fields))
        return []

    def _message(self, message: Mapping[str, object]) -> list[AgentEvent]:
        events: list[AgentEvent] = []
        by_agent = message.get("role") == "assistant"
        for item in json_coerce.items(message.get("content")):
            block = json_coerce.mapping(item)
            match block.get("type"):
                case "text" if by_agent:
                    events += self.story.say(json_coerce.text(block.get("text")))
                case "thinking" if by_agent:
                    events += self.story.say(json_coerce.text(block.get("thinking")), thought=True)
                case "toolRequest":
                    events += self._request(block)
                case "toolResponse":
                    events += self._response(block)
                case "systemNotification":
                    events += self.story.once("agent_notice", json_coerce.text(block.get("msg")), NoticeLevel.INFO)
        return events

    def _request(self, block: Mapping[str, object]) -> list[AgentEvent]:
        call = json_coerce.mapping(block.get("toolCall"))
        asked = json_coerce.mapping(call.get("value"))
        name = json_coerce.text(asked.get("name")).rpartition("__")[2] or "tool"
        id = json_coerce.text(block.get("id"))
        if call.get("status") == "error":
            words = tool_view.as_text(call.get("error"))
            return self.story.tool(id, name=name, status=ToolStatus.FAILED, output=words)
        return self.story.tool(id, name=name, given=asked.get("arguments"), status=ToolStatus.RUNNING)

    def _response(self, block: Mapping[str, object]) -> list[AgentEvent]:
        id = json_coerce.text(block.get("id"))
        result = json_coerce.mapping(block.get("toolResult"))
        value = json_coerce.mapping(result.get("value"))
        output = tool_view.result_text(value.get("content")) or tool_view.as_text(result.get("error"))
        failed = result.get("status") == "error" or value.get("isError") is True
        code = json_coerce.integer(json_coerce.mapping(value.get("structuredContent")).get("exit_code"))
        if code is None and self.story.kind_of_tool(id) is ToolKind.EXECUTE:
            code = tool_view.exit_code_in(output) if failed else 0
        status = ToolStatus.FAILED if failed and code is None else ToolStatus.COMPLETED
        return self.story.tool(id, output=output, status=status, exit_code=code)
