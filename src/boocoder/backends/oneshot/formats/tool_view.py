"""Title, files, diffs and exit code of a tool call, as people see them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from boocoder.events import json_coerce
from boocoder.events.agent_event import FileDiff, Location, PlanEntry, PlanStatus, ToolKind

_TITLE_MAX_CHARS = 200
_PATH_NAMES = ("file_path", "filePath", "path", "target_file", "absolute_path")
_ARGUMENT_NAMES = ("command", "cmd", *_PATH_NAMES, "url", "query", "pattern", "description", "prompt")
_NEW_NAMES = ("content", "file_text", "new_string", "new_str", "newString")
_OLD_NAMES = ("old_string", "old_str", "oldString")
_PLAN_TOOLS = ("todowrite", "todo_write", "update_plan", "write_todos", "settodolist", "todo")
_PLAN_STATUS = {
    "in_progress": PlanStatus.IN_PROGRESS,
    "completed": PlanStatus.COMPLETED,
    "done": PlanStatus.COMPLETED,
    "cancelled": PlanStatus.CANCELLED,
}
_EXIT = re.compile(r"(?:\A|\n|<)[^\n]{0,60}?exit(?:ed)?(?: with)? ?code:? (-?\d{1,3})\b", re.IGNORECASE)


def as_text(value: object) -> str:
    """A value as the text that is shown: strings as they are, anything else as JSON."""
    if value is None or isinstance(value, str):
        return value or ""
    return json_coerce.encode(value).decode("utf-8", "replace")


def argument_of(given: object) -> str:
    """The argument that says most: command line, path, address or pattern; "" if there is none."""
    fields = json_coerce.mapping(given)
    for name in _ARGUMENT_NAMES:
        value = fields.get(name)
        if isinstance(value, list) and value and all(isinstance(word, str) for word in value):
            return " ".join(str(word) for word in value)
        if said := json_coerce.text(value):
            return said
    return ""


def title_of(name: str, kind: ToolKind, given: object) -> str:
    """One line: a command as it is, anything else with the tool's name before it."""
    argument = argument_of(given).strip()
    first = argument.splitlines()[0] if argument else ""
    title = first if kind is ToolKind.EXECUTE and first else f"{name} {first}".strip()
    return title[:_TITLE_MAX_CHARS]


def locations_of(given: object) -> tuple[Location, ...]:
    """The file that the arguments name."""
    fields = json_coerce.mapping(given)
    found = (json_coerce.text(fields.get(name)) for name in _PATH_NAMES)
    return tuple(Location(path) for path in found if path)[:1]


def diffs_of(kind: ToolKind, given: object) -> tuple[FileDiff, ...]:
    """What a writing tool says that it changes."""
    fields = json_coerce.mapping(given)
    places = locations_of(given)
    if kind is not ToolKind.EDIT or not places:
        return ()
    new = next((text for name in _NEW_NAMES if isinstance(text := fields.get(name), str)), None)
    old = next((text for name in _OLD_NAMES if isinstance(text := fields.get(name), str)), None)
    return () if new is None else (FileDiff(places[0].path, old, new),)


def exit_code_in(output: str) -> int | None:
    """The exit code that an agent writes at the beginning or the end of a command's output."""
    found = _EXIT.search(output[:200]) or _EXIT.search(output[-200:])
    return int(found.group(1)) if found else None


def plan_of(name: str, given: object) -> tuple[PlanEntry, ...]:
    """The plan that a call of a planning tool sets, empty if it is none."""
    if name.lower() not in _PLAN_TOOLS:
        return ()
    fields = json_coerce.mapping(given)
    items = (
        json_coerce.items(fields.get("todos"))
        or json_coerce.items(fields.get("plan"))
        or json_coerce.items(fields.get("items"))
    )
    return tuple(entry for entry in map(_entry, items) if entry.text)


def _entry(item: object) -> PlanEntry:
    fields: Mapping[str, object] = json_coerce.mapping(item)
    text = next(
        (said for name in ("content", "step", "title", "text") if (said := json_coerce.text(fields.get(name)))), ""
    )
    return PlanEntry(text, _PLAN_STATUS.get(json_coerce.text(fields.get("status")), PlanStatus.PENDING))


def result_text(content: object) -> str:
    """The text of a tool's result: a string, or a list of blocks with text in them."""
    if isinstance(content, str):
        return content
    texts = [json_coerce.text(json_coerce.mapping(block).get("text")) for block in json_coerce.items(content)]
    return "\n".join(filter(None, texts)) or ("" if content in (None, []) else as_text(content))
