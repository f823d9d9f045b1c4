"""Reader of `stream-json` with partial messages, as Claude Code and Qwen Code print it.

Text and thoughts come as deltas and once more whole in a message; the longer of the two counts.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import replace

from boocoder.backends.oneshot.formats import tool_view
from boocoder.backends.oneshot.formats.event_builder import usage_of
from boocoder.backends.oneshot.formats.reader import JsonReader
from boocoder.events import json_coerce
from boocoder.events.agent_event import AgentEvent, NoticeLevel, ToolKind, ToolStatus

_SUBTYPE_CODES = {"error_max_turns": "agent_step_limit"}


class _StreamedBlock:
    """A streamed block of text whose whole text has not come yet."""

    def __init__(self, thought: bool) -> None:
        self.thought = thought
        self.text: list[str] = []


class ClaudeReader(JsonReader):
    """Reads one turn.

    Args:
        cost_before: what the session had cost before this turn, in US dollars: the agent counts on, also when a new
            process goes on with it.

    Attributes:
        cost_total: what the session has cost so far.
    """

    def __init__(self, *, cost_before: float = 0.0) -> None:
        super().__init__()
        self._cost_before = cost_before
        self._context = 0
        self._blocks: dict[str, deque[_StreamedBlock]] = defaultdict(deque)
        self.cost_total = cost_before

    def on_object(self, fields: Mapping[str, object]) -> list[AgentEvent]:
        """The events of a message."""
        self.story.native_id = self.story.native_id or json_coerce.text(fields.get("session_id"))
        parent = json_coerce.text(fields.get("parent_tool_use_id"))
        match fields.get("type"):
            case "stream_event":
                return self._stream(json_coerce.mapping(fields.get("event")), parent)
            case "assistant":
                return self._whole(json_coerce.mapping(fields.get("message")), parent)
            case "user":
                return self._results(json_coerce.mapping(fields.get("message")), parent)
            case "result":
                return self._result(fields)
            case "system":
                return self._system(fields)
        return []

    def _system(self, fields: Mapping[str, object]) -> list[AgentEvent]:
        if fields.get("subtype") == "api_retry":
            text = "The model did not answer; the agent tries it again."
            return self.story.once("model_retried", text, NoticeLevel.WARNING)
        return []

    def _stream(self, event: Mapping[str, object], parent: str) -> list[AgentEvent]:
        match event.get("type"):
            case "message_start":
                self._blocks[parent].clear()
                self._see_context(json_coerce.mapping(json_coerce.mapping(event.get("message")).get("usage")))
            case "content_block_start":
                return self._block_starts(json_coerce.mapping(event.get("content_block")), parent)
            case "content_block_delta":
                return self._delta(json_coerce.mapping(event.get("delta")), parent)
        return []

    def _block_starts(self, block: Mapping[str, object], parent: str) -> list[AgentEvent]:
        kind = block.get("type")
        if kind == "tool_use":
            return self.story.tool(
                json_coerce.text(block.get("id")), name=json_coerce.text(block.get("name")), parent=parent
            )
        if kind in ("text", "thinking"):
            self.story.interrupt()
            self._blocks[parent].append(_StreamedBlock(kind == "thinking"))
            return self._piece(json_coerce.text(block.get(str(kind))), thought=kind == "thinking", parent=parent)
        return []

    def _delta(self, delta: Mapping[str, object], parent: str) -> list[AgentEvent]:
        match delta.get("type"):
            case "text_delta":
                return self._piece(json_coerce.text(delta.get("text")), thought=False, parent=parent)
            case "thinking_delta":
                return self._piece(json_coerce.text(delta.get("thinking")), thought=True, parent=parent)
        return []

    def _piece(self, text: str, *, thought: bool, parent: str) -> list[AgentEvent]:
        blocks = self._blocks[parent]
        if not blocks or blocks[-1].thought != thought:
            blocks.append(_StreamedBlock(thought))
        blocks[-1].text.append(text)
        return self.story.say(text, thought=thought, parent=parent)

    def _whole(self, message: Mapping[str, object], parent: str) -> list[AgentEvent]:
        events: list[AgentEvent] = []
        for item in json_coerce.items(message.get("content")):
            block = json_coerce.mapping(item)
            match block.get("type"):
                case "text":
                    events += self._rest(json_coerce.text(block.get("text")), thought=False, parent=parent)
                case "thinking":
                    events += self._rest(json_coerce.text(block.get("thinking")), thought=True, parent=parent)
                case "tool_use":
                    id, name = json_coerce.text(block.get("id")), json_coerce.text(block.get("name"))
                    given = block.get("input")
                    events += self.story.tool(id, name=name, given=given, status=ToolStatus.RUNNING, parent=parent)
        if not parent:
            self._see_context(json_coerce.mapping(message.get("usage")))
        return events

    def _rest(self, text: str, *, thought: bool, parent: str) -> list[AgentEvent]:
        """What the deltas of a block did not have of it; all of it if there were none."""
        blocks = self._blocks[parent]
        texts = next((block for block in blocks if block.thought == thought), None)
        if texts is None:
            self.story.interrupt()
            return self.story.say(text, thought=thought, parent=parent)
        blocks.remove(texts)
        sent = "".join(texts.text)
        return self.story.say(text[len(sent) :], thought=thought, parent=parent) if text.startswith(sent) else []

    def _results(self, message: Mapping[str, object], parent: str) -> list[AgentEvent]:
        events: list[AgentEvent] = []
        for item in json_coerce.items(message.get("content")):
            block = json_coerce.mapping(item)
            if block.get("type") == "tool_result":
                events += self._tool_result(block, parent)
        return events

    def _tool_result(self, block: Mapping[str, object], parent: str) -> list[AgentEvent]:
        id = json_coerce.text(block.get("tool_use_id"))
        output = tool_view.result_text(block.get("content"))
        failed = block.get("is_error") is True
        code = None
        if self.story.kind_of_tool(id) is ToolKind.EXECUTE:
            code = tool_view.exit_code_in(output) if failed else 0
        ran = not failed or code is not None  # a command that ended badly was still run
        status = ToolStatus.COMPLETED if ran else ToolStatus.FAILED
        return self.story.tool(id, output=output, status=status, exit_code=code, parent=parent)

    def _result(self, fields: Mapping[str, object]) -> list[AgentEvent]:
        self.cost_total = json_coerce.amount(fields.get("total_cost_usd")) or self._cost_before
        cost = self.cost_total - self._cost_before if self.cost_total >= self._cost_before else self.cost_total
        usage = usage_of(json_coerce.mapping(fields.get("usage")), cost=cost, context=self._context)
        subtype = json_coerce.text(fields.get("subtype"))
        good = fields.get("is_error") is not True and subtype in ("success", "")
        self.story.end(good, "" if good else _error_words(fields), _SUBTYPE_CODES.get(subtype, ""))
        return self.story.count(usage) if fields.get("usage") is not None else []

    def _see_context(self, counts: Mapping[str, object]) -> None:
        usage = usage_of(counts)
        seen = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens + usage.output_tokens
        if seen:
            self._context = seen
            self.story.usage = replace(self.story.usage, context_tokens=seen)


def _error_words(fields: Mapping[str, object]) -> str:
    texts = [
        json_coerce.text(fields.get("result")),
        json_coerce.text(json_coerce.mapping(fields.get("error")).get("message")),
    ]
    texts += [json_coerce.text(error) for error in json_coerce.items(fields.get("errors"))]
    words = "; ".join(filter(None, texts)) or json_coerce.text(fields.get("subtype")).replace("_", " ")
    status = json_coerce.integer(fields.get("api_error_status"))
    return f"{words} (status {status})" if status is not None and str(status) not in words else words
