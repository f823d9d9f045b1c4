"""Reader of opencode's `run --format json`: whole parts, step by step.

It has no final message: the turn is over with a step that ends for another reason than tool calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from boocoder.backends.oneshot.formats import tool_view
from boocoder.backends.oneshot.formats.reader import JsonReader
from boocoder.events import json_coerce
from boocoder.events.agent_event import AgentEvent, ToolStatus, Usage

_STATUS = {"completed": ToolStatus.COMPLETED, "error": ToolStatus.FAILED, "running": ToolStatus.RUNNING}
_GOES_ON = ("tool-calls", "unknown")


class OpenCodeReader(JsonReader):
    """Reads one turn."""

    def on_object(self, fields: Mapping[str, object]) -> list[AgentEvent]:
        """The events of a message."""
        self.story.native_id = self.story.native_id or json_coerce.text(fields.get("sessionID"))
        part = json_coerce.mapping(fields.get("part"))
        match fields.get("type"):
            case "text" | "reasoning" as kind:
                self.story.interrupt()
                return self.story.say(json_coerce.text(part.get("text")), thought=kind == "reasoning")
            case "tool_use":
                return self._tool(part)
            case "step_finish":
                return self._step(part)
            case "error":
                self.story.end(False, _words(json_coerce.mapping(fields.get("error"))))
        return []

    def _tool(self, part: Mapping[str, object]) -> list[AgentEvent]:
        state = json_coerce.mapping(part.get("state"))
        output = json_coerce.text(state.get("output")) or json_coerce.text(state.get("error"))
        return self.story.tool(
            json_coerce.text(part.get("callID")),
            name=json_coerce.text(part.get("tool")),
            given=state.get("input"),
            status=_STATUS.get(json_coerce.text(state.get("status")), ToolStatus.RUNNING),
            output=output,
            exit_code=json_coerce.integer(json_coerce.mapping(state.get("metadata")).get("exit")),
        )

    def _step(self, part: Mapping[str, object]) -> list[AgentEvent]:
        tokens = json_coerce.mapping(part.get("tokens"))
        cache = json_coerce.mapping(tokens.get("cache"))
        before = self.story.usage
        if json_coerce.text(part.get("reason")) not in _GOES_ON:
            self.story.end(True)
        now = Usage(
            input_tokens=json_coerce.count(tokens.get("input")),
            output_tokens=json_coerce.count(tokens.get("output")),
            reasoning_tokens=json_coerce.count(tokens.get("reasoning")),
            cache_read_tokens=json_coerce.count(cache.get("read")),
            cache_write_tokens=json_coerce.count(cache.get("write")),
        )
        return self.story.count(
            replace(
                now,
                input_tokens=before.input_tokens + now.input_tokens,
                output_tokens=before.output_tokens + now.output_tokens,
                reasoning_tokens=before.reasoning_tokens + now.reasoning_tokens,
                cache_read_tokens=before.cache_read_tokens + now.cache_read_tokens,
                cache_write_tokens=before.cache_write_tokens + now.cache_write_tokens,
                cost_usd=before.cost_usd + json_coerce.amount(part.get("cost")),
                context_tokens=now.input_tokens + now.cache_read_tokens + now.cache_write_tokens + now.output_tokens,
            )
        )


def _words(error: Mapping[str, object]) -> str:
    data = json_coerce.mapping(error.get("data"))
    words = (
        json_coerce.text(data.get("message"))
        or json_coerce.text(error.get("message"))
        or json_coerce.text(error.get("name"))
    )
    status = json_coerce.integer(data.get("statusCode"))
    words = words or tool_view.as_text(error)
    return f"{words} (status {status})" if status is not None and str(status) not in words else words
