"""Reader of Copilot CLI's `--output-format json`: events of its session, then "result"."""

from __future__ import annotations

from collections.abc import Mapping

from boocoder.backends.oneshot.formats import tool_view
from boocoder.backends.oneshot.formats.reader import JsonReader
from boocoder.events import json_coerce
from boocoder.events.agent_event import AgentEvent, ToolStatus, Usage


class CopilotReader(JsonReader):
    """Reads one turn."""

    def __init__(self) -> None:
        super().__init__()
        self._sent: dict[str, str] = {}
        self._error = ""

    def on_object(self, fields: Mapping[str, object]) -> list[AgentEvent]:
        """The events of a message."""
        data = json_coerce.mapping(fields.get("data"))
        match fields.get("type"):
            case "assistant.message_delta":
                return self._delta(json_coerce.text(data.get("messageId")), data, thought=False)
            case "assistant.reasoning_delta":
                return self._delta(json_coerce.text(data.get("reasoningId")), data, thought=True)
            case "assistant.message":
                return self._rest(json_coerce.text(data.get("messageId")), data, thought=False)
            case "assistant.reasoning":
                return self._rest(json_coerce.text(data.get("reasoningId")), data, thought=True)
            case "assistant.usage":
                return self._usage(data)
            case "session.error":
                self._error = json_coerce.text(data.get("message")) or tool_view.as_text(data)
            case "result":
                self._end(fields)
            case str() as kind if kind.startswith("tool."):
                return self._tool(kind, data)
        return []

    def _delta(self, id: str, data: Mapping[str, object], *, thought: bool) -> list[AgentEvent]:
        text = json_coerce.text(data.get("deltaContent"))
        if id not in self._sent:
            self.story.interrupt()
        self._sent[id] = self._sent.get(id, "") + text
        return self.story.say(text, thought=thought)

    def _rest(self, id: str, data: Mapping[str, object], *, thought: bool) -> list[AgentEvent]:
        """The rest of a message after its deltas; a thought that comes late and whole is known by then."""
        text, sent = json_coerce.text(data.get("content")), self._sent.get(id, "")
        if not sent:
            self.story.interrupt()
        self._sent[id] = text
        return self.story.say(text[len(sent) :], thought=thought) if text.startswith(sent) else []

    def _tool(self, kind: str, data: Mapping[str, object]) -> list[AgentEvent]:
        id = json_coerce.text(data.get("toolCallId"))
        name = json_coerce.text(data.get("toolName"))
        match kind:
            case "tool.execution_start":
                return self.story.tool(id, name=name, given=data.get("arguments"), status=ToolStatus.RUNNING)
            case "tool.execution_partial_result":
                return self.story.tool(id, output=json_coerce.text(data.get("partialOutput")))
            case "tool.execution_complete":
                code = json_coerce.integer(json_coerce.mapping(data.get("shellExecution")).get("exitCode"))
                words = json_coerce.text(json_coerce.mapping(data.get("error")).get("message"))
                output = tool_view.result_text(json_coerce.mapping(data.get("result")).get("content")) or words
                status = ToolStatus.COMPLETED if data.get("success") is not False else ToolStatus.FAILED
                return self.story.tool(id, output=output, status=status, exit_code=code)
        return []

    def _usage(self, data: Mapping[str, object]) -> list[AgentEvent]:
        before = self.story.usage
        given, made = json_coerce.count(data.get("inputTokens")), json_coerce.count(data.get("outputTokens"))
        read = json_coerce.count(data.get("cacheReadTokens"))
        return self.story.count(
            Usage(
                input_tokens=before.input_tokens + given,
                output_tokens=before.output_tokens + made,
                cache_read_tokens=before.cache_read_tokens + read,
                context_tokens=given + made,
            )
        )

    def _end(self, fields: Mapping[str, object]) -> None:
        self.story.native_id = json_coerce.text(fields.get("sessionId")) or self.story.native_id
        code = json_coerce.integer(fields.get("exitCode"))
        good = code == 0 and not self._error
        self.story.end(good, "" if good else self._error or f"exit code {code}")
