"""JSON schemas of the tools, generated from the argument structs."""

from __future__ import annotations

from functools import cache

import msgspec

from boocoder.backends.native.mode import AgentMode
from boocoder.backends.native.model.client import Tool
from boocoder.backends.native.tools.arguments import TOOLS
from boocoder.backends.native.tools.edit_form import EditForm

_EDIT_FIELDS = {EditForm.EXACT: ("path", "old", "new", "all"), EditForm.LINES: ("path", "first", "last", "new")}


@cache
def tool_schemas(mode: AgentMode = AgentMode.BUILD, form: EditForm = EditForm.EXACT) -> tuple[Tool, ...]:
    """The tools of a mode as sent to the model, always in the same order.

    Args:
        mode: what the agent may do.
        form: the model's edit form; `edit` is omitted for a model that writes whole files.
    """
    return tuple(
        {
            "type": "function",
            "function": {
                "name": name,
                "description": (kind.__doc__ or "").strip(),
                "parameters": _parameters(name, form),
            },
        }
        for name, kind in TOOLS.items()
        if mode.allows(name) and not (name == "edit" and form is EditForm.WHOLE)
    )


def _parameters(name: str, form: EditForm) -> Tool:
    """The schema of a tool's arguments; of `edit` only one form, because models do better with a single one."""
    schema = _schema(TOOLS[name])
    if name != "edit":
        return schema
    fields, properties = _EDIT_FIELDS[form], schema["properties"]
    assert isinstance(properties, dict)
    required = [field for field in fields if field != "all"]
    return schema | {"properties": {field: properties[field] for field in fields}, "required": required}


@cache
def schema_chars(mode: AgentMode = AgentMode.BUILD) -> int:
    """Size of a mode's tools in a request, in characters."""
    return len(msgspec.json.encode(tool_schemas(mode)))


def _schema(kind: type[msgspec.Struct]) -> Tool:
    """The schema without references, which not all chat templates and grammars of local servers support."""
    (whole,), parts = msgspec.json.schema_components([kind], ref_template="{name}")
    resolved = _resolved(whole, parts)
    assert isinstance(resolved, dict)
    return {name: one for name, one in resolved.items() if name != "description"}


def _resolved(value: object, parts: dict[str, Tool]) -> object:
    match value:
        case {"$ref": str(name)}:
            part = _resolved(parts[name], parts)
            assert isinstance(part, dict)
            return {key: one for key, one in part.items() if key != "description"}
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
