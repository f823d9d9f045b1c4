"""Finds tool calls that a model wrote into its text in one of the usual markups. Pure; it runs none of them."""

from __future__ import annotations

import ast
import json
import re

from boocoder.backends.native.calls import SentCall, nearest_tool
from boocoder.backends.native.mend import Unmendable, mend_from

CALLS_MAX = 32  # in one text; more is a runaway
NAME_MAX_CHARS = 80  # of what stands before a call's arguments
PYTHONIC_MAX_CHARS = 50_000  # parsing Python takes a second for megabytes
_NAMES = ("name", "tool", "tool_name", "function", "function_name", "action", "recipient_name")
_ARGUMENTS = ("arguments", "parameters", "args", "input", "tool_input", "action_input", "params")
_FUNCTION = re.compile(r"<function=([^>\n]+)>(.*?)(?:</function>|(?=<function=)|\Z)", re.DOTALL)
_PARAMETER = re.compile(r"<parameter=([^>\n]+)>(.*?)(?:</parameter>|(?=<parameter=)|(?=</function>)|\Z)", re.DOTALL)
_INVOKE = re.compile(r"<invoke\s+name=[\"']([^\"']+)[\"']\s*>(.*?)(?:</invoke>|\Z)", re.DOTALL)
_NAMED_PARAMETER = re.compile(r"<parameter\s+name=[\"']([^\"']+)[\"'][^>]*>(.*?)(?:</parameter>|\Z)", re.DOTALL)
_KEY_VALUE_CALL = re.compile(r"([\w.-]{1,64})\s*(<arg_key>.*?)(?:</tool_call>|\Z)", re.DOTALL)
_KEY_VALUE = re.compile(r"<arg_key>(.*?)</arg_key>\s*<arg_value>(.*?)(?:</arg_value>|\Z)", re.DOTALL)
_TAG = re.compile(r"</?(?:tool_calls?|function_calls?|tool_use|tools?)>|<\|/?[\w]+\|?>|\[/?TOOL_CALLS\]|\[ARGS\]")
_NAME_BEFORE = re.compile(r"([A-Za-z_][\w.-]*)\s*\Z")


def calls_in(text: str, *, guess: bool = True) -> list[SentCall]:
    """The calls of a piece of text, in its order.

    Args:
        text: a block that the model marked as a call, or might have.
        guess: accept names that are only nearly those of tools; off for text that nothing marks as a call.
    """
    for find in (_functions, _invocations, _key_values, _objects, _pythonic):
        calls = [call for call in find(text) if nearest_tool(call.name, guess=guess) is not None]
        if calls:
            return calls[:CALLS_MAX]
    return []


def _functions(text: str) -> list[SentCall]:
    return [
        SentCall(name.strip().strip("\"'"), _dumped(_PARAMETER.findall(body)) if "<parameter" in body else body.strip())
        for name, body in _FUNCTION.findall(text)
    ]


def _invocations(text: str) -> list[SentCall]:
    return [SentCall(name.strip(), _dumped(_NAMED_PARAMETER.findall(body))) for name, body in _INVOKE.findall(text)]


def _key_values(text: str) -> list[SentCall]:
    if "<arg_key>" not in text:
        return []
    return [SentCall(name, _dumped(_KEY_VALUE.findall(body))) for name, body in _KEY_VALUE_CALL.findall(text)]


def _dumped(pairs: list[tuple[str, str]]) -> str:
    found = {name.strip().strip("\"'"): _unpadded(value) for name, value in pairs}
    return json.dumps(found, ensure_ascii=False)


def _unpadded(value: str) -> str:
    """Without the one line break that the markup puts at each side of a value."""
    return value.removeprefix("\n").removesuffix("\n")


def _objects(text: str) -> list[SentCall]:
    plain = _TAG.sub(" ", text)
    calls: list[SentCall] = []
    place = 0
    while place < len(plain) and len(calls) < CALLS_MAX:
        try:
            value, end = mend_from(plain, place)
        except Unmendable:
            break
        brace = _first_brace(plain, place)
        before = _NAME_BEFORE.search(plain[max(place, brace - NAME_MAX_CHARS) : brace])
        calls += _from_value(value, before.group(1) if before else "")
        place = max(end, place + 1)
    return calls


def _first_brace(text: str, start: int) -> int:
    places = [at for at in (text.find("{", start), text.find("[", start)) if at >= 0]
    return min(places, default=start)


def _from_value(value: object, before: str) -> list[SentCall]:
    """The calls of one parsed value; `before` is the word that stands in front of it."""
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
        if isinstance(name, str) and nearest_tool(name) is not None:
            return [SentCall(name, _arguments_of(value, key))]
    if len(value) == 1:
        ((key, body),) = value.items()
        if isinstance(body, dict) and nearest_tool(key, guess=False):
            return [SentCall(key, json.dumps(body, ensure_ascii=False))]
    if before and nearest_tool(before, guess=False):
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
    """Calls in Python's own notation, `[read(path="x")]`, as some Llama templates ask for."""
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
