"""opencode's `run --format json`: whole parts, step by step. Pure.

It has no last message: the turn is over with a step that ended for another reason than tool calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from boocoder.backends.oneshot.formats import tool_view
from boocoder.backends.oneshot.formats.reader import JsonReader
from boocoder.events import loose
from boocoder.events.agent_event import AgentEvent, ToolStatus, Usage

_STATUS = {"completed": ToolStatus.COMPLETED, "error": ToolStatus.FAILED, "running": ToolStatus.RUNNING}
_GOES_ON = ("tool-calls", "unknown")


class OpenCodeReader(JsonReader):
    """Reads one turn."""

    def on_object(self, fields: Mapping[str, object]) -> list[AgentEvent]:
        """The events of a message."""
        self.story.native_id = self.story.native_id or loose.text(fields.get("sessionID"))
        part = loose.mapping(fields.get("part"))
        match fields.get("type"):
            case "text" | "reasoning" as kind:
                self.story.interrupt()
                return self.story.say(loose.text(part.get("text")), thought=kind == "reasoning")
            case "tool_use":
                return self._tool(part)
            case "step_finish":
                return self._step(part)
            case "error":
                self.story.end(False, _words(loose.mapping(fields.get("error"))))
        return []

    def _tool(self, part: Mapping[str, object]) -> list[AgentEvent]:
        state = loose.mapping(part.get("state"))
        output = loose.text(state.get("output")) or loose.text(state.get("error"))
        return self.story.tool(
            loose.text(part.get("callID")),
            name=loose.text(part.get("tool")),
            given=state.get("input"),
            status=_STATUS.get(loose.text(state.get("status")), ToolStatus.RUNNING),
            output=output,
            exit_code=loose.integer(loose.mapping(state.get("metadata")).get("exit")),
        )

    def _step(self, part: Mapping[str, object]) -> list[AgentEvent]:
        tokens = loose.mapping(part.get("tokens"))
        cache = loose.mapping(tokens.get("cache"))
        before = self.story.usage
        if loose.text(part.get("reason")) not in _GOES_ON:
            self.story.end(True)
        now = Usage(
            input_tokens=loose.count(tokens.get("input")),
            output_tokens=loose.count(tokens.get("output")),
            reasoning_tokens=loose.count(tokens.get("reasoning")),
            cache_read_tokens=loose.count(cache.get("read")),
            cache_write_tokens=loose.count(cache.get("write")),
        )
        return self.story.count(
            replace(
                now,
                input_tokens=before.input_tokens + now.input_tokens,
                output_tokens=before.output_tokens + now.output_tokens,
                reasoning_tokens=before.reasoning_tokens + now.reasoning_tokens,
                cache_read_tokens=before.cache_read_tokens + now.cache_read_tokens,
                cache_write_tokens=before.cache_write_tokens + now.cache_write_tokens,
                cost_usd=before.cost_usd + loose.amount(part.get("cost")),
                context_tokens=now.input_tokens + now.cache_read_tokens + now.cache_write_tokens + now.output_tokens,
            )
        )


def _words(error: Mapping[str, object]) -> str:
    data = loose.mapping(error.get("data"))
    words = loose.text(data.get("message")) or loose.text(error.get("message")) or loose.text(error.get("name"))
    status = loose.integer(data.get("statusCode"))
    words = words or tool_view.as_text(error)
    return f"{words} (status {status})" if status is not None and str(status) not in words else words
