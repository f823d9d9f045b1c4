"""The tools as the model is told of them: JSON schemas made out of the argument structs. Pure."""

from __future__ import annotations

from functools import cache

import msgspec

from boocoder.backends.native.client import Tool
from boocoder.backends.native.tool_args import TOOLS


@cache
def tool_schemas() -> tuple[Tool, ...]:
    """All tools, as a request to the model carries them."""
    return tuple(
        {
            "type": "function",
            "function": {"name": name, "description": (kind.__doc__ or "").strip(), "parameters": _schema(kind)},
        }
        for name, kind in TOOLS.items()
    )


@cache
def schema_chars() -> int:
    """How many characters the tools take in a request."""
    return len(msgspec.json.encode(tool_schemas()))


def _schema(kind: type[msgspec.Struct]) -> Tool:
    """The schema without references: chat templates and grammars of local servers do not all follow them."""
    (whole,), parts = msgspec.json.schema_components([kind], ref_template="{name}")
    resolved = _resolved(whole, parts)
    assert isinstance(resolved, dict)
    return {name: one for name, one in resolved.items() if name != "description"}


def _resolved(value: object, parts: dict[str, Tool]) -> object:
    match value:
        case {"$ref": str(name)}:
            return _resolved(parts[name], parts)
        case {"enum": list(names), **rest} if "type" not in rest:
            return {"type": "string", "enum": names} | {key: one for key, one in rest.items() if key == "description"}
        case dict():
            return {
                key: {name: _resolved(one, parts) for name, one in inner.items()}
                if key == "properties" and isinstance(inner, dict)
                else _resolved(inner, parts)
                for key, inner in value.items()
                if key not in ("title", "default")
            }
        case list():
            return [_resolved(one, parts) for one in value]
        case _:
            return value
