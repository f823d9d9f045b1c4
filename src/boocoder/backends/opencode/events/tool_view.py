"""Translates opencode's tool parts and plans into ToolCall and Plan."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from msgspec import Raw, Struct

from boocoder.backends.opencode.http.wire import OpenCodePart, Todo, ToolPartState
from boocoder.events import json_coerce
from boocoder.events.agent_event import (
    FileDiff,
    Location,
    Plan,
    PlanEntry,
    PlanStatus,
    ToolCall,
    ToolKind,
    ToolStatus,
)

S = TypeVar("S", bound=Struct)

_KINDS = {
    "read": ToolKind.READ,
    "list": ToolKind.READ,
    "lsp": ToolKind.READ,
    "skill": ToolKind.READ,
    "edit": ToolKind.EDIT,
    "write": ToolKind.EDIT,
    "multiedit": ToolKind.EDIT,
    "patch": ToolKind.EDIT,
    "apply_patch": ToolKind.EDIT,
    "grep": ToolKind.SEARCH,
    "glob": ToolKind.SEARCH,
    "codesearch": ToolKind.SEARCH,
    "bash": ToolKind.EXECUTE,
    "webfetch": ToolKind.FETCH,
    "websearch": ToolKind.FETCH,
    "task": ToolKind.AGENT,
    "todowrite": ToolKind.THINK,
    "todoread": ToolKind.THINK,
    "question": ToolKind.THINK,
}
_STATUS = {
    "pending": ToolStatus.PENDING,
    "running": ToolStatus.RUNNING,
    "completed": ToolStatus.COMPLETED,
    "error": ToolStatus.FAILED,
}
_PLAN_STATUS = {
    "pending": PlanStatus.PENDING,
    "in_progress": PlanStatus.IN_PROGRESS,
    "completed": PlanStatus.COMPLETED,
    "cancelled": PlanStatus.CANCELLED,
}


class ToolInput(Struct, rename="camel"):
    """Arguments of the built-in tools that the screen shows."""

    file_path: str = ""
    path: str = ""
    command: str = ""
    pattern: str = ""
    url: str = ""
    query: str = ""
    description: str = ""
    old_string: str | None = None
    new_string: str | None = None
    content: str | None = None


class ToolMetadata(Struct, rename="camel"):
    """Metadata of the built-in tools, next to their output."""

    output: str = ""
    exit: int | None = None
    session_id: str = ""
    interrupted: bool = False


class _ReadMetadata(Struct, rename="camel"):
    filepath: str = ""
    command: str = ""
    url: str = ""
    parent_dir: str = ""


def lenient(raw: Raw, kind: type[S]) -> S:
    """Decode `raw` as `kind`, or an empty one: a model may put anything into a tool's arguments."""
    try:
        return json_coerce.decode_as(raw, msgspec.json.Decoder(kind).decode)
    except msgspec.DecodeError:
        return kind()


def tool_call(part: OpenCodePart, *, parent: str = "") -> ToolCall:
    """The present state of a tool part.

    Args:
        part: a part of type "tool".
        parent: key of the sub-agent call that it belongs to, or "".
    """
    state = part.state or ToolPartState(status="pending")
    args, meta = lenient(state.input, ToolInput), lenient(state.metadata, ToolMetadata)
    status = _STATUS.get(state.status, ToolStatus.RUNNING)
    if status is ToolStatus.FAILED and meta.interrupted:
        status = ToolStatus.CANCELLED
    where = args.file_path or (args.path if part.tool in ("read", "list") else "")
    return ToolCall(
        part=part.id,
        name=part.tool,
        kind=_KINDS.get(part.tool, ToolKind.OTHER),
        title=state.title or _title(part.tool, args),
        status=status,
        input=_input_text(state.input),
        output=state.output or state.error or meta.output,
        exit_code=meta.exit,
        locations=(Location(where),) if where else (),
        diffs=_diffs(part.tool, args) if status is not ToolStatus.FAILED else (),
        parent=parent,
    )


def child_session(part: OpenCodePart) -> str:
    """The session that a sub-agent's tool part runs in, or ""."""
    return lenient(part.state.metadata, ToolMetadata).session_id if part.state and part.tool == "task" else ""


def plan(todos: list[Todo]) -> Plan:
    """The agent's plan."""
    return Plan(tuple(PlanEntry(todo.content, _PLAN_STATUS.get(todo.status, PlanStatus.PENDING)) for todo in todos))


def permission_argument(metadata: Raw, patterns: list[str]) -> str:
    """What a rule about this permission is matched against: command line, path or URL, else the patterns."""
    about = lenient(metadata, _ReadMetadata)
    return about.command or about.filepath or about.url or about.parent_dir or "\n".join(patterns)


def _title(tool: str, args: ToolInput) -> str:
    about = args.command or args.description or args.file_path or args.pattern or args.url or args.query or args.path
    return (about.strip().splitlines() or [tool])[0][:200] or tool


def _input_text(raw: Raw) -> str:
    text = json_coerce.well_formed(bytes(raw)).decode()
    return "" if text == "{}" else text


def _diffs(tool: str, args: ToolInput) -> tuple[FileDiff, ...]:
    if tool == "edit" and args.file_path and args.new_string is not None:
        return (FileDiff(args.file_path, args.old_string, args.new_string),)
    if tool == "write" and args.file_path and args.content is not None:
        return (FileDiff(args.file_path, None, args.content),)
    return ()
