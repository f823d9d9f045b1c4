"""Selects the agent's tool for a step and fills in its arguments. No I/O."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from boocoder.scripted_model.script import Directive, Verb

Schema = Mapping[str, object]
Arguments = dict[str, object]

# How the agents that we know call their tools, best first; behind a server's prefix ("developer__shell")
# the last piece counts.
_NAMES: Mapping[Verb, tuple[str, ...]] = {
    Verb.WRITE: (
        "write",
        "write_file",
        "create_file",
        "write_to_file",
        "writefile",
        "save_file",
        "text_editor",
        "create",
    ),
    Verb.READ: ("read", "read_file", "readfile", "read_text_file", "view"),
    Verb.BASH: (
        "bash",
        "run_shell_command",
        "shell",
        "shell_command",
        "local_shell",
        "exec_command",
        "execute",
        "execute_command",
        "terminal",
    ),
    Verb.PLAN: ("todowrite", "todo_write", "update_plan", "write_todos", "todo", "task_tracker", "plan"),
}
_CONTENT_KEYS = ("content", "contents", "file_text", "text")
_COMMAND_KEYS = ("command", "cmd", "script")
_STEP_TEXT_KEYS = ("content", "step", "title", "description", "text", "task", "name", "activeform")
_PATCH = "apply_patch"
_REF_DEPTH = 4
_SAMPLE_DEPTH = 8


@dataclass(frozen=True, slots=True)
class ScriptedToolCall:
    """A call of an agent's tool."""

    name: str
    arguments: Arguments


def choose(step: Directive, tools: Mapping[str, Schema], directory: str) -> ScriptedToolCall | None:
    """The call that performs `step` with the agent's tools, or None if it has no suitable one.

    Args:
        step: one of TOOL_VERBS.
        tools: the JSON schema of the arguments by tool name.
        directory: absolute directory that relative paths start from, "" if unknown.
    """
    if step.verb is Verb.TOOL:
        return _named(step, tools)
    name = pick(step.verb, tools)
    if name is None:
        return _by_other_means(step, tools)
    schema = tools[name]
    match step.verb:
        case Verb.WRITE:
            path, content = step.split(2)
            return ScriptedToolCall(name, _fill(schema, path=_absolute(path.strip(), directory), content=content))
        case Verb.READ:
            return ScriptedToolCall(name, _fill(schema, path=_absolute(step.argument.strip(), directory)))
        case Verb.BASH:
            return ScriptedToolCall(name, _fill(schema, command=step.argument))
        case _:
            return ScriptedToolCall(name, _plan(schema, step.listed()))


def _by_other_means(step: Directive, tools: Mapping[str, Schema]) -> ScriptedToolCall | None:
    """File operations for an agent without file tools: by its patch tool, else by its shell."""
    path, content = (text.strip() if index == 0 else text for index, text in enumerate(step.split(2)))
    if step.verb is Verb.WRITE and _PATCH in tools:
        added = "".join(f"+{line}\n" for line in content.split("\n"))
        patch = f"*** Begin Patch\n*** Add File: {path}\n{added}*** End Patch\n"
        return ScriptedToolCall(_PATCH, dict.fromkeys(_properties(tools[_PATCH]), patch))
    shell = pick(Verb.BASH, tools)
    if shell is None or step.verb not in (Verb.WRITE, Verb.READ):
        return None
    command = f"cat {shlex.quote(path)}"
    if step.verb is Verb.WRITE:
        place = shlex.quote(str(PurePosixPath(path).parent))
        command = f"mkdir -p {place} && printf %s {shlex.quote(content)} > {shlex.quote(path)}"
    return ScriptedToolCall(shell, _fill(tools[shell], command=command))


def pick(verb: Verb, tools: Mapping[str, Schema]) -> str | None:
    """The name of the agent's tool for `verb`, ignoring case and a server's prefix."""
    plain = {re.split(r"__|[./:]", name)[-1].lower().replace("-", "_"): name for name in reversed(list(tools))}
    return next((plain[known] for known in _NAMES[verb] if known in plain), None)


def sample(schema: Schema, text: str, depth: int = _SAMPLE_DEPTH) -> object:
    """A value that matches a JSON schema; every free text in it is `text`.

    Args:
        schema: enough of JSON Schema for structured answers: type, enum, const, properties, items, anyOf.
        text: the value of all strings.
        depth: maximum nesting; deeper values are None.
    """
    if depth == 0:
        return None
    for key in ("anyOf", "oneOf", "allOf"):
        options = _objects(schema.get(key))
        if options:
            return sample(options[0], text, depth - 1)
    values = schema.get("enum")
    if isinstance(values, list) and values:
        return values[0]
    if "const" in schema:
        return schema["const"]
    return _sample_of_type(schema, text, depth)


def _sample_of_type(schema: Schema, text: str, depth: int) -> object:
    match _kind(schema):
        case "object":
            properties = _properties(schema)
            required = schema.get("required")
            wanted = required if isinstance(required, list) else list(properties)
            return {name: sample(prop, text, depth - 1) for name, prop in properties.items() if name in wanted}
        case "array":
            count = schema.get("minItems")
            items = _object(schema.get("items"))
            return [sample(items, text, depth - 1) for _ in range(count if isinstance(count, int) else 0)]
        case "boolean":
            return False
        case "integer" | "number":
            return 0
        case "null":
            return None
        case _:
            return text


def _named(step: Directive, tools: Mapping[str, Schema]) -> ScriptedToolCall | None:
    name, text = step.split(2)
    try:
        arguments = json.loads(text or "{}")
    except ValueError:
        return None
    return ScriptedToolCall(name.strip(), arguments) if isinstance(arguments, dict) and name.strip() in tools else None


def _fill(
    schema: Schema, *, path: str | None = None, content: str | None = None, command: str | None = None
) -> Arguments:
    required = schema.get("required")
    filled: Arguments = {}
    for name, prop in _properties(schema).items():
        low = name.lower()
        if path is not None and ("path" in low or low in ("file", "filename")):
            filled[name] = path
        elif content is not None and low in _CONTENT_KEYS:
            filled[name] = content
        elif command is not None and low in _COMMAND_KEYS:
            filled[name] = ["bash", "-lc", command] if _kind(prop) == "array" else command
        elif isinstance(required, list) and name in required:
            filled[name] = sample(prop, "scripted")
    return filled


def _plan(schema: Schema, entries: tuple[str, ...]) -> Arguments:
    filled = _fill(schema)
    for name, prop in _properties(schema).items():
        prop = _resolved(prop, schema)
        if _kind(prop) == "array":
            row = _resolved(_object(prop.get("items")), schema)
            filled[name] = [_plan_row(row, index, text) for index, text in enumerate(entries)]
    return filled


def _plan_row(row: Schema, index: int, text: str) -> object:
    properties = _properties(row)
    if not properties:
        return text
    required = row.get("required")
    filled: Arguments = {}
    for name, prop in properties.items():
        values = prop.get("enum")
        if isinstance(values, list) and values and name.lower() in ("status", "state"):
            wanted = "in_progress" if index == 0 else "pending"
            filled[name] = wanted if wanted in values else values[0]
        elif name.lower() == "status":
            filled[name] = "in_progress" if index == 0 else "pending"
        elif name.lower() in _STEP_TEXT_KEYS:
            filled[name] = text
        elif name.lower() == "id":
            filled[name] = index + 1 if _kind(prop) in ("integer", "number") else str(index + 1)
        elif isinstance(required, list) and name in required:
            filled[name] = sample(prop, "medium")  # such as a priority
    return filled


def _resolved(schema: Schema, root: Schema) -> Schema:
    definitions = _object(root.get("$defs") or root.get("definitions"))
    for _ in range(_REF_DEPTH):
        reference = schema.get("$ref")
        options = _objects(schema.get("anyOf") or schema.get("oneOf"))
        if isinstance(reference, str):
            schema = _object(definitions.get(reference.rsplit("/", 1)[-1]))
        elif options:
            schema = next((option for option in options if _kind(option) == "array"), options[0])
    return schema


def _kind(schema: Schema) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    if isinstance(kind, str):
        return kind.lower()
    return "object" if schema.get("properties") else "string"


def _properties(schema: Schema) -> dict[str, Schema]:
    return {name: _object(prop) for name, prop in _object(schema.get("properties")).items()}


def _object(value: object) -> Schema:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[Schema]:
    return [_object(one) for one in value] if isinstance(value, list) else []


def _absolute(path: str, directory: str) -> str:
    return str(PurePosixPath(directory) / path) if directory else path
