"""Finds tool calls that a model wrote into its text in one of the usual markups. No I/O."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import replace

from boocoder.backends.native.model.json_repair import InvalidJson, is_cut, repair_json_at
from boocoder.backends.native.model.tool_calls import SentCall, is_tool_name

CALLS_MAX = 32  # in one text; more is a runaway
NAME_MAX_CHARS = 80  # of the text before a call's arguments
PYTHONIC_MAX_CHARS = 50_000  # parsing Python takes a second for megabytes
_NAMES = ("name", "tool", "tool_name", "function", "function_name", "action", "recipient_name")
_ARGUMENTS = ("arguments", "parameters", "args", "input", "tool_input", "action_input", "params")
_FUNCTION = re.compile(r"<function=([^>\n]+)>(.*?)(?:</function>|(?=<function=)|\Z)", re.DOTALL)
_PARAMETER = re.compile(r"<parameter=([^>\n]+)>(.*?)(?:</parameter>|(?=<parameter=)|(?=</function>)|\Z)", re.DOTALL)
_INVOKE = re.compile(r"<invoke\s+name=[\"']([^\"']+)[\"']\s*>(.*?)(?:</invoke>|\Z)", re.DOTALL)
_NAMED_PARAMETER = re.compile(r"<parameter\s+name=[\"']([^\"']+)[\"'][^>]*>(.*?)(?:</parameter>|\Z)", re.DOTALL)
_KEY_VALUE_CALL = re.compile(r"([\w.-]{1,64})\s*(<arg_key>.*?)(?:</tool_call>|\Z)", re.DOTALL)
_KEY_VALUE = re.compile(r"<arg_key>(.*?)</arg_key>\s*<arg_value>(.*?)(?:</arg_value>|\Z)", re.DOTALL)
_HARMONY = re.compile(
    r"\bto=(?:functions\.)?([\w.-]+)[^{]{0,80}?(\{.*?)(?:<\|(?:call|end|return)\|>|(?=<\|start\|>)|\Z)", re.DOTALL
)
_CALL_BEGINS = (
    re.compile(r"<function=([^>\n]+)>"),
    re.compile(r"<invoke\s+name=[\"']([^\"']+)[\"']\s*>"),
    re.compile(r"\bto=(?:functions\.)?([\w.-]+)"),
    re.compile(r"<tool_call>\s*([\w.-]+)\s*<arg_key>"),
    re.compile(r"[\"'](?:name|tool|tool_name)[\"']\s*:\s*[\"']([\w.-]+)[\"'][^{]{0,40}"),
)
_TAG = re.compile(r"</?(?:tool_calls?|function_calls?|tool_use|tools?)>|<\|/?[\w]+\|?>|\[/?TOOL_CALLS\]|\[ARGS\]")
_NAME_BEFORE = re.compile(r"([A-Za-z_][\w.-]*)\s*\Z")


def calls_in(text: str, *, guess: bool = True) -> list[SentCall]:
    """The calls in a text, in order.

    Args:
        text: a block that is marked as a call, or may be one.
        guess: accept names similar to those of tools; off for text that is not marked as a call.
    """
    for find in (_harmony, _functions, _invocations, _key_values, _objects, _pythonic):
        calls = [call for call in find(text) if is_tool_name(call.name, guess=guess)]
        if calls:
            return calls[:CALLS_MAX]
    return []


def call_so_far(text: str) -> SentCall | None:
    """The call at the beginning of a block that is still being written; None if none is recognisable yet."""
    parameters = _PARAMETER.findall(text) or _NAMED_PARAMETER.findall(text) or _KEY_VALUE.findall(text)
    for opener in _CALL_BEGINS:
        if (found := opener.search(text)) is not None:
            rest = text[found.end() :]
            arguments = _dumped(parameters) if parameters else rest[max(rest.find("{"), 0) :]
            return SentCall(found.group(1).strip(), arguments) if is_tool_name(found.group(1), guess=False) else None
    return None


def _harmony(text: str) -> list[SentCall]:
    """Calls in the channels of gpt-oss, with or without its special tokens."""
    return [SentCall(name, body.strip()) for name, body in _HARMONY.findall(text)]


def _functions(text: str) -> list[SentCall]:
    calls = []
    for found in _FUNCTION.finditer(text):
        name, body = found.group(1).strip().strip("\"'"), found.group(2)
        arguments = _dumped(_PARAMETER.findall(body)) if "<parameter" in body else body.strip()
        closed = found.end() < len(text) or found.group().endswith("</function>")
        calls.append(SentCall(name, arguments, whole=closed or _all_closed(body, "parameter")))
    return calls


def _invocations(text: str) -> list[SentCall]:
    calls = []
    for found in _INVOKE.finditer(text):
        body = found.group(2)
        closed = found.group().endswith("</invoke>") or _all_closed(body, "parameter")
        calls.append(SentCall(found.group(1).strip(), _dumped(_NAMED_PARAMETER.findall(body)), whole=closed))
    return calls


def _all_closed(body: str, tag: str) -> bool:
    return body.count(f"</{tag}>") >= body.count(f"<{tag}")


def _key_values(text: str) -> list[SentCall]:
    if "<arg_key>" not in text:
        return []
    return [
        SentCall(name, _dumped(_KEY_VALUE.findall(body)), whole=_all_closed(body, "arg_value"))
        for name, body in _KEY_VALUE_CALL.findall(text)
    ]


def _dumped(pairs: list[tuple[str, str]]) -> str:
    found = {name.strip().strip("\"'"): _unpadded(value) for name, value in pairs}
    return json.dumps(found, ensure_ascii=False)


def _unpadded(value: str) -> str:
    """Strip the line break that the markup puts before and after a value."""
    return value.removeprefix("\n").removesuffix("\n")


def _objects(text: str) -> list[SentCall]:
    plain = _TAG.sub(" ", text)
    calls: list[SentCall] = []
    place = 0
    while place < len(plain) and len(calls) < CALLS_MAX:
        try:
            value, end = repair_json_at(plain, place)
        except InvalidJson:
            break
        brace = _first_brace(plain, place)
        before = _NAME_BEFORE.search(plain[max(place, brace - NAME_MAX_CHARS) : brace])
        found = _from_value(value, before.group(1) if before else "")
        cut = end >= len(plain.rstrip()) and is_cut(plain[place:])
        calls += [replace(call, whole=False) for call in found] if cut else found
        place = max(end, place + 1)
    return calls


def _first_brace(text: str, start: int) -> int:
    places = [at for at in (text.find("{", start), text.find("[", start)) if at >= 0]
    return min(places, default=start)


def _from_value(value: object, before: str) -> list[SentCall]:
    """The calls in a parsed value; `before` is the word in front of it."""
    if isinstance(value, list):
        return [call for one in value for call in _from_value(one, "")]
    if not isinstance(value, dict):
        return []
    inner = value.get("tool_calls")
    if isinstance(inner, list):
        return _from_value(inner, "")
    function = value.get("function")
    if isinstance(function, dict):
        return _from_value(function, "")
    for key in _NAMES:
        name = value.get(key)
        if isinstance(name, str) and is_tool_name(name):
            return [SentCall(name, _arguments_of(value, key))]
    if len(value) == 1:
        ((key, body),) = value.items()
        if isinstance(body, dict) and is_tool_name(key, guess=False):
            return [SentCall(key, json.dumps(body, ensure_ascii=False))]
    if before and is_tool_name(before, guess=False):
        return [SentCall(before, json.dumps(value, ensure_ascii=False))]
    return []


def _arguments_of(value: dict[str, object], name_key: str) -> str:
    for key in _ARGUMENTS:
        if key in value:
            body = value[key]
            return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return json.dumps(
        {key: one for key, one in value.items() if key not in (name_key, "id", "type")}, ensure_ascii=False
    )


def _pythonic(text: str) -> list[SentCall]:
    """Calls in Python notation, `[read(path="x")]`, as some Llama templates use."""
    plain = _TAG.sub(" ", text).strip()
    if len(plain) > PYTHONIC_MAX_CHARS:
        return []
    try:
        tree = ast.parse(plain, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    nodes = tree.elts if isinstance(tree, ast.List | ast.Tuple) else [tree]
    return [call for node in nodes if (call := _python_call(node)) is not None]


def _python_call(node: ast.expr) -> SentCall | None:
    if not isinstance(node, ast.Call) or node.args:
        return None
    try:
        given = {word.arg: ast.literal_eval(word.value) for word in node.keywords if word.arg}
        return SentCall(ast.unparse(node.func), json.dumps(given, ensure_ascii=False))
    except (ValueError, TypeError):
        return None
