"""Reader of Codex's `exec --json`: whole items, no deltas."""

from __future__ import annotations

from collections.abc import Mapping

from boocoder.backends.oneshot.formats import tool_view
from boocoder.backends.oneshot.formats.event_builder import usage_of
from boocoder.backends.oneshot.formats.reader import JsonReader
from boocoder.events import json_coerce
from boocoder.events.agent_event import (
    AgentEvent,
    NoticeLevel,
    Plan,
    PlanEntry,
    PlanStatus,
    ToolKind,
    ToolStatus,
)

_STATUS = {
    "in_progress": ToolStatus.RUNNING,
    "completed": ToolStatus.COMPLETED,
    "failed": ToolStatus.FAILED,
    "declined": ToolStatus.FAILED,
}


class CodexReader(JsonReader):
    """Reads one turn."""

    def on_object(self, fields: Mapping[str, object]) -> list[AgentEvent]:
        """The events of a message."""
        match fields.get("type"):
            case "thread.started":
                self.story.native_id = json_coerce.text(fields.get("thread_id"))
            case "item.started" | "item.updated" | "item.completed":
                return self._item(json_coerce.mapping(fields.get("item")), done=fields.get("type") == "item.completed")
            case "turn.completed":
                self.story.end(True)
                return self.story.count(usage_of(json_coerce.mapping(fields.get("usage"))))
            case "turn.failed":
                self.story.end(False, _words(json_coerce.mapping(fields.get("error")).get("message")))
            case "error":  # a warning while it tries again, unless "turn.failed" follows
                return self.story.once("agent_warning", _words(fields.get("message")), NoticeLevel.WARNING)
        return []

    def _item(self, item: Mapping[str, object], *, done: bool) -> list[AgentEvent]:
        match item.get("type"):
            case "agent_message" | "reasoning" as kind:
                if not done:
                    return []
                self.story.interrupt()
                return self.story.say(json_coerce.text(item.get("text")), thought=kind == "reasoning")
            case "command_execution":
                return self._command(item, done=done)
            case "todo_list":
                return self._todo(item)
            case "error":
                return self.story.once("agent_warning", _words(item.get("message")), NoticeLevel.WARNING)
            case str() as kind:
                return self._other(kind, item, done=done)
        return []

    def _command(self, item: Mapping[str, object], *, done: bool) -> list[AgentEvent]:
        code = json_coerce.integer(item.get("exit_code"))
        status = _STATUS.get(json_coerce.text(item.get("status")), ToolStatus.RUNNING)
        if code is not None and status is ToolStatus.FAILED:  # it ran, and ended badly
            status = ToolStatus.COMPLETED
        return self.story.tool(
            json_coerce.text(item.get("id")),
            name="shell",
            given={"command": json_coerce.text(item.get("command"))},
            status=ToolStatus.COMPLETED if done and not status.final else status,
            output=json_coerce.text(item.get("aggregated_output")) or None,
            exit_code=code,
            kind=ToolKind.EXECUTE,
        )

    def _todo(self, item: Mapping[str, object]) -> list[AgentEvent]:
        entries = [json_coerce.mapping(entry) for entry in json_coerce.items(item.get("items"))]
        plan = tuple(
            PlanEntry(
                json_coerce.text(entry.get("text")),
                PlanStatus.COMPLETED if entry.get("completed") else PlanStatus.PENDING,
            )
            for entry in entries
        )
        return self.story.plan(Plan(plan)) if plan else []

    def _other(self, kind: str, item: Mapping[str, object], *, done: bool) -> list[AgentEvent]:
        """File changes, tools of servers, searches: shown as tool calls by what they hold."""
        kinds = {"file_change": ToolKind.EDIT, "web_search": ToolKind.FETCH}
        given = {name: item[name] for name in ("changes", "server", "tool", "arguments", "query") if item.get(name)}
        status = _STATUS.get(json_coerce.text(item.get("status")), ToolStatus.RUNNING)
        result = item.get("result") or item.get("error")
        changed = [
            json_coerce.text(json_coerce.mapping(change).get("path"))
            for change in json_coerce.items(item.get("changes"))
        ]
        return self.story.tool(
            json_coerce.text(item.get("id")),
            name=json_coerce.text(item.get("tool")) or kind,
            given=given or None,
            status=ToolStatus.COMPLETED if done and not status.final else status,
            output=tool_view.as_text(result) if result else None,
            title=f"{kind.replace('_', ' ')} {', '.join(filter(None, changed))}".strip(),
            kind=kinds.get(kind),
        )


def _words(message: object) -> str:
    """An error's words; the model server's answer inside them is put plainly."""
    text = json_coerce.text(message)
    try:
        inner = json_coerce.mapping(
            json_coerce.mapping(json_coerce.decode(text.encode("utf-8", "replace"))).get("error")
        )
    except (ValueError, RecursionError):
        return text
    code = tool_view.as_text(inner.get("code")) if inner.get("code") is not None else ""
    return f"{code} {json_coerce.text(inner.get('message'))}".strip() or text
