"""Understands tool calls as models send them: misspelt names, arguments broken, misnamed or wrapped. Pure."""

from __future__ import annotations

import difflib
import json
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec
from msgspec import inspect

from boocoder.backends.native.mend import Unmendable, mend
from boocoder.backends.native.tool_args import OTHER_NAMES, TOOLS, PlanStep, ToolArgs

_WRAPPERS = ("arguments", "parameters", "args", "input", "params", "kwargs", "properties", "toolinput", "actioninput")
_NOISE = re.compile(r"<\|.*", re.DOTALL)  # the end of a name where a chat template leaked into it
_NAME_CUTOFF = 0.75
_OTHER_NAME_CUTOFF = 0.85
_SHOWN_CHARS = 200


@dataclass(frozen=True, slots=True)
class SentCall:
    """A tool call as the model sent it; `id` is empty when it gave none."""

    name: str
    arguments: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class GoodCall:
    """A call that can be made.

    Args:
        name: one of TOOLS.
        args: its arguments.
        mended: whether anything had to be put right.
    """

    name: str
    args: ToolArgs
    mended: bool = False

    @property
    def json(self) -> str:
        """The arguments as valid JSON."""
        return msgspec.json.encode(self.args).decode()


@dataclass(frozen=True, slots=True)
class BadCall:
    """A call that cannot be made; `problem` tells the model what to send instead."""

    name: str
    problem: str


def understand(sent: SentCall) -> GoodCall | BadCall:
    """The call that the model meant, or what to tell it."""
    name, inside = _split_name(sent.name)
    text = sent.arguments if sent.arguments.strip() else inside
    tool = nearest_tool(name)
    if tool is None:
        known = ", ".join(TOOLS)
        return BadCall(_shown_name(name), f"There is no tool {_shown_name(name)!r}. The tools are: {known}.")
    raw = _arguments(text, tool)
    if raw is None:
        start = text.strip()[:_SHOWN_CHARS]
        return BadCall(tool, f"The arguments of {tool} are not JSON: {start!r}. Send {example(tool)}.")
    fitted = fit(tool, raw)
    if isinstance(fitted, str):
        return BadCall(tool, f"{fitted} Send {example(tool)}.")
    return GoodCall(tool, fitted, mended=tool != sent.name or not _is_plain(sent.arguments, fitted))


def nearest_tool(name: str, *, guess: bool = True) -> str | None:
    """The tool that a name means: itself, another product's name of it, or with `guess` one spelled nearly so."""
    for candidate in (name, re.split(r"__|[./:]", name.strip("/.: "))[-1]):
        plain = _plain(candidate)
        if plain in TOOLS:
            return plain
        for tool, others in OTHER_NAMES.items():
            if plain in others:
                return tool
    if not guess:
        return None
    plain = _plain(re.split(r"__|[./:]", name)[-1])
    if own := difflib.get_close_matches(plain, TOOLS, n=1, cutoff=_NAME_CUTOFF):
        return own[0]
    every = {other: tool for tool, others in OTHER_NAMES.items() for other in others}
    near = difflib.get_close_matches(plain, every, n=1, cutoff=_OTHER_NAME_CUTOFF)
    return every[near[0]] if near else None


def fit(tool: str, raw: Mapping[str, object]) -> ToolArgs | str:
    """The arguments as the tool takes them, or a sentence about what is wrong with them."""
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
    """A valid call's arguments, to show to a model."""
    fields = [field for field in _fields(TOOLS[tool]) if field.required]
    sample: dict[str, object] = {field.name: "..." for field in fields}
    if tool == "plan":
        sample = {"entries": [{"text": "...", "status": "pending"}]}
    return json.dumps(sample)


def _arguments(text: str, tool: str) -> dict[str, object] | None:
    """The arguments as an object; a tool that needs one text takes a bare one."""
    if not text.strip():
        return {}
    try:
        value = mend(text)
    except Unmendable:
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
    """The given values under the tool's own names; wrappers around them are opened."""
    plain = {_plain(name): value for name, value in raw.items()}
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
            value = mend(value)
        except Unmendable:
            return None
    return value if isinstance(value, dict) else None


def _shaped(tool: str, name: str, value: object) -> object:
    """The value in the shape that the field wants, where the difference is only one of form."""
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
        case float() if value.is_integer() and name in ("offset", "limit"):
            return int(value)
        case bool() | int() | float() if name not in ("offset", "limit", "all"):
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
        value = mend(text)
    except Unmendable:
        value = [line.strip(" -*\t") for line in text.splitlines() if line.strip(" -*\t")]
    values = value if isinstance(value, list) else [value]
    return [_entry(one) if name == "entries" else _choice(one) for one in values]


def _entry(value: object) -> object:
    if not isinstance(value, dict):
        return {"text": str(value)}
    given = _renamed(value, _fields(PlanStep))
    status = _plain(str(given.get("status", "pending")))
    known = {"inprogress": "in_progress", "doing": "in_progress", "active": "in_progress", "current": "in_progress"}
    known |= {"completed": "completed", "done": "completed", "complete": "completed", "finished": "completed"}
    known |= {"cancelled": "cancelled", "canceled": "cancelled", "skipped": "cancelled"}
    given["status"] = known.get(status, "pending")
    return given


def _choice(value: object) -> str:
    if isinstance(value, dict):
        plain = {_plain(name): one for name, one in value.items()}
        return next((str(plain[name]) for name in ("label", "text", "value", "title") if name in plain), str(value))
    return str(value)


def _split_name(name: str) -> tuple[str, str]:
    """A name, and arguments that were written into it: `read({"path": "x"})`."""
    name = _NOISE.sub("", name).strip().strip("`\"'")
    place = min((at for at in (name.find("{"), name.find("(")) if at > 0), default=-1)
    return (name, "") if place < 0 else (name[:place].rstrip(" ("), name[place:].strip("()"))


def _is_plain(text: str, args: ToolArgs) -> bool:
    try:
        sent = json.loads(text) if text.strip() else {}
    except ValueError:
        return False
    return isinstance(sent, dict) and set(sent) <= set(args.__struct_fields__)


def _shown_name(name: str) -> str:
    return re.sub(r"[^\w.-]+", "_", name)[:64] or "tool"


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()


def _fields(kind: type[msgspec.Struct]) -> tuple[inspect.Field, ...]:
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    return info.fields


def _also(field: inspect.Field) -> Iterable[str]:
    return field.type.extra.get("also", ()) if isinstance(field.type, inspect.Metadata) and field.type.extra else ()
