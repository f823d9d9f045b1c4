"""Interprets tool calls of models, with misspelt names and with malformed, misnamed or wrapped arguments. No I/O."""

from __future__ import annotations

import difflib
import json
import re
import shlex
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import msgspec
from msgspec import inspect

from boocoder.backends.native.model.json_repair import InvalidJson, is_cut, members_so_far, repair_json
from boocoder.backends.native.tools.arguments import OTHER_NAMES, TOOLS, McpArguments, PlanStep, ToolArgs

_WRAPPERS = ("arguments", "parameters", "args", "input", "params", "kwargs", "properties", "toolinput", "actioninput")
_NOISE = re.compile(r"<\|.*", re.DOTALL)  # the end of a name where a chat template leaked into it
_NUMBERS = ("offset", "limit", "first", "last")
MCP_PREFIX = "mcp__"
_NAME_CUTOFF = 0.75
_MCP_NAME_CUTOFF = 0.9
_OTHER_NAME_CUTOFF = 0.85
_SHOWN_CHARS = 200
CHANGING_TOOLS = frozenset({"write", "edit", "shell"})
"""Half a call of these does harm; half a call of the others does not."""
SEND_SMALLER = "Send it again, whole; make a large file in several smaller calls."


@dataclass(frozen=True, slots=True)
class SentCall:
    """A tool call as the model sent it.

    Args:
        name, arguments: as received.
        id: the server's id, "" if it sent none.
        whole: whether the surrounding markup was closed.
        part: part key of the call if it was shown while it was written, else "".
    """

    name: str
    arguments: str
    id: str = ""
    whole: bool = True
    part: str = ""


@dataclass(frozen=True, slots=True)
class ValidCall:
    """A call that can be executed.

    Args:
        name: one of TOOLS, or of an MCP server's tool.
        args: its arguments.
        repaired: whether it had to be corrected.
    """

    name: str
    args: ToolArgs
    repaired: bool = False

    @property
    def json(self) -> str:
        """The arguments as valid JSON."""
        values = self.args.values if isinstance(self.args, McpArguments) else self.args
        return msgspec.json.encode(values).decode()


@dataclass(frozen=True, slots=True)
class InvalidCall:
    """A call that cannot be executed; `problem` tells the model what to send instead."""

    name: str
    problem: str


def interpret_call(sent: SentCall, mcp_tools: Collection[str] = ()) -> ValidCall | InvalidCall:
    """The call that the model meant, or the problem with it.

    Args:
        sent: as it came.
        mcp_tools: names of further tools, which MCP servers have.
    """
    name, inside = _split_name(sent.name)
    text = sent.arguments if sent.arguments.strip() else inside
    if (mcp_tool := _nearest_mcp_tool(name, mcp_tools)) is not None:
        return _mcp_call(sent, mcp_tool, text)
    tool = nearest_tool(name)
    if tool is None:
        known = ", ".join((*TOOLS, *mcp_tools))
        return InvalidCall(_shown_name(name), f"There is no tool {_shown_name(name)!r}. The tools are: {known}.")
    if tool in CHANGING_TOOLS and (not sent.whole or is_cut(text)):
        return InvalidCall(tool, f"This call of {tool} breaks off before its end, so it was not made. {SEND_SMALLER}")
    raw = _arguments(text, tool)
    if raw is None:
        start = text.strip()[:_SHOWN_CHARS]
        return InvalidCall(tool, f"The arguments of {tool} are not JSON: {start!r}. Send {example(tool)}.")
    fitted = fit(tool, raw)
    if isinstance(fitted, str):
        return InvalidCall(tool, f"{fitted} Send {example(tool)}.")
    if not _is_unicode(fitted):
        return InvalidCall(tool, f"The arguments of {tool} hold half a character (a lone surrogate). Send it again.")
    return ValidCall(tool, fitted, repaired=tool != sent.name or not _needed_no_repair(sent.arguments, fitted))


def _nearest_mcp_tool(name: str, mcp_tools: Collection[str]) -> str | None:
    """The tool of an MCP server that a name means."""
    if name in mcp_tools:
        return name
    near = difflib.get_close_matches(name, mcp_tools, n=1, cutoff=_MCP_NAME_CUTOFF)
    return near[0] if near and name.startswith(MCP_PREFIX) else None


def _mcp_call(sent: SentCall, tool: str, text: str) -> ValidCall | InvalidCall:
    if not sent.whole or is_cut(text):
        return InvalidCall(tool, f"This call of {tool} breaks off before its end, so it was not made. {SEND_SMALLER}")
    try:
        values = repair_json(text) if text.strip() else {}
        json.dumps(values, ensure_ascii=False).encode()
    except (InvalidJson, UnicodeEncodeError):
        values = None
    if not isinstance(values, dict):
        start = text.strip()[:_SHOWN_CHARS]
        return InvalidCall(tool, f"The arguments of {tool} are no JSON object: {start!r}. Send one.")
    return ValidCall(tool, McpArguments(values), repaired=tool != sent.name)


def is_tool_name(name: str, *, guess: bool = True) -> bool:
    """Whether a name in a model's text is one of a tool, or looks like one of an MCP server's."""
    return name.startswith(MCP_PREFIX) or nearest_tool(name, guess=guess) is not None


def nearest_tool(name: str, *, guess: bool = True) -> str | None:
    """The tool meant by a name: its own name, another product's name for it, or with `guess` a similar spelling."""
    for candidate in (name, re.split(r"__|[./:]", name.strip("/.: "))[-1]):
        plain = _folded(candidate)
        if plain in TOOLS:
            return plain
        for tool, others in OTHER_NAMES.items():
            if plain in others:
                return tool
    if not guess:
        return None
    plain = _folded(re.split(r"__|[./:]", name)[-1])
    if own := difflib.get_close_matches(plain, TOOLS, n=1, cutoff=_NAME_CUTOFF):
        return own[0]
    every = {other: tool for tool, others in OTHER_NAMES.items() for other in others}
    near = difflib.get_close_matches(plain, every, n=1, cutoff=_OTHER_NAME_CUTOFF)
    return every[near[0]] if near else None


def arguments_so_far(sent: SentCall) -> tuple[str, dict[str, object]]:
    """The tool of an incomplete call, and the arguments that can be parsed so far.

    Args:
        sent: the call as far as it has come.

    Returns:
        The tool's name, or the name as sent if there is no such tool; the arguments under the tool's own names.
    """
    name, inside = _split_name(sent.name)
    text = sent.arguments if sent.arguments.strip() else inside
    if name.startswith(MCP_PREFIX):
        return _shown_name(name), members_so_far(text)
    tool = nearest_tool(name)
    if tool is None:
        return _shown_name(name), {}
    return tool, _renamed(members_so_far(text), _fields(TOOLS[tool]))


def fit(tool: str, raw: Mapping[str, object]) -> ToolArgs | str:
    """The arguments as the tool takes them, or a sentence about the problem with them."""
    kind = TOOLS[tool]
    given = _renamed(raw, _fields(kind))
    if len(raw) == 1 and not given:
        inner = next(iter(raw.values()))
        if isinstance(inner, dict):
            given = _renamed(inner, _fields(kind))
    missing = [field.name for field in _fields(kind) if field.required and field.name not in given]
    if missing:
        return f"{tool} needs {' and '.join(missing)}."
    shaped = {name: _shaped(tool, name, value) for name, value in given.items()}
    try:
        return msgspec.convert(shaped, kind, strict=False)
    except (msgspec.ValidationError, RecursionError) as error:
        return f"The arguments of {tool} do not fit: {error}."


def example(tool: str) -> str:
    """An example of valid arguments, for the model."""
    fields = [field for field in _fields(TOOLS[tool]) if field.required]
    sample: dict[str, object] = {field.name: "..." for field in fields}
    if tool == "edit":
        sample = {"path": "...", "old": "...", "new": "..."}
    if tool == "plan":
        sample = {"entries": [{"text": "...", "status": "pending"}]}
    return json.dumps(sample)


def _arguments(text: str, tool: str) -> dict[str, object] | None:
    """The arguments as an object; a bare text is accepted for a tool that needs one text."""
    if not text.strip():
        return {}
    try:
        value = repair_json(text)
    except InvalidJson:
        value = text.strip()
    if isinstance(value, list):
        value = value[0] if len(value) == 1 and isinstance(value[0], dict) else {"entries": value}
    if isinstance(value, dict):
        return value
    required = [field.name for field in _fields(TOOLS[tool]) if field.required]
    looks_broken = text.lstrip()[:1] in ("{", "[")
    if isinstance(value, str) and len(required) <= 1 and not looks_broken:
        return {required[0] if required else "path": value}
    return None


def _renamed(raw: Mapping[str, object], fields: tuple[inspect.Field, ...]) -> dict[str, object]:
    """The values under the tool's own names, with wrappers removed."""
    plain = {_folded(name): value for name, value in raw.items()}
    for wrapper in _WRAPPERS:
        inner = _opened(plain.get(wrapper))
        if inner is not None and not any(field.name in plain for field in fields):
            return _renamed(inner, fields)
    found: dict[str, object] = {}
    for field in fields:
        for name in (field.name, *_also(field)):
            if name in plain and plain[name] is not None:
                found[field.name] = plain.pop(name)
                break
    return found


def _opened(value: object) -> dict[str, object] | None:
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = repair_json(value)
        except InvalidJson:
            return None
    return value if isinstance(value, dict) else None


def _shaped(tool: str, name: str, value: object) -> object:
    """The value converted to the field's type, if only its form differs."""
    match value:
        case list() if tool == "shell" and name == "command":
            return _command(value)
        case list() if name in ("content", "old", "new"):
            return "\n".join(str(line) for line in value)
        case dict() if name == "content":
            return json.dumps(value, indent=2, ensure_ascii=False)  # a JSON file sent as an object
        case str() if name in ("entries", "choices"):
            return _listed(name, value)
        case list() if name in ("entries", "choices"):
            return [_entry(one) if name == "entries" else _choice(one) for one in value]
        case float() if value.is_integer() and name in _NUMBERS:
            return int(value)
        case bool() | int() | float() if name not in (*_NUMBERS, "all"):
            return str(value).lower() if isinstance(value, bool) else str(value)
        case _:
            return value


def _command(words: list[object]) -> str:
    texts = [str(word) for word in words]
    if len(texts) == 3 and texts[0].rpartition("/")[2] in ("bash", "sh") and texts[1] in ("-c", "-lc"):
        return texts[2]
    return texts[0] if len(texts) == 1 else shlex.join(texts)


def _listed(name: str, text: str) -> list[object]:
    try:
        value = repair_json(text)
    except InvalidJson:
        value = [line.strip(" -*\t") for line in text.splitlines() if line.strip(" -*\t")]
    values = value if isinstance(value, list) else [value]
    return [_entry(one) if name == "entries" else _choice(one) for one in values]


def _entry(value: object) -> object:
    if not isinstance(value, dict):
        return {"text": str(value)}
    given = _renamed(value, _fields(PlanStep))
    status = _folded(str(given.get("status", "pending")))
    known = {"inprogress": "in_progress", "doing": "in_progress", "active": "in_progress", "current": "in_progress"}
    known |= {"completed": "completed", "done": "completed", "complete": "completed", "finished": "completed"}
    known |= {"cancelled": "cancelled", "canceled": "cancelled", "skipped": "cancelled"}
    given["status"] = known.get(status, "pending")
    return given


def _choice(value: object) -> str:
    if isinstance(value, dict):
        plain = {_folded(name): one for name, one in value.items()}
        return next((str(plain[name]) for name in ("label", "text", "value", "title") if name in plain), str(value))
    return str(value)


def _split_name(name: str) -> tuple[str, str]:
    """Split a name that contains arguments: `read({"path": "x"})`."""
    name = _NOISE.sub("", name).strip().strip("`\"'")
    place = min((at for at in (name.find("{"), name.find("(")) if at > 0), default=-1)
    return (name, "") if place < 0 else (name[:place].rstrip(" ("), name[place:].strip("()"))


def _is_unicode(args: ToolArgs) -> bool:
    try:
        msgspec.json.encode(args)
    except UnicodeEncodeError:
        return False
    return True


def _needed_no_repair(text: str, args: ToolArgs) -> bool:
    try:
        sent = json.loads(text) if text.strip() else {}
    except ValueError:
        return False
    return isinstance(sent, dict) and set(sent) <= set(args.__struct_fields__)


def _shown_name(name: str) -> str:
    return re.sub(r"[^\w.-]+", "_", name)[:64] or "tool"


def _folded(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()


def _fields(kind: type[msgspec.Struct]) -> tuple[inspect.Field, ...]:
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    return info.fields


def _also(field: inspect.Field) -> Iterable[str]:
    return field.type.extra.get("also", ()) if isinstance(field.type, inspect.Metadata) and field.type.extra else ()
