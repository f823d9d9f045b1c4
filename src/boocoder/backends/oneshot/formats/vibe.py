"""Reader of Mistral Vibe's `--output streaming`: whole entries of its session's journal.

It has no final message: the turn is over when the process exits with 0 after an answer.
"""

from __future__ import annotations

from collections.abc import Mapping

from boocoder.backends.oneshot.formats import tool_view
from boocoder.backends.oneshot.formats.reader import JsonReader
from boocoder.events import json_coerce
from boocoder.events.agent_event import AgentEvent, ToolKind, ToolStatus

_STATUS = {
    "completed": ToolStatus.COMPLETED,
    "failed": ToolStatus.FAILED,
    "cancelled": ToolStatus.CANCELLED,
    "running": ToolStatus.RUNNING,
}
_KINDS = {
    "shell": ToolKind.EXECUTE,
    "file_write": ToolKind.EDIT,
    "file_edit": ToolKind.EDIT,
    "file_read": ToolKind.READ,
}


class VibeReader(JsonReader):
    """Reads one turn."""

    def __init__(self) -> None:
        super().__init__()
        self._answered = False

    def on_object(self, fields: Mapping[str, object]) -> list[AgentEvent]:
        """The events of a message."""
        self.story.native_id = json_coerce.text(fields.get("sessionId")) or self.story.native_id
        match fields.get("type"):
            case "reasoning":
                self.story.interrupt()
                return self.story.say(json_coerce.text(fields.get("text")), thought=True)
            case "message" if fields.get("role") == "assistant":
                self._answered = True
                self.story.interrupt()
                return self.story.say(tool_view.result_text(fields.get("content")))
            case "effect":
                return self._effect(fields)
        return []

    def finish(self) -> list[AgentEvent]:
        """The last entry of the agent is its answer, unless it is a tool."""
        if self._answered:
            self.story.end(True)
        return []

    def _effect(self, fields: Mapping[str, object]) -> list[AgentEvent]:
        self._answered = False
        detail, state = json_coerce.mapping(fields.get("detail")), json_coerce.mapping(fields.get("state"))
        words = json_coerce.text(json_coerce.mapping(state.get("error")).get("message"))
        output = json_coerce.text(state.get("outputText")) or _content(state.get("output")) or words
        kind = _KINDS.get(json_coerce.text(detail.get("kind")))
        code = json_coerce.integer(json_coerce.mapping(state.get("output")).get("exitCode"))
        return self.story.tool(
            json_coerce.text(fields.get("id")),
            name=json_coerce.text(detail.get("toolName")).rpartition(".")[2] or json_coerce.text(fields.get("title")),
            given=detail.get("input"),
            status=_STATUS.get(json_coerce.text(state.get("status")), ToolStatus.RUNNING),
            output=output,
            exit_code=code,
            kind=kind,
        )


def _content(output: object) -> str:
    fields = json_coerce.mapping(output)
    return "\n".join(filter(None, (json_coerce.text(fields.get("stdout")), json_coerce.text(fields.get("stderr")))))
