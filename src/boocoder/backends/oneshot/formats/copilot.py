"""Copilot CLI's `--output-format json`: its session's events as they happen, then "result". Pure."""

from __future__ import annotations

from collections.abc import Mapping

from boocoder.backends.oneshot.formats import tool_view
from boocoder.backends.oneshot.formats.reader import JsonReader
from boocoder.events import loose
from boocoder.events.agent_event import AgentEvent, ToolStatus, Usage


class CopilotReader(JsonReader):
    """Reads one turn."""

    def __init__(self) -> None:
        super().__init__()
        self._sent: dict[str, str] = {}
        self._error = ""

    def on_object(self, fields: Mapping[str, object]) -> list[AgentEvent]:
        """The events of a message."""
        data = loose.mapping(fields.get("data"))
        match fields.get("type"):
            case "assistant.message_delta":
                return self._delta(loose.text(data.get("messageId")), data, thought=False)
            case "assistant.reasoning_delta":
                return self._delta(loose.text(data.get("reasoningId")), data, thought=True)
            case "assistant.message":
                return self._rest(loose.text(data.get("messageId")), data, thought=False)
            case "assistant.reasoning":
                return self._rest(loose.text(data.get("reasoningId")), data, thought=True)
            case "assistant.usage":
                return self._usage(data)
            case "session.error":
                self._error = loose.text(data.get("message")) or tool_view.as_text(data)
            case "result":
                self._end(fields)
            case str() as kind if kind.startswith("tool."):
                return self._tool(kind, data)
        return []

    def _delta(self, id: str, data: Mapping[str, object], *, thought: bool) -> list[AgentEvent]:
        text = loose.text(data.get("deltaContent"))
        if id not in self._sent:
            self.story.interrupt()
        self._sent[id] = self._sent.get(id, "") + text
        return self.story.say(text, thought=thought)

    def _rest(self, id: str, data: Mapping[str, object], *, thought: bool) -> list[AgentEvent]:
        """What the deltas of a message did not have of it; a thought that is told late and whole is known by then."""
        text, sent = loose.text(data.get("content")), self._sent.get(id, "")
        if not sent:
            self.story.interrupt()
        self._sent[id] = text
        return self.story.say(text[len(sent) :], thought=thought) if text.startswith(sent) else []

    def _tool(self, kind: str, data: Mapping[str, object]) -> list[AgentEvent]:
        id = loose.text(data.get("toolCallId"))
        name = loose.text(data.get("toolName"))
        match kind:
            case "tool.execution_start":
                return self.story.tool(id, name=name, given=data.get("arguments"), status=ToolStatus.RUNNING)
            case "tool.execution_partial_result":
                return self.story.tool(id, output=loose.text(data.get("partialOutput")))
            case "tool.execution_complete":
                code = loose.integer(loose.mapping(data.get("shellExecution")).get("exitCode"))
                words = loose.text(loose.mapping(data.get("error")).get("message"))
                output = tool_view.result_text(loose.mapping(data.get("result")).get("content")) or words
                status = ToolStatus.COMPLETED if data.get("success") is not False else ToolStatus.FAILED
                return self.story.tool(id, output=output, status=status, exit_code=code)
        return []

    def _usage(self, data: Mapping[str, object]) -> list[AgentEvent]:
        before = self.story.usage
        given, made = loose.count(data.get("inputTokens")), loose.count(data.get("outputTokens"))
        read = loose.count(data.get("cacheReadTokens"))
        return self.story.count(
            Usage(
                input_tokens=before.input_tokens + given,
                output_tokens=before.output_tokens + made,
                cache_read_tokens=before.cache_read_tokens + read,
                context_tokens=given + made,
            )
        )

    def _end(self, fields: Mapping[str, object]) -> None:
        self.story.native_id = loose.text(fields.get("sessionId")) or self.story.native_id
        code = loose.integer(fields.get("exitCode"))
        good = code == 0 and not self._error
        self.story.end(good, "" if good else self._error or f"exit code {code}")
