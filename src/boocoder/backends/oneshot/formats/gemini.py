"""Reader of Gemini CLI's `stream-json`: text deltas, whole tool calls, no thoughts."""

from __future__ import annotations

from collections.abc import Mapping

from boocoder.backends.oneshot.formats import tool_view
from boocoder.backends.oneshot.formats.event_builder import usage_of
from boocoder.backends.oneshot.formats.reader import JsonReader
from boocoder.events import json_coerce
from boocoder.events.agent_event import AgentEvent, NoticeLevel, ToolKind, ToolStatus


class GeminiReader(JsonReader):
    """Reads one turn."""

    def on_object(self, fields: Mapping[str, object]) -> list[AgentEvent]:
        """The events of a message."""
        match fields.get("type"):
            case "init":
                self.story.native_id = json_coerce.text(fields.get("session_id"))
            case "message" if fields.get("role") == "assistant":
                if fields.get("delta") is not True:
                    self.story.interrupt()
                return self.story.say(json_coerce.text(fields.get("content")))
            case "tool_use":
                id, name = json_coerce.text(fields.get("tool_id")), json_coerce.text(fields.get("tool_name"))
                return self.story.tool(id, name=name, given=fields.get("parameters"), status=ToolStatus.RUNNING)
            case "tool_result":
                return self._result(fields)
            case "error":
                text = json_coerce.text(fields.get("message"))
                return self.story.once("agent_warning", text, NoticeLevel.WARNING) if text else []
            case "result":
                good = fields.get("status") == "success"
                words = json_coerce.text(json_coerce.mapping(fields.get("error")).get("message"))
                self.story.end(good, "" if good else words or tool_view.as_text(fields.get("status")))
                return self.story.count(usage_of(json_coerce.mapping(fields.get("stats"))))
        return []

    def _result(self, fields: Mapping[str, object]) -> list[AgentEvent]:
        id = json_coerce.text(fields.get("tool_id"))
        good = fields.get("status") == "success"
        error = json_coerce.text(json_coerce.mapping(fields.get("error")).get("message"))
        output = tool_view.result_text(fields.get("output")) or error
        code = tool_view.exit_code_in(output) if self.story.kind_of_tool(id) is ToolKind.EXECUTE else None
        status = ToolStatus.COMPLETED if good else ToolStatus.FAILED
        return self.story.tool(id, output=output, status=status, exit_code=code)
