"""How tool calls of the native agent are displayed: kind, title, and a preview while they are written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from boocoder.backends.native.model.tool_calls import MCP_PREFIX, InvalidCall, ValidCall
from boocoder.backends.native.tools import arguments
from boocoder.backends.native.tools.path_policy import ResolvedPath, resolve_path
from boocoder.events.agent_event import FileDiff, ToolCall, ToolKind, ToolStatus
from boocoder.events.clean_text import clean

TITLE_CHARS = 120
PREVIEW_MAX_CHARS = 12_000  # of a file's end while it is being written; a screen holds no more
_KINDS: Mapping[str, ToolKind] = {
    "read": ToolKind.READ,
    "write": ToolKind.EDIT,
    "edit": ToolKind.EDIT,
    "list": ToolKind.SEARCH,
    "search": ToolKind.SEARCH,
    "shell": ToolKind.EXECUTE,
    "explore": ToolKind.AGENT,
    "fetch": ToolKind.FETCH,
    "plan": ToolKind.THINK,
}
_TITLE_ARGUMENTS = ("path", "command", "pattern", "question", "url")


def tool_kind(name: str) -> ToolKind:
    """The kind of a tool, for display."""
    return _KINDS.get(name, ToolKind.OTHER)


def call_title(call: ValidCall | InvalidCall, worktree: Path) -> str:
    """A one-line title of a call."""
    if isinstance(call, InvalidCall):
        return call.name
    match call.args:
        case (
            arguments.ShellArguments(command=text)
            | arguments.AskArguments(question=text)
            | arguments.ExploreArguments(question=text)
            | arguments.FetchArguments(url=text)
        ):
            title = text.strip().partition("\n")[0]
        case arguments.SearchArguments(pattern=pattern, path=path):
            title = f"{pattern} in {path}"
        case arguments.McpArguments(values=values):
            title = f"{tool_label(call.name)} {json.dumps(values, ensure_ascii=False) if values else ''}"
        case arguments.PlanArguments(entries=entries):
            title = f"plan of {len(entries)} steps"
        case args:
            place = resolve_path(worktree, args.path)
            title = place.shown if isinstance(place, ResolvedPath) else args.path
    return clean(title)[:TITLE_CHARS] or call.name


def tool_label(name: str) -> str:
    """An MCP server's tool for people: the server, and its own name of the tool."""
    server, _, tool = name.removeprefix(MCP_PREFIX).partition("__")
    return f"{server}: {tool}"


def early_view(part: str, tool: str, given: Mapping[str, object]) -> ToolCall:
    """Preview of a call that is still being written: the path or command first, then a file's content as it grows.

    Args:
        part: part key of the call.
        tool: its name.
        given: its arguments so far.
    """
    title = next((str(given[name]) for name in _TITLE_ARGUMENTS if name in given), "")
    diffs = _early_diffs(tool, given)
    return ToolCall(
        part=part,
        name=tool,
        kind=tool_kind(tool),
        title=clean(title.strip().partition("\n")[0])[:TITLE_CHARS] or tool,
        status=ToolStatus.PENDING,
        input="" if diffs else clean(json.dumps(given, ensure_ascii=False)) if given else "",
        diffs=diffs,
    )


def _early_diffs(tool: str, given: Mapping[str, object]) -> tuple[FileDiff, ...]:
    path, content = given.get("path"), given.get("content" if tool == "write" else "new", "")
    if tool not in ("write", "edit") or not isinstance(path, str) or not isinstance(content, str):
        return ()
    old = given.get("old")
    new = clean(content)
    if len(new) > PREVIEW_MAX_CHARS:
        new = f"[{len(new) - PREVIEW_MAX_CHARS} characters before this]\n{new[-PREVIEW_MAX_CHARS:]}"
    return (FileDiff(clean(path), clean(old)[:PREVIEW_MAX_CHARS] if isinstance(old, str) else None, new),)
