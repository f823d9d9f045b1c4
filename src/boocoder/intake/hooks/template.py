"""Templates of prompts: `{{ path.to.field }}` stands for a field of a delivery. Nothing else is evaluated. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from boocoder.errors import InvalidInput

VALUE_MAX_CHARS = 20_000  # of one field: a long comment, not a whole log
_PATH = r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*"
_FIELD = re.compile(r"\{\{\s*(" + _PATH + r")\s*\}\}")
_PATH_ALONE = re.compile(_PATH)


def check_template(text: str) -> None:
    """Refuse a template with braces that are no field.

    Raises:
        InvalidInput: hook_template_invalid.
    """
    rest = _FIELD.sub("", text)
    if "{{" in rest or "}}" in rest:
        at = rest.find("{{") if "{{" in rest else rest.find("}}")
        reason = f"The template has braces that name no field, near {rest[at : at + 40]!r}."
        cure = "Write {{ path.to.field }}, with letters, digits, dashes and underscores, and dots between them."
        raise InvalidInput("hook_template_invalid", reason, cure)


def check_path(path: str) -> None:
    """Refuse what cannot name a field.

    Raises:
        InvalidInput: hook_condition_invalid.
    """
    if _PATH_ALONE.fullmatch(path) is None:
        cure = "Name a field such as action or pull_request.base.ref."
        raise InvalidInput("hook_condition_invalid", f"{path!r} names no field of a delivery.", cure)


def fill(template: str, payload: Mapping[str, object]) -> str:
    """The template with the delivery's fields in their places; what the delivery lacks is left out."""
    return _FIELD.sub(lambda found: text_at(payload, found[1])[:VALUE_MAX_CHARS], template)


def first_mismatch(conditions: Mapping[str, str], payload: Mapping[str, object]) -> str:
    """The first condition that a delivery does not fit, as `path=value`; "" where it fits all."""
    for path, wanted in conditions.items():
        if text_at(payload, path) != wanted:
            return f"{path}={wanted}"
    return ""


def text_at(payload: object, path: str) -> str:
    """A field as text: a text as it is, anything else as JSON; "" where there is none or it is null."""
    found: object = payload
    for step in path.split("."):
        match found:
            case Mapping():
                found = found.get(step)
            case list() if step.isdecimal() and int(step) < len(found):
                found = found[int(step)]
            case _:
                return ""
    if found is None:
        return ""
    return found if isinstance(found, str) else msgspec.json.encode(found).decode()
